"""What we send to WhatsApp, held against a schema that was written from Meta's reference.

Every call goes through `check`: in this process at the client (`tests/conftest.py`), of other
processes at what stands for Meta (`tests/chaos/meta.py`, `tests/product.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

SCHEMA = json.loads(
    (Path(__file__).parent / "data/whatsapp/outbound.schema.json").read_text(encoding="utf-8")
)
Draft7Validator.check_schema(SCHEMA)
_VALIDATOR = Draft7Validator(SCHEMA)
ROWS = 10
"""In all sections of a list together."""


def faults(body: Any) -> list[str]:
    """Say what is wrong with a body; nothing when Meta would take it from us."""
    found = [f"{_place(error.absolute_path)}: {error.message}" for error in _worst(body)]
    return found or _beyond_a_schema(body)


def check(body: Any) -> None:
    """Let a test fail for a body that Meta would not take from us."""
    found = faults(body)
    assert not found, "\n".join([*found, json.dumps(body, ensure_ascii=False)])


def message(content: dict[str, Any]) -> dict[str, Any]:
    """The whole body around a rendered part."""
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+628110001111",
        "biz_opaque_callback_data": "out:1",
        **content,
    }


def _worst(body: Any) -> Iterable[Any]:
    for error in _VALIDATOR.iter_errors(body):
        # Of alternatives, the one that was meant tells the most.
        yield from error.context or [error]


def _place(path: Iterable[Any]) -> str:
    return "/".join(map(str, path)) or "body"


def _beyond_a_schema(body: dict[str, Any]) -> list[str]:
    action = body.get("interactive", {}).get("action", {})
    rows = [row for section in action.get("sections", []) for row in section["rows"]]
    replies = [button["reply"] for button in action.get("buttons", [])]
    found = [f"{len(rows)} rows"] if len(rows) > ROWS else []
    for what, values in (
        ("id", [one["id"] for one in rows or replies]),
        ("title", [one["title"] for one in replies]),
    ):
        if len(set(values)) < len(values):
            found.append(f"a {what} stands twice")
    return found
