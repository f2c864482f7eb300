"""Samples that nobody here wrote, counted against their own index; skipped where absent."""

from __future__ import annotations

import copy
import json
import os
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from bot.channels.whatsapp.parse import About, Delivered, parse

_DEFAULT = Path(__file__).parents[3].parent / "shared" / "fixtures" / "whatsapp"
FOLDER = Path(os.environ.get("NINDY_TEST_WHATSAPP_SAMPLES", _DEFAULT))
RECEIVED = datetime(2026, 11, 20, 9, 0, tzinfo=timezone.utc)
STATES = {"sent", "delivered", "read", "played", "failed"}
OURS = "100000000000001"

pytestmark = pytest.mark.skipif(
    not (FOLDER / "INDEX.tsv").is_file(),
    reason=f"no samples in {FOLDER}; set NINDY_TEST_WHATSAPP_SAMPLES",
)


def _index() -> list[tuple[str, str, list[str]]]:
    lines = (FOLDER / "INDEX.tsv").read_text("utf-8").splitlines()[1:]
    split = [line.split("\t") for line in lines]
    return [(row[0], row[1], [k for k in row[3].split(",") if k != "-"]) for row in split]


def _samples() -> list[tuple[str, list[str]]]:
    if not (FOLDER / "INDEX.tsv").is_file():
        return []
    return [(f"{file}#{pointer}", kinds) for file, pointer, kinds in _index()]


def _load(name: str, serial: str = "") -> dict[str, Any]:
    """Read a sample; make its numbers ours and the ids of its messages unique."""
    file, _, pointer = name.partition("#")
    webhook: Any = json.loads((FOLDER / file).read_text("utf-8"))
    for part in filter(None, pointer.split("/")):
        webhook = webhook[part]
    for number, change in enumerate(c for e in webhook["entry"] for c in e["changes"]):
        value = change["value"]
        if "metadata" in value:
            value["metadata"]["phone_number_id"] = OURS
        for item in (*value.get("messages", ()), *value.get("statuses", ())):
            item["id"] = f"{item['id']}/{serial}/{number}"
    assert isinstance(webhook, dict)
    return webhook


def _wanted(kinds: list[str]) -> Counter[str]:
    count: Counter[str] = Counter()
    for kind in kinds:
        if kind.startswith("msg:system:user_changed_") or kind == "field:user_id_update":
            count["identity"] += 1
        elif kind.startswith("msg:"):
            count["messages"] += 1
        elif kind.startswith("status:") and kind.partition(":")[2] in STATES:
            count["statuses"] += 1
        elif kind.startswith("field:"):
            count["fields"] += 1
    return count


def _counted(given: Delivered) -> Counter[str]:
    count = Counter(
        messages=len(given.messages),
        statuses=len(given.statuses),
        identity=len(given.identity),
        fields=sum(note.about is not About.ITEM and not note.code for note in given.notes),
    )
    return +count


def _parse(webhook: dict[str, Any]) -> Delivered:
    return parse(json.dumps(webhook).encode(), OURS, RECEIVED)


@pytest.mark.parametrize(("name", "kinds"), _samples(), ids=lambda v: v if type(v) is str else "")
def test_sample(name: str, kinds: list[str]) -> None:
    webhook = _load(name)
    assert _counted(_parse(webhook)) == _wanted(kinds)
    doubled = copy.deepcopy(webhook)
    for change in (c for e in doubled["entry"] for c in e["changes"]):
        for key in ("messages", "statuses"):
            if key in change["value"]:
                change["value"][key] *= 2
    once, twice = _parse(webhook), _parse(doubled)
    assert (twice.messages, twice.statuses, twice.identity) == (
        once.messages,
        once.statuses,
        once.identity,
    )


def test_all_samples_in_one_body() -> None:
    merged: list[Any] = []
    wanted: Counter[str] = Counter()
    for serial, (name, kinds) in enumerate(_samples()):
        merged += _load(name, str(serial))["entry"]
        wanted += _wanted(kinds)
    given = _counted(_parse({"object": "whatsapp_business_account", "entry": merged}))
    assert given == wanted
    assert given["messages"] > 60
