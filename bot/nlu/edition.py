"""What Nindy knows at one moment: the FAQ's entries, and the engine that finds them."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass

from bot.faq import Bank
from bot.nlu.matcher import Engine


@dataclass(frozen=True)
class Edition:
    """Entries and the engine that was built for them.

    Attributes:
        number: How often the desk had published or withdrawn something.
        bank: The entries that answer.
        engine: Finds them.
    """

    number: int
    bank: Bank
    engine: Engine


held: ContextVar[Edition] = ContextVar("edition")
"""The edition of the turn that runs in this task: the same from its first word to its last."""
