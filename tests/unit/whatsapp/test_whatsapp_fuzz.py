"""Bodies that nobody has thought of: grown from a grammar, and real ones with broken bytes.

`make fuzz` tries 100,000; the plain run a few hundred of the same.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import resource
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.channels.whatsapp.parse import Delivered, parse
from bot.live.wake import Wake
from bot.turn.intake import Delivery, Intake
from tests.conftest import PROJECT
from tests.kit import START, sqlite_ledger

TRIES = int(os.environ.get("NINDY_FUZZ", "300"))
HALF = max(TRIES // 2, 1)
PAYLOADS = [
    json.dumps(json.loads(path.read_bytes())["webhook"], indent=1).encode()
    for path in sorted((PROJECT / "tests/payloads").glob("*.json"))
]
RECEIVED = datetime(2026, 11, 20, 9, 0, tzinfo=timezone.utc)
OURS = "100000000000001"
STORED_AT_ONCE = 50
GROWTH = 50 * 1024
"""KiB."""

# --- the grammar: what Meta may send, and beside it anything JSON can say ------------------

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


def odd(usual: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """What is expected, and now and then anything else."""
    return st.one_of(usual, usual, usual, usual, ANY)


TEXT = odd(st.text(max_size=80))
ID = odd(st.from_regex(r"wamid\.[A-Z]{1,8}", fullmatch=True))
PHONE = odd(st.from_regex(r"62811[0-9]{7}", fullmatch=True))
USER = odd(st.from_regex(r"ID\.[0-9]{6}", fullmatch=True))
MOMENT = odd(st.integers(1_790_000_000, 1_790_999_999).map(str))
CHOICE = odd(st.fixed_dictionaries({"id": TEXT, "title": TEXT}))
MEDIA = odd(st.fixed_dictionaries({"id": ID}, optional={"caption": TEXT, "mime_type": TEXT}))
PARTS = {
    "text": odd(st.fixed_dictionaries({"body": TEXT})),
    "interactive": odd(
        st.one_of(
            st.fixed_dictionaries({"type": st.just("list_reply"), "list_reply": CHOICE}),
            st.fixed_dictionaries({"type": st.just("button_reply"), "button_reply": CHOICE}),
            st.fixed_dictionaries({"type": TEXT, "nfm_reply": ANY}),
        )
    ),
    "button": odd(st.fixed_dictionaries({"payload": TEXT, "text": TEXT})),
    "image": MEDIA,
    "document": MEDIA,
    "audio": MEDIA,
    "sticker": MEDIA,
    "location": odd(st.fixed_dictionaries({"latitude": ANY, "longitude": ANY})),
    "contacts": odd(st.lists(ANY, max_size=2)),
    "reaction": odd(st.fixed_dictionaries({"message_id": ID}, optional={"emoji": TEXT})),
    "unsupported": odd(st.fixed_dictionaries({"type": TEXT})),
    "system": odd(
        st.fixed_dictionaries(
            {"type": odd(st.sampled_from(["user_changed_number", "user_changed_user_id"]))},
            optional={"wa_id": PHONE, "user_id": USER, "previous_user_id": USER, "body": TEXT},
        )
    ),
}


def message(kind: str) -> st.SearchStrategy[Any]:
    optional = {
        "from": PHONE,
        "from_user_id": USER,
        "id": ID,
        "timestamp": MOMENT,
        "context": odd(st.fixed_dictionaries({"id": ID})),
        "errors": odd(st.lists(ANY, max_size=2)),
        kind: PARTS[kind],
    }
    return st.fixed_dictionaries({"type": odd(st.just(kind))}, optional=optional)


STATUS = st.fixed_dictionaries(
    {"id": ID, "status": odd(st.sampled_from(["sent", "delivered", "read", "failed"]))},
    optional={
        "timestamp": MOMENT,
        "biz_opaque_callback_data": TEXT,
        "errors": odd(st.lists(st.fixed_dictionaries({"code": ANY}), max_size=2)),
    },
)
PROFILE = st.fixed_dictionaries({}, optional={"name": TEXT, "username": TEXT})
CONTACT = st.fixed_dictionaries(
    {}, optional={"wa_id": PHONE, "user_id": USER, "profile": odd(PROFILE)}
)
VALUE = st.fixed_dictionaries(
    {"metadata": odd(st.just({"phone_number_id": OURS}))},
    optional={
        "contacts": odd(st.lists(odd(CONTACT), max_size=2)),
        "messages": odd(st.lists(odd(st.sampled_from(sorted(PARTS)).flatmap(message)), max_size=4)),
        "statuses": odd(st.lists(odd(STATUS), max_size=4)),
        "errors": odd(st.lists(ANY, max_size=2)),
    },
)
CHANGE = st.fixed_dictionaries({"field": odd(st.just("messages")), "value": odd(VALUE)})
ENTRY = st.fixed_dictionaries({"id": ANY, "changes": odd(st.lists(odd(CHANGE), max_size=3))})
BODY = odd(
    st.fixed_dictionaries(
        {
            "object": odd(st.just("whatsapp_business_account")),
            "entry": odd(st.lists(odd(ENTRY), max_size=3)),
        }
    )
)


def faultless(found: Delivered) -> None:
    """Reading noted no fault of its own: what it could not use, it knew to be unusable."""
    assert not [note.word for note in found.notes if note.word.endswith(":unreadable")]


@settings(
    max_examples=HALF,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(BODY)
def test_any_json_is_read_and_a_good_neighbour_is_never_lost(body: Any) -> None:
    faultless(parse(json.dumps(body).encode(), OURS, RECEIVED))
    good = {
        "id": "wamid.good",
        "from": "628110001111",
        "timestamp": "1790416801",
        "type": "text",
        "text": {"body": "halo"},
    }
    entry = body.get("entry") if isinstance(body, dict) else None
    value = {"metadata": {"phone_number_id": OURS}, "messages": [good]}
    ours = {"changes": [{"field": "messages", "value": value}]}
    beside = {"entry": [*(entry if isinstance(entry, list) else [entry]), ours]}
    found = parse(json.dumps(beside).encode(), OURS, RECEIVED)
    assert [one.text for one in found.messages if one.external_id == "wamid.good"] == ["halo"]


ODD = (None, True, 0, -1, 1e300, "", " ", "/restart", "\u0000", "\ud800", [], {}, [[]], "9" * 400)


def bent(chance: random.Random) -> bytes:
    """A real body in which some values are odd, doubled or gone; it is JSON still."""
    document = json.loads(chance.choice(PAYLOADS))
    for _ in range(chance.randint(1, 3)):
        place: Any = document
        while isinstance(place, (dict, list)) and place:
            keys = list(place) if isinstance(place, dict) else range(len(place))
            key = chance.choice(keys)
            if chance.random() < 0.25 or not isinstance(place[key], (dict, list)):
                match chance.randrange(3):
                    case 0 if isinstance(place, list):
                        place.append(place[key])
                    case 1:
                        del place[key]
                    case _:
                        place[key] = chance.choice(ODD)
                break
            place = place[key]
    return json.dumps(document).encode()


def broken(chance: random.Random) -> bytes:
    """A real body with some of its bytes changed, doubled, moved or gone."""
    body = bytearray(chance.choice(PAYLOADS))
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(body) or 1)
        to = min(at + chance.randint(1, 40), len(body))
        match chance.randrange(5):
            case 0:
                body[at:to] = bytes(chance.randrange(256) for _ in range(chance.randint(0, 8)))
            case 1:
                del body[at:to]
            case 2:
                body[at:at] = body[at:to] * chance.randint(1, 30)
            case 3:
                body[at:at] = chance.choice(
                    [b"[" * 200, b'{"a":' * 60, b"\\u0000", b"\\ud800", b"1e999", b"null", b'""']
                )
            case _:
                body[at:to] = chance.choice(PAYLOADS)[: chance.randint(1, 400)]
    return bytes(body)


async def test_broken_bytes_are_read_and_stored_and_leave_no_memory(tmp_path: Path) -> None:
    chance = random.Random(20261128)
    spent, before, messages = 0.0, 0, 0
    with sqlite_ledger(tmp_path) as ledger:
        intake = Intake(ledger, Wake(), lambda: START)
        for _ in range(-(-HALF // STORED_AT_ONCE)):
            bodies = [chance.choice((bent, broken))(chance) for _ in range(STORED_AT_ONCE)]
            began = time.perf_counter()
            read = [parse(body, OURS, RECEIVED) for body in bodies]
            spent += time.perf_counter() - began
            for found in read:
                faultless(found)
                messages += len(found.messages)
            deliveries = [Delivery(one.messages, one.statuses, one.identity) for one in read]
            await asyncio.gather(*map(intake.store, deliveries))
            # What the first bodies made is made once.
            before = before or peak()
    grown = peak() - before
    assert grown < GROWTH
    assert messages > HALF / 20
    print(f"{HALF} broken bodies: {HALF / spent:.0f} read each second, {grown} KiB kept")


def peak() -> int:
    """The most memory that this process has had, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
