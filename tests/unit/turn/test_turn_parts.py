"""The small parts of a turn: merging, plain text, the short state, failpoints, the apology."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker

from bot.channels.message import Choice, Reply
from bot.errors import StartupError
from bot.ledger import unit_of_work
from bot.ledger.database import Ledger
from bot.ledger.unit_of_work import UnitOfWork
from bot.turn import in_process
from bot.turn.apology import SLA_HOURS, Apology
from bot.turn.collect import CollectingOutput, merge
from bot.turn.failpoints import Failpoints
from bot.turn.in_process import InProcessActions
from bot.turn.plain import plain
from bot.turn.tracker_store import LedgerTrackerStore, restore, snapshot
from bot.words import Words
from bot.worktime import WorkCalendar
from tests.conftest import PROJECT
from tests.kit import START, claimed, message, receive

# merge


def button(title: str, **more: str) -> dict[str, str]:
    return {"title": title, "payload": f"/{title}", **more}


def test_texts_become_one_bubble_with_all_their_buttons() -> None:
    said: list[dict[str, Any]] = [
        {"text": " one \n"},
        {"text": ""},
        {"text": None, "buttons": []},
        {"text": "two", "buttons": [button("a", description="first"), button("b")]},
        {"text": "three", "buttons": [button("b"), button("c")]},
    ]
    choices = (Choice("a", "/a", "first"), Choice("b", "/b"), Choice("c", "/c"))
    assert merge(said) == Reply("one\n\ntwo\n\nthree", choices)


def test_a_question_in_other_words_keeps_their_buttons() -> None:
    said: list[dict[str, Any]] = [
        {"text": "which part?", "buttons": [button("name")]},
        {"text": "", "buttons": [button("send"), button("cancel")]},
    ]
    assert merge(said) == Reply("which part?", (Choice("name", "/name"),))


def test_a_way_out_stands_behind_the_answers_to_the_question() -> None:
    said: list[dict[str, Any]] = [
        {"text": "one of these"},
        {"text": "or leave", "buttons": [button("menu")], "metadata": {"behind": True}},
        {"text": "", "buttons": [button("a"), button("b")]},
    ]
    choices = (Choice("a", "/a"), Choice("b", "/b"), Choice("menu", "/menu"))
    assert merge(said) == Reply("one of these\n\nor leave", choices)


@pytest.mark.parametrize("said", [[], [{}], [{"text": "  "}], [{"buttons": [button("a")]}]])
def test_nothing_said_is_no_bubble(said: list[dict[str, Any]]) -> None:
    assert merge(said) is None


@given(st.lists(st.text()))
def test_every_text_is_in_the_bubble_in_order(texts: list[str]) -> None:
    reply = merge([{"text": text} for text in texts])
    kept = [text.strip() for text in texts if text.strip()]
    assert (reply.text if reply else "") == "\n\n".join(kept)


async def test_the_output_keeps_what_is_said() -> None:
    output = CollectingOutput("whatsapp")
    assert output.name() == "whatsapp"
    await output.send_response("x", {"text": "a"})
    assert output.messages == [{"text": "a"}]


# plain

COMMANDS = st.text(alphabet=st.one_of(st.sampled_from("/ \n\u00a0EXTRNAL:"), st.characters()))


@given(
    st.lists(st.one_of(COMMANDS, st.sampled_from(["/", "EXTERNAL:", " "])), max_size=8).map("".join)
)
def test_plain_text_is_never_a_command(text: str) -> None:
    result = plain(text)
    assert not result.startswith(("/", "EXTERNAL:", " "))
    assert result == result.strip()
    assert plain(result) == result
    assert result in text


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ("halo", "halo"),
        (" /restart", "restart"),
        ("// /EXTERNAL: /EXTERNAL:x{}", "x{}"),
        ("a/b EXTERNAL: c", "a/b EXTERNAL: c"),
        (" / ", ""),
    ],
)
def test_what_is_taken_away(given_: str, expected: str) -> None:
    assert plain(given_) == expected


# the short state

DOMAIN = Domain.from_yaml(
    """
version: "3.1"
intents: [halo]
slots:
  nik: {type: text, mappings: [{type: custom}]}
  tries: {type: float, initial_value: 0, mappings: [{type: custom}]}
  kept: {type: bool, initial_value: true, mappings: [{type: custom}]}
  many: {type: any, mappings: [{type: custom}]}
forms:
  my_form: {required_slots: [nik]}
