"""Runs Rasa's custom actions in this process, without the hop over HTTP.

Rasa swallows what an action raises: it records the action as done, loses its events, and the
person hears nothing. So a failure is kept in the unit of work, where the turn finds it.
"""

from __future__ import annotations

import asyncio
from typing import Any

from rasa.core.actions.action import RemoteAction
from rasa.utils.endpoints import EndpointConfig
from rasa_sdk.executor import ActionExecutor

from bot.ledger import unit_of_work

ACTION_SECONDS = 12.0
"""No action may take longer; look-ups have their own, shorter budget."""


class InProcessActions(EndpointConfig):
    """An action endpoint whose "server" is an executor in this process."""

    def __init__(self, executor: ActionExecutor) -> None:
        # Rasa sends the whole domain with each call unless told that nobody reads it.
        super().__init__("in-process", enable_selective_domain=True)
        # Rasa checks each answer of an action server against a JSON schema, at a third of a
        # turn's time; answers of this executor come from `rasa_sdk`, which has checked them.
        RemoteAction._validate_action_result = _trusted
        self._executor = executor

    async def request(self, *_args: Any, json: dict[str, Any], **_kwargs: Any) -> Any:
        """Run the action that the call names.

        Raises:
            Exception: What the action raised, also kept in the unit of work.
        """
        try:
            return await asyncio.wait_for(self._executor.run(json), ACTION_SECONDS)
        except Exception as error:
            unit_of_work.current.get().failure = error
            raise


def _trusted(_action: RemoteAction, _result: Any) -> bool:
    return True
