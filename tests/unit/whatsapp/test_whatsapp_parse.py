"""Webhook bodies: one JSON file a case, then anything at all."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.message import (
    Delivery,
    IdentityChange,
    Inbound,
    Kind,
    Media,
    Price,
    Sender,
    Status,
)
from bot.channels.whatsapp import contents, wire
from bot.channels.whatsapp.parse import About, Delivered, Note, parse

PAYLOADS = Path(__file__).parents[2] / "payloads"
OURS = "100000000000001"
RECEIVED = datetime(2026, 11, 20, 9, 0, tzinfo=timezone.utc)
CASES = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(PAYLOADS.glob("*.json"))}


def _parse(webhook: object) -> Delivered:
    return parse(json.dumps(webhook).encode(), OURS, RECEIVED)


def _time(given: str) -> datetime:
    return RECEIVED if given == "RECEIVED" else datetime.fromisoformat(given)


def _inbound(given: dict[str, Any]) -> Inbound:
    fields = {
        **given,
        "sender": Sender(**given["sender"]),
        "sent_at": _time(given["sent_at"]),
        "kind": Kind(given["kind"]),
        "media": Media(**given["media"]) if "media" in given else None,
    }
    return Inbound(channel="whatsapp", account=OURS, **fields)


def _status(given: dict[str, Any]) -> Status:
    fields = {**given, "state": Delivery(given["state"]), "at": _time(given["at"])}
    if "price" in given:
        fields["price"] = Price(**given["price"])
    return Status(channel="whatsapp", account=OURS, **fields)


def _identity(given: dict[str, Any]) -> IdentityChange:
    fields = {
        **given,
        "old": Sender(**given["old"]),
        "new": Sender(**given["new"]),
        "at": _time(given["at"]),
    }
    return IdentityChange(channel="whatsapp", account=OURS, **fields)


@pytest.mark.parametrize("name", CASES)
def test_case(name: str) -> None:
    expected = CASES[name]["expected"]
    given = _parse(CASES[name]["webhook"])
    assert given.messages == tuple(map(_inbound, expected["messages"]))
    assert given.statuses == tuple(map(_status, expected["statuses"]))
    assert given.identity == tuple(map(_identity, expected["identity"]))
    notes = [Note(About(n["about"]), n["word"], n["code"]) for n in expected["notes"]]
    assert sorted(given.notes, key=repr) == sorted(notes, key=repr)


@pytest.mark.parametrize("name", [n for n in CASES if isinstance(CASES[n]["webhook"], dict)])
def test_everything_doubled_in_one_body_counts_once(name: str) -> None:
    webhook = CASES[name]["webhook"]
    once, twice = _parse(webhook), _parse({**webhook, "entry": webhook["entry"] * 2})
    assert (twice.messages, twice.statuses, twice.identity) == (
        once.messages,
        once.statuses,
        once.identity,
    )


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "not_json"),
        (b"\x00", "not_json"),
        (b"{", "not_json"),
        (b"[" * 100_000, "not_json"),
        (b"1" * 10_000, "not_json"),
        (b"null", "not_an_object"),
        (b"NaN", "not_an_object"),
    ],
)
def test_bodies_that_are_none(body: bytes, word: str) -> None:
    assert parse(body, OURS, RECEIVED) == Delivered(notes=(Note(About.ITEM, word),))


def test_a_byte_that_is_not_utf8_costs_one_character() -> None:
    body = json.dumps(CASES["text"]["webhook"]).encode()
    broken = body.replace(b"Bagaimana", b"Bagaiman\xff")
    assert parse(broken, OURS, RECEIVED).messages[0].text.startswith("Bagaiman\ufffd cara")


def test_a_byte_order_mark_is_ignored() -> None:
    body = b"\xef\xbb\xbf" + json.dumps(CASES["text"]["webhook"]).encode()
    assert len(parse(body, OURS, RECEIVED).messages) == 1


def _changed(change: Callable[[dict[str, Any]], object]) -> Inbound:
    webhook = copy.deepcopy(CASES["text"]["webhook"])
    change(webhook["entry"][0]["changes"][0]["value"]["messages"][0])
    return _parse(webhook).messages[0]


def test_long_words_are_cut() -> None:
    assert _changed(lambda m: m["text"].update(body="a" * 9_000)).text == "a" * 8_192


def test_words_keep_their_form() -> None:
    words = "e\u0301 \u00e9 \ufb01 👩‍👩‍👧 ／restart\t*tebal*"
    assert _changed(lambda m: m["text"].update(body=words)).text == words


def test_a_long_id_becomes_a_digest() -> None:
    first = _changed(lambda m: m.update(id="x" * 5_000)).external_id
    other = _changed(lambda m: m.update(id="x" * 5_001)).external_id
    assert first != other
    assert len(first) == len("sha256:") + 64


@pytest.mark.parametrize("depth", [100, 500, *range(850, 1_000, 10), 50_000])
def test_a_deep_item_never_raises(depth: int) -> None:
    deep = '{"from":"62811","x":' + "[" * depth + "]" * depth + "}"
    body = '{"entry":[{"changes":[{"value":{"messages":[' + deep + "]}}]}]}"
    given = parse(body.encode(), OURS, RECEIVED)
    assert given.notes
    assert given.messages or given.notes[0].word == "not_json"


def test_a_fault_of_ours_costs_one_item_only(monkeypatch: pytest.MonkeyPatch) -> None:
    read = contents.read

    def faulty(message: wire.Table) -> contents.Content:
        if message["id"] == "wamid.90":
            raise KeyError("628110001111")
        return read(message)

    monkeypatch.setattr(contents, "read", faulty)
    given = _parse(CASES["batch"]["webhook"])
    assert [message.external_id for message in given.messages] == ["wamid.91", "wamid.92"]
    assert Note(About.ITEM, "messages:unreadable") in given.notes


def test_a_thousand_updates_are_read() -> None:
    message = CASES["list_reply"]["webhook"]["entry"][0]["changes"][0]
    change = copy.deepcopy(message)
    template = change["value"]["messages"][0]
    change["value"]["messages"] = [{**template, "id": f"wamid.{n}"} for n in range(1_000)]
    body = json.dumps({"entry": [{"changes": [change]}]}).encode()
    assert len(parse(body, OURS, RECEIVED).messages) == 1_000


def test_no_note_holds_anything_personal() -> None:
    for name, case in CASES.items():
        said = repr(_parse(case["webhook"]).notes)
        for private in ("6281", "6282", "Siti", "Budi", "ID.1349", "Halo"):
            assert private not in said, name


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.text(st.characters(), max_size=12),
    st.sampled_from(["messages", "system", "text", OURS, "ID.1", "user_changed_number", "sent"]),
)
FIELDS = (
    "entry changes value field messages statuses contacts metadata from id type timestamp "
    "errors system user_id status text"
)
KEYS = st.one_of(st.sampled_from(FIELDS.split()), st.text(st.characters(), max_size=5))
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=15,
)


def _check(given: Delivered) -> None:
    """Whatever came in, what goes out can be stored, encoded and compared."""
    for item in (*given.messages, *given.statuses, *given.identity, *given.notes):
        repr(item).encode("utf-8")
        for text in _texts(item):
            text.encode("utf-8")
            assert "\x00" not in text
    for message in given.messages:
        assert message.sent_at.tzinfo is not None
        assert message.external_id
        assert message.sender.user_id or message.sender.phone
        assert message.sender.phone is None or message.sender.phone.isdigit()
        assert len(message.text) <= 8_192
    for note in given.notes:
        assert note.word.isascii()
        assert not note.word.endswith(":unreadable"), "the safety net had to catch something"
    ids = [message.external_id for message in given.messages]
    assert len(ids) == len(set(ids))


def _texts(item: object) -> list[str]:
    found: list[str] = []
    for value in vars(item).values():
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, Sender):
            found += _texts(value)
    return found


@given(st.binary(max_size=200))
def test_never_raises_for_any_bytes(body: bytes) -> None:
    _check(parse(body, OURS, RECEIVED))


@given(ANY_JSON)
def test_never_raises_for_any_json(document: object) -> None:
    _check(_parse(document))


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(sorted(CASES)), st.integers(0), ANY_JSON)
def test_never_raises_for_a_spoilt_webhook(name: str, seed: int, graft: object) -> None:
    webhook = copy.deepcopy(CASES[name]["webhook"])
    places: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        keys = node if isinstance(node, dict) else range(len(node))
        for key in keys:
            places.append((node, key))
            if isinstance(node[key], (dict, list)):
                walk(node[key])

    walk(webhook)
    parent, key = random.Random(seed).choice(places)
    parent[key] = graft
    _check(_parse(webhook))
