"""Samples that nobody here wrote, counted against their own index; skipped where absent."""

from __future__ import annotations

import copy
import hashlib
import hmac
import json
import os
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.channels.whatsapp.parse import About, Delivered, parse
from bot.channels.whatsapp.webhook import LARGEST_BODY, PATH, Webhook
from bot.ledger import tables
from bot.live.wake import Wake
from bot.settings import Settings
from bot.turn.intake import Intake
from tests.kit import rows, sqlite_ledger

_DEFAULT = Path(__file__).parents[3].parent / "shared" / "fixtures" / "whatsapp"
FOLDER = Path(os.environ.get("NINDY_TEST_WHATSAPP_SAMPLES", _DEFAULT))
RECEIVED = datetime(2026, 11, 20, 9, 0, tzinfo=timezone.utc)
STATES = {"sent", "delivered", "read", "played", "failed"}
OURS = "100000000000001"
SECRET = "rahasia-uji"

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


async def test_the_door_takes_every_sample_alone_twice_doubled_and_merged(tmp_path: Path) -> None:
    settings = Settings(
        var_dir=tmp_path,
        whatsapp_app_secret=SECRET,
        whatsapp_verify_token=SECRET,
        whatsapp_phone_number_id=OURS,
    )
    with sqlite_ledger(tmp_path) as ledger:
        app = web.Application(client_max_size=LARGEST_BODY)
        Webhook(settings, Intake(ledger, Wake(), lambda: RECEIVED), lambda: RECEIVED).add_to(app)
        async with TestClient(TestServer(app)) as client:

            async def post(*webhooks: dict[str, Any]) -> int:
                """Deliver these in one body; return how many messages are stored then."""
                entries = [entry for webhook in webhooks for entry in webhook["entry"]]
                body = {"object": "whatsapp_business_account", "entry": entries}
                raw = json.dumps(body).encode()
                digest = hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
                headers = {"X-Hub-Signature-256": f"sha256={digest}"}
                assert (await client.post(PATH, data=raw, headers=headers)).status == 200
                # A note of a changed number is kept there too, once its owner is known.
                bodies = [ledger.vault.open(r.sealed_body) for r in rows(ledger, tables.inbox)]
                return sum("external_id" in body for body in bodies)

            every = [_load(name, str(serial)) for serial, (name, _) in enumerate(_samples())]
            for webhook in every:
                stored = await post(webhook)
                assert await post(webhook) == await post(webhook, webhook) == stored
            assert await post(*every) == stored > 60
