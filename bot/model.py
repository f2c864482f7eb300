"""The model in this process: loaded once, and what Nindy knows kept as the desk publishes it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actions.services import Services
from bot.background import in_daemon
from bot.errors import StartupError
from bot.faq import Entry
from bot.faq.follow import Follower
from bot.ledger.database import Ledger
from bot.live.wake import Wake
from bot.nlu.edition import Edition
from bot.routing import Candidates
from bot.turn import training

if TYPE_CHECKING:
    from bot.turn.dialogue import Dialogue

log = logging.getLogger(__name__)

PROJECT = Path(__file__).resolve().parents[1]


class Model:
    """Loads the model where it is asked for: a desk of its own process may never need it.

    Args:
        ledger: Where the desk publishes.
        wake: Rung when it has.
        services: What the actions work with.
        choice_key: Signs the ids of buttons and rows.
    """

    def __init__(self, ledger: Ledger, wake: Wake, services: Services, choice_key: bytes) -> None:
        self._ledger = ledger
        self._wake = wake
        self._services = services
        self._choice_key = choice_key
        self._edition: Edition | None = None
        self._loading: asyncio.Task[Dialogue] | None = None
        self._following: asyncio.Task[None] | None = None

    @property
    def is_loaded(self) -> bool:
        """Whether it is there."""
        return self._edition is not None

    def known(self) -> Edition | None:
        """Return what Nindy knows; None while the model is loaded, which this begins."""
        self._load_once()
        return self._edition

    async def suggest(self, text: str) -> list[Entry]:
        """Give the FAQ entries nearest to a text; none until the model is loaded."""
        edition = self.known()
        if edition is None:
            return []
        found = edition.engine.match(text).alternatives
        return [edition.bank.get(id) for id, _ in found]

    async def judge(self, text: str) -> Candidates:
        """Tell which services a text may belong to; none until the model is loaded."""
        self._load_once()
        return await self._services.judge(text)

    async def dialogue(self) -> Dialogue:
        """Wait for the model; the event loop stays free meanwhile.

        Raises:
            StartupError: There is no model of today's data, or it cannot be loaded.
        """
        return await asyncio.shield(self._load_once())

    def close(self) -> None:
        """Load and follow no more."""
        for task in (self._loading, self._following):
            if task is not None:
                task.cancel()

    def _load_once(self) -> asyncio.Task[Dialogue]:
        if self._loading is None:
            self._loading = asyncio.create_task(self._load())
            self._loading.add_done_callback(_say_why_not)
        return self._loading

    async def _load(self) -> Dialogue:
        from rasa_sdk.executor import ActionExecutor

        from actions.registry import hand_out

        model = training.model_path(PROJECT)
        if not model.exists():
            raise StartupError(f"{model}: no model of today's data; run `nindy train`")

        def load() -> Dialogue:
            from bot.turn.dialogue import Dialogue

            executor = ActionExecutor()
            dialogue = Dialogue(model, executor, self._choice_key)
            self._services = replace(self._services, judge=dialogue.judge)
            hand_out(self._services, executor)
            return dialogue

        dialogue = await in_daemon(load)

        def take(edition: Edition) -> None:
            dialogue.edition = self._edition = edition

        # What the desk has published by now is known already; the follower hears of the rest.
        follower = Follower(self._ledger, self._services.bank, dialogue.engine, self._wake, take)
        await follower.look()
        self._following = asyncio.create_task(follower.run())
        return dialogue


def _say_why_not(loading: asyncio.Task[Any]) -> None:
    if not loading.cancelled() and (error := loading.exception()):
        log.warning("the model is not loaded: %s", error)
