"""R9: conversations of turns that nobody has thought of, told to the real model.

What is said comes from all scenarios, in any order, cut, glued and spoilt; between them stand
files, choices that were offered at any time, and hours that pass. The seed is fixed, so that what
was found once is found again.
"""

from __future__ import annotations

import logging
import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.channels.choice_ids import issue
from bot.channels.message import Kind
from bot.ledger import inbox, tables
from tests.chaos.storm import VOLUME
from tests.conftest import PROJECT
from tests.conversations.stage import CHOICE_KEY, Stage, stage
from tests.kit import rows

pytestmark = [pytest.mark.chaos, pytest.mark.rasa, pytest.mark.timeout(900 * VOLUME)]

TALKS = 500 * VOLUME
ON_A_STAGE = 50
"""Talks that share a ledger."""
MOST_TURNS = 9
SAID = sorted(
    {
        str(step["user"])
        for path in (PROJECT / "tests/conversations").glob("*/*.yml")
        for step in yaml.safe_load(path.read_text("utf-8"))["steps"]
        if isinstance(step, dict) and step.get("user")
    }
)
ODD = (
    "\u200b", "🙏🏽", "1", "0", "-", "ya", "tidak", "batal", "kembali", "menu", "petugas", "lewati",
    "kirim", "/restart", "/slot{\"a\":1}", "<b>x</b>", "' OR 1=1 --", "{{7*7}}", "n1:menu:x",
    "١٢٣٤٥٦٧٨٩", "3171010101900001", "x" * 4096, "a\nb\n\nc", "\u202eabc", "\ud83d?", "%s%n",
)  # fmt: skip


STICKER = "sent a sticker"


class Visitor:
    """Somebody who does whatever comes to their mind.

    Args:
        play: Where they talk.
        dice: What comes to their mind.
    """

    def __init__(self, play: Stage, dice: random.Random) -> None:
        self._play = play
        self._dice = dice

    async def turn(self) -> str:
        """Do something, and return what it was."""
        ways: dict[str, tuple[int, Callable[[], Any]]] = {
            "said": (8, lambda: self._play.send(self._words())),
            "pressed": (6, self._press),
            "sent a file": (1, self._file),
            STICKER: (
                1,
                lambda: self._play.send("", Kind.OTHER, type="sticker"),
            ),
        }
        (way,) = self._dice.choices(list(ways), [often for often, _ in ways.values()])
        await ways[way][1]()
        return way

    def _words(self) -> str:
        dice = self._dice
        words = dice.choice(SAID) if dice.random() < 0.8 else dice.choice(ODD)
        change = dice.random()
        if change < 0.1:
            words = f"{words} {dice.choice(SAID)}"
        elif change < 0.2:
            words = words[: dice.randrange(1, len(words) + 1)]
        elif change < 0.3:
            letters = list(words)
            dice.shuffle(letters)
            words = "".join(letters)
        return words.encode("utf-8", "replace").decode()[:4096]

    async def _press(self) -> None:
        mine = [one for one in self._play.bubbles if one.to.user_id == self._id]
        offered = [(one, choice) for one in mine for choice in one.reply.choices]
        if not offered:
            await self._play.send(self._words())
            return
        # Mostly one of the newest.
        bubble, choice = self._dice.choice(offered[-4:] if self._dice.random() < 0.8 else offered)
        reference = issue(CHOICE_KEY, bubble.conversation_id, choice.payload)
        await self._play.send(choice.title, Kind.CHOICE, reference)

    async def _file(self) -> None:
        content = self._dice.choice((b"", b"%PDF-1.4\n%%EOF", b"MZ\x90\x00", None))
        await self._play.send(self._words(), Kind.MEDIA, type="document", content=content)

    @property
    def _id(self) -> str:
        return f"ID.{self._play.person}"


async def test_r9_whatever_is_said_is_answered(
    tmp_path: Path, dialogue: Any, executor: Any, caplog: pytest.LogCaptureFixture
) -> None:
    dice, did = random.Random(9), Counter[str]()
    caplog.set_level(logging.WARNING)
    for batch in range(0, TALKS, ON_A_STAGE):
        folder = tmp_path / str(batch)
        folder.mkdir()
        async with stage(folder, dialogue, executor, datetime(2026, 11, 23, 9), 8.0) as play:
            for talk in range(batch, batch + ON_A_STAGE):
                play.person = f"person{talk}"
                way = ""
                for number in range(dice.randint(1, MOST_TURNS)):
                    seen, before = len(play.bubbles), way
                    way = await Visitor(play, dice).turn()
                    did[way] += 1
                    answers = [one.reply.text for one in play.bubbles[seen:]]
                    # The second sticker in a row needs no answer.
                    again = way == before == STICKER
                    assert (answers or again) and all(answers), (talk, number, way)
                    if dice.random() < 0.05:
                        play.now += timedelta(hours=dice.choice((1, 5, 30)))
            told = rows(play.ledger, tables.inbox)
            assert {row.state for row in told} == {inbox.DONE}
            assert not any(row.failures for row in told)
    errors = [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR]
    assert errors == []
    turns = ", ".join(f"{often} {way}" for way, often in did.most_common())
    print(f"\nR9, {TALKS} talks of random turns: {turns}; all answered, none failed")
