"""Rasa's own classifier as a FAQ matcher: DIET in the pipeline of ``rasa init``.

Every entry is an intent, its phrasings are the examples; nothing else is trained.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from bench.matchers import SHOWN, Faq, Ranked, Ranker
from bench.stock_project import Stock, dump, examples, nlu_config, trained


def prepare(faq: Faq, epochs: int) -> Stock:
    """Write the project and train it, unless the same was trained before.

    Raises:
        NotStarted: The training failed.
    """
    intents = [examples(id, texts) for id, texts in faq.items()]
    files = {
        "data/nlu.yml": dump({"version": "3.1", "nlu": intents}),
        "config.yml": dump(nlu_config(epochs)),
    }
    return trained("diet", files, epochs, "train", "nlu")


def open_model(model: Path, faq: Faq) -> Ranker:
    """Load the trained model."""
    from rasa.core.agent import Agent

    agent, loop = Agent.load(model), asyncio.new_event_loop()

    def rank(text: str) -> Ranked:
        parsed = loop.run_until_complete(agent.parse_message(text))
        # The ranking may begin with nlu_fallback, which is no entry.
        ranking = [(each["name"], float(each["confidence"])) for each in parsed["intent_ranking"]]
        return [(name, confidence) for name, confidence in ranking if name in faq][:SHOWN]

    return rank
