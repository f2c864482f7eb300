"""The Rasa agent, asked for one turn at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa_sdk.executor import ActionExecutor

from bot import metrics
from bot.channels.choice_ids import resolve
from bot.channels.message import Inbound, Kind
from bot.errors import StartupError, TurnFailed
from bot.ledger import unit_of_work
from bot.ledger.unit_of_work import UnitOfWork
from bot.nlu.component import Matcher
from bot.nlu.edition import Edition, held
from bot.nlu.matcher import Engine
from bot.routing import Candidates
from bot.turn.collect import CollectingOutput, merge
from bot.turn.in_process import InProcessActions
from bot.turn.lean import lean
from bot.turn.plain import plain
from bot.turn.tracker_store import LedgerTrackerStore

TURN_SECONDS = 20.0


class Dialogue:
    """Answers a message with the trained model.

    Args:
        model: The model file.
        executor: Runs the custom actions.
        choice_key: Secret that signed the ids of buttons and rows.

    Attributes:
        engine: The matcher's engine as it was trained.
        edition: What the next turn knows; without one it is what was trained.

    Raises:
        StartupError: The model cannot be loaded.
    """

    def __init__(self, model: Path, executor: ActionExecutor, choice_key: bytes) -> None:
        store = LedgerTrackerStore()
        try:
            self._agent = Agent.load(
                str(model), tracker_store=store, action_endpoint=InProcessActions(executor)
            )
        except Exception as error:
            raise StartupError(
                f"{model}: the model cannot be loaded ({type(error).__name__}); "
                "train it again with `nindy train`"
            ) from error
        processor = self._agent.processor
        if processor is None or self._agent.domain is None:
            raise StartupError(f"{model}: not a model with a dialogue; run `nindy train`")
        # Rasa wraps the store in one that goes on in memory when it fails; a failure of ours
        # must end the turn instead.
        processor.tracker_store = store
        self._processor = processor
        self.engine = _engine(processor.graph_runner)
        lean(processor)
        self.edition: Edition | None = None
        self._choice_key = choice_key
        self._model = model.name.removesuffix(".tar.gz")
        minutes = self._agent.domain.session_config.session_expiration_time
        self._session = timedelta(minutes=minutes)

    async def respond(self, work: UnitOfWork) -> None:
        """Run one turn; state, events and replies are put into the unit of work.

        Raises:
            TurnFailed: Rasa or an action raised, said nothing, or took too long.
        """
        claimed = work.claim
        fresh = claimed.last_turn_at is None or work.now - claimed.last_turn_at > self._session
        work.state = None if fresh else claimed.state
        output = CollectingOutput(claimed.message.channel)
        token = unit_of_work.current.set(work)
        try:
            with self._held() as edition:
                work.model = self._named(edition)
                await asyncio.wait_for(
                    self._processor.handle_message(
                        UserMessage(
                            command_or_text(
                                claimed.message, claimed.conversation_id, self._choice_key
                            ),
                            output,
                            claimed.conversation_id,
                            input_channel=claimed.message.channel,
                            message_id=str(claimed.inbox_id),
                        )
                    ),
                    TURN_SECONDS,
                )
        except Exception as error:
            raise TurnFailed(type(error).__name__) from error
        finally:
            unit_of_work.current.reset(token)
        if work.failure is not None:
            raise TurnFailed(type(work.failure).__name__) from work.failure
        reply = merge(output.messages)
        if reply is not None:
            work.replies.append(reply)
        elif not work.quiet:
            raise TurnFailed("the dialogue said nothing")
        for event in work.events:
            if match := event.get("parse_data", {}).get("match"):
                metrics.DECISIONS.labels(match["decision"]).inc()

    async def judge(self, text: str) -> Candidates:
        """Return the services that a text may belong to, for what was told over several turns."""
        match: Any = (await self.parse(plain(text)))["match"]
        return [(service, probability) for service, probability in match["services"]]

    async def parse(self, text: str) -> dict[str, object]:
        """Return what the model makes of a text, without a conversation."""
        with self._held():
            return dict(await self._processor.parse_message(UserMessage(text)))

    @contextmanager
    def _held(self) -> Iterator[Edition | None]:
        # What is asked within a turn goes by the edition that the turn began with.
        edition = held.get(None) or self.edition
        if edition is None:
            yield None
            return
        token = held.set(edition)
        try:
            yield edition
        finally:
            held.reset(token)

    def _named(self, edition: Edition | None) -> str:
        return f"{self._model}+{edition.number}" if edition and edition.number else self._model


def _engine(runner: Any) -> Engine:
    """Return the engine of a loaded model, which Rasa keeps to itself."""
    components = (node._component for node in runner._instantiated_nodes.values())
    return next(one.engine for one in components if isinstance(one, Matcher))


def command_or_text(message: Inbound, conversation_id: str, choice_key: bytes) -> str:
    """Give Rasa a command only for an id that we issued to this conversation, else plain text."""
    if message.kind is Kind.CHOICE and message.choice_id is not None:
        payload = resolve(choice_key, conversation_id, message.choice_id)
        if payload is not None:
            return payload
    text = plain(message.text)
    if not text and message.attachments:
        return "/media"
    if message.kind is Kind.OTHER or not text:
        return "/non_text"
    return text