"""
)


def tracker(*events: Any) -> DialogueStateTracker:
    return DialogueStateTracker.from_events("x", list(events), DOMAIN.slots)


def values(of: DialogueStateTracker) -> dict[str, Any]:
    return {name: slot.value for name, slot in of.slots.items()}


VALUES = {
    "nik": st.one_of(st.none(), st.text()),
    "tries": st.one_of(st.none(), st.floats(0, 9)),
    "kept": st.one_of(st.none(), st.booleans()),
    "many": st.one_of(st.none(), st.lists(st.integers()), st.dictionaries(st.text(), st.text())),
    "requested_slot": st.one_of(st.none(), st.just("nik")),
}


@given(st.fixed_dictionaries({}, optional=VALUES), st.sampled_from([None, "my_form"]))
def test_a_short_state_restores_slots_and_loop(slots: dict[str, Any], loop: str | None) -> None:
    events: list[Any] = [ActionExecuted("my_form"), ActiveLoop(loop)] if loop else []
    before = tracker(*events, *(SlotSet(name, value) for name, value in slots.items()))
    state = snapshot(before, None)
    after = tracker(*restore(state, DOMAIN))
    assert values(after) == values(before)
    assert after.active_loop_name == loop
    assert snapshot(after, None) == state
    assert len(after.events) <= len(slots) + 4


def test_a_short_state_does_not_grow_with_the_conversation() -> None:
    events = [SlotSet("nik", str(n)) for n in range(500)]
    assert snapshot(tracker(*events), None) == {"slots": {"nik": "499"}, "loop": None}


def test_what_another_version_knows_is_kept_and_its_form_is_left() -> None:
    newer = {"slots": {"nik": "1", "requested_slot": "hue", "hue": "red"}, "loop": "newer_form"}
    after = tracker(*restore(newer, DOMAIN), SlotSet("nik", "2"))
    assert after.active_loop_name is None
    assert snapshot(after, newer) == {"slots": {"hue": "red", "nik": "2"}, "loop": None}


async def test_the_store_reads_and_writes_the_unit_of_work(ledger: Ledger) -> None:
    receive(ledger, message(1))
    work = UnitOfWork(claimed(ledger), START)
    store = LedgerTrackerStore(DOMAIN)
    token = unit_of_work.current.set(work)
    try:
        assert await store.retrieve("x") is None
        work.state = {"slots": {"nik": "1"}, "loop": None}
        found = await store.retrieve("x")
        assert found is not None
        found.update(SlotSet("nik", "2"))
        await store.save(found)
    finally:
        unit_of_work.current.reset(token)
    assert work.state == {"slots": {"nik": "2"}, "loop": None}
    assert [(e["event"], e["value"]) for e in work.events] == [("slot", "2")]
    assert await store.keys() == []


# actions in process


async def test_a_failing_action_is_kept_in_the_unit_of_work(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run(json: dict[str, Any]) -> Any:
        if json.get("slow"):
            await asyncio.Event().wait()
        if json.get("bad"):
            raise KeyError("x")
        return {"events": [], **json}

    monkeypatch.setattr(in_process, "ACTION_SECONDS", 0.01)
    receive(ledger, message(1))
    work = UnitOfWork(claimed(ledger), START)
    endpoint = InProcessActions(SimpleNamespace(run=run))  # type: ignore[arg-type]
    token = unit_of_work.current.set(work)
    try:
        assert await endpoint.request(json={"a": 1}) == {"events": [], "a": 1}
        assert work.failure is None
        with pytest.raises(KeyError):
            await endpoint.request(json={"bad": True})
        assert isinstance(work.failure, KeyError)
        with pytest.raises(asyncio.TimeoutError):
            await endpoint.request(json={"slow": True})
        assert isinstance(work.failure, asyncio.TimeoutError)
    finally:
        unit_of_work.current.reset(token)


# failpoints


def test_without_a_setting_no_place_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "kill", lambda *_: pytest.fail("the process would end"))
    points = Failpoints()
    for name in (*Failpoints.NAMES, "", "unknown") * 3:
        points.reach(name)


@pytest.mark.parametrize(("setting", "at"), [("before_commit", 1), ("before_commit:3", 3)])
def test_a_place_ends_the_process_at_its_time(
    monkeypatch: pytest.MonkeyPatch, setting: str, at: int
) -> None:
    killed: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda *args: killed.append(args))
    points, ends = Failpoints(setting), []
    for n in range(1, 6):
        points.reach("after_claim")
        points.reach("before_commit")
        ends += [n] * (len(killed) - len(ends))
    assert ends == [at]
    assert killed == [(os.getpid(), signal.SIGKILL)]


@pytest.mark.parametrize("setting", ["nowhere", "before_commit:x", "before_commit:-1", ":3"])
def test_a_place_that_is_none_is_refused(setting: str) -> None:
    with pytest.raises(StartupError, match="NINDY_FAILPOINT"):
        Failpoints(setting)


def test_the_process_really_ends() -> None:
    code = (
        "from bot.turn.failpoints import Failpoints; Failpoints('after_send').reach('after_send')"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=False)
    assert ended.returncode == -signal.SIGKILL


# the apology


async def test_the_apology_has_a_ticket_and_drops_the_state(ledger: Ledger) -> None:
    calendar = WorkCalendar.load(PROJECT / "data/calendar")
    now = datetime(2026, 11, 23, 2, 0, tzinfo=timezone.utc)
    receive(ledger, message(1, text="SP2D saya"))
    work = UnitOfWork(claimed(ledger), now, state={"slots": {}, "loop": "x"})
    await Apology(Words(PROJECT / "domain.yml"), calendar, "Tim Contoh")(work)
    (ticket,), (reply,) = work.tickets, work.replies
    assert work.state is None
    assert ticket.content.chronology == "SP2D saya"
    assert ticket.unit == "Tim Contoh"
    assert ticket.due_at == calendar.due(now, SLA_HOURS) > now + timedelta(hours=SLA_HOURS)
    assert ticket.number in reply.text
    assert "{" not in reply.text


async def test_what_was_written_in_confidence_becomes_no_ticket(ledger: Ledger) -> None:
    calendar = WorkCalendar.load(PROJECT / "data/calendar")
    now = datetime(2026, 11, 23, 2, 0, tzinfo=timezone.utc)
    receive(ledger, message(1, text="petugas minta uang"))
    state = {"slots": {"perkara": "m1"}, "loop": "pengaduan_form"}
    work = UnitOfWork(replace(claimed(ledger), state=state), now)
    await Apology(Words(PROJECT / "domain.yml"), calendar, "Tim Contoh")(work)
    assert (work.tickets, work.matter, work.state, len(work.replies)) == ([], "m1", None, 1)
