"""What the matcher makes of lines and of labelled questions (`nindy match`, `nindy evaluate`)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

from actions import fields
from bot.faq import Bank
from bot.nlu.lexicon import Lexicon
from bot.turn import training
from bot.turn.plain import plain

PROJECT = Path(__file__).resolve().parents[1]
_NOISE_SEEDS = range(5)


def match_lines(lines: list[str]) -> Iterator[str]:
    """Give the matcher's answer to each line as one line of JSON (`nindy match`)."""
    from rasa.core.agent import Agent

    agent = Agent.load(str(training.model_path(PROJECT)))
    for line in lines:
        parsed = asyncio.run(agent.parse_message(plain(line)))
        found = dict(parsed["match"])
        found["slots"] = fields.find(line, fields.NAMES)
        yield json.dumps(found, ensure_ascii=False)


def evaluate(rows: Path, noise: float) -> str:
    """Measure the matcher on a file of questions and return the report (`nindy evaluate`).

    Args:
        rows: Tab-separated: text, expected, service.
        noise: Chance of each word to be spoilt by slang, and by a typing error.

    Raises:
        StartupError: The file, the model or the configuration is wrong.
    """
    from bot.nlu import evaluate as measuring
    from bot.nlu.archive import open_engine
    from bot.nlu.calibration import asked_for
    from bot.nlu.noise import Noise, turned_round

    engine = open_engine(training.model_path(PROJECT), PROJECT / "config.yml")
    asked = measuring.read(rows)
    known = Bank.load(PROJECT / "data/faq")
    intents = {row.expected for row in asked if row.expected not in known}
    if noise:
        slang = Lexicon.load(PROJECT / "data/lexicon").slang
        spoil = Noise(turned_round(slang), noise, noise)
        asked = [row for seed in _NOISE_SEEDS for row in measuring.noised(asked, spoil, seed)]
    outcomes = measuring.run(asked, engine.match)
    measures = measuring.measure(outcomes, dict.fromkeys(intents - {measuring.NEAR, measuring.FAR}))
    measures["slope asked for"], measures["shift asked for"] = asked_for(engine, asked)
    return measuring.report(measures, measuring.confusions(outcomes))
