"""Plays every scenario of this folder; see README.md beside it."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from bot.channels.message import Kind, Reply
from bot.templates import Occasion
from bot.tickets.life import Resolution
from bot.turn import training
from tests import filing
from tests.conftest import PROJECT
from tests.conversations.stage import Stage, stage

pytestmark = pytest.mark.rasa

HERE = Path(__file__).parent
SCENARIOS = sorted(HERE.glob("*/*.yml"))
MONDAY_MORNING = "2026-11-23 09:00"
FILES = {
    "image": ("image", filing.PNG),
    "audio": ("audio", filing.VOICE),
    "document": ("document", filing.PDF),
    "program": ("document", b"MZ\x90\x00"),
    "macros": ("document", filing.docx(**{"word/vbaProject.bin": b"x"})),
    "huge": ("video", filing.JPEG + bytes(filing.LARGEST)),
    "empty": ("document", b""),
    "lost": ("image", None),
}
KNOWN = {"channel", "at", "faults", "steps", "tickets", "calls", "feedback", "consents", "opened"}
A_TICKET = (
    "petugas",
    "SPM tidak bisa dicetak sejak kemarin pagi",
    "Siti Contoh",
    "siti@contoh.go.id",
    "lewati",
    "kirim",
)
STEPS = {
    "user",
    "press",
    "press old",
    "send",
    "words",
    "late",
    "fetch",
    "quoting",
    "first",
    "written",
    "desk",
    "silent",
    "wait",
    "faults",
    "as",
    "via",
    "remember",
    "nindy",
    "never",
    "choices",
    "note",
}


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda p: f"{p.parent.name}/{p.stem}")
async def test_scenario(path: Path, tmp_path: Path, dialogue: Any, executor: Any) -> None:
    scenario = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    assert set(scenario) <= KNOWN, f"unknown keys {set(scenario) - KNOWN}"
    at = datetime.strptime(str(scenario.get("at", MONDAY_MORNING))[:16], "%Y-%m-%d %H:%M")
    async with stage(tmp_path, dialogue, executor, at) as play:
        play.channel = scenario.get("channel", play.channel)
        if scenario.get("faults"):
            await play.faults(scenario["faults"])
        memory: dict[str, str] = {}
        if scenario.get("opened"):
            for words in A_TICKET:
                await play.say(words)
            memory["nomor"] = play.tickets()[0]["number"]
        for number, step in enumerate(scenario["steps"], 1):
            assert set(step) <= STEPS, f"step {number}: unknown keys {set(step) - STEPS}"
            await _play(play, step, memory, number)
        _check_tickets(play, scenario.get("tickets", []), memory)
        if "calls" in scenario:
            assert len(await play.calls()) == scenario["calls"]
        if "consents" in scenario:
            assert play.consents() == scenario["consents"]
        if "feedback" in scenario:
            await _check_feedback(play, dialogue, scenario["feedback"])


async def _play(play: Stage, step: dict[str, Any], memory: dict[str, str], number: int) -> None:
    if "wait" in step:
        play.now += _span(step["wait"])
    play.delay = _span(step["written"].removesuffix(" ago")) if "written" in step else timedelta()
    if "faults" in step:
        await play.faults(step["faults"])
    if "as" in step:
        play.person = step["as"]
    if "via" in step:
        play.channel = step["via"]
    reply = await _act(play, step, memory)
    if reply is not None:
        _check(reply, step, memory, number)
    for name, pattern in step.get("remember", {}).items():
        found = re.search(pattern, play.bubbles[-1].reply.text)
        assert found, f"step {number}: {pattern} not in {play.bubbles[-1].reply.text!r}"
        memory[name] = found.group()


def _span(words: str) -> timedelta:
    amount, unit = words.split()
    return timedelta(**{unit if unit.endswith("s") else unit + "s": float(amount)})


async def _act(play: Stage, step: dict[str, Any], memory: dict[str, str]) -> Reply | None:
    if "desk" in step:
        return await _desk(play, step, memory)
    if "silent" in step:
        seen = len(play.bubbles)
        await play.send(_fill(str(step["silent"]), memory))
        assert len(play.bubbles) == seen, play.bubbles[-1].reply.text
        return None
    if "user" in step:
        quoting = _fill(str(step.get("quoting", "")), memory)
        first = [_fill(str(words), memory) for words in step.get("first", [])]
        return await play.say(_fill(str(step["user"]), memory), quoting=quoting, first=first)
    if "press" in step:
        return await play.press(step["press"])
    if "press old" in step:
        return await play.press(step["press old"], old=True)
    if "send" in step:
        type, content = FILES.get(step["send"], (step["send"], None))
        kind = Kind.MEDIA if step["send"] in FILES else Kind.OTHER
        more = {"type": type, "content": content, "late": bool(step.get("late"))}
        more["quoting"] = _fill(str(step.get("quoting", "")), memory)
        if "nindy" in step:
            return await play.say(step.get("words", ""), kind, **more)
        await play.send(step.get("words", ""), kind, **more)
    if "fetch" in step:
        await play.fetch()
        return play.bubbles[-1].reply
    return None


async def _desk(play: Stage, step: dict[str, Any], memory: dict[str, str]) -> Reply | None:
    wanted = step["desk"] if isinstance(step["desk"], dict) else {step["desk"]: ""}
    more = {key: _fill(str(wanted[key]), memory) for key in ("text", "ticket") if key in wanted}
    (deed,) = set(wanted) - {"text", "ticket", "wait", "announce"}
    values: dict[str, Any] = {}
    if deed == "resolve":
        values = {"resolution": Resolution(wanted[deed]), "text": more.get("text", "")}
    elif deed == "reply":
        announce = Occasion(wanted["announce"]) if "announce" in wanted else None
        values = {"text": wanted[deed], "wait": wanted.get("wait", False), "announce": announce}
    elif deed == "forward":
        values = {"to_unit": wanted[deed], "outside": False, "note": ""}
    seen = len(play.bubbles)
    await play.desk(deed, more.get("ticket", ""), **values)
    return play.bubbles[-1].reply if len(play.bubbles) > seen and "nindy" in step else None


def _check(reply: Reply, step: dict[str, Any], memory: dict[str, str], number: int) -> None:
    said = reply.text.casefold()
    where = f"step {number} {step.get('user') or step.get('press')!r} was answered:\n{reply.text}"
    assert "nindy" in step or "choices" in step, f"step {number} expects nothing"
    for words in step.get("nindy", []):
        assert _fill(str(words), memory).casefold() in said, f"{words!r} is missing; {where}"
    for words in step.get("never", []):
        assert _fill(str(words), memory).casefold() not in said, f"{words!r} was said; {where}"
    titles = [choice.title for choice in reply.choices]
    expected = step.get("choices", [])
    assert [title for title in titles if title in expected] == expected, f"{titles}; {where}"


def _fill(text: str, memory: dict[str, str]) -> str:
    for name, value in memory.items():
        text = text.replace("{" + name + "}", value)
    return text


def _check_tickets(play: Stage, expected: list[dict[str, Any]], memory: dict[str, str]) -> None:
    found = play.tickets()
    assert len(found) == len(expected), [ticket["subject"] for ticket in found]
    for ticket, wanted in zip(found, expected, strict=True):
        likely = [service for service, _ in ticket["candidates"]]
        for name, value in wanted.items():
            if name == "candidates":
                assert likely[: len(value)] == value, ticket["candidates"]
                continue
            if name == "never said":
                said = "\n".join(ticket["said"])
                assert not [words for words in value if _fill(words, memory) in said]
                continue
            assert ticket[name] == value, f"{name}: {ticket[name]!r}"


async def _check_feedback(play: Stage, dialogue: Any, expected: list[dict[str, Any]]) -> None:
    found = play.feedback()
    assert len(found) == len(expected), found
    for judged, wanted in zip(found, expected, strict=True):
        values = {**asdict(judged), "shown": list(judged.shown)}
        for name, value in wanted.items():
            assert values[name] == value, f"{name}: {values[name]!r}"
        match = (await dialogue.parse(judged.question))["match"]
        chances = {pair["id"]: pair["probability"] for pair in match["alternatives"]}
        assert judged.probability == chances[judged.faq]
        assert judged.model == training.model_path(PROJECT).name.removesuffix(".tar.gz")
