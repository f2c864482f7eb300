"""Keeps within what WhatsApp accepts from a number and for a person.

Meta: 80 messages a second for a number, or what it was raised to; to one person one every 6
seconds, where 45 may be sent at once and are then missing later. More is refused: 131056 holds up
this person alone, 130429 and its like everything that the number sends, in every process.
"""

from __future__ import annotations

import asyncio

from bot.channels.whatsapp.errors import Action, TryLater
from bot.errors import Retryable, TooSoon
from bot.ledger.handover import rest
from bot.live.rates import Rate, Rates, Rest

PERSON = Rate(every=6.0, burst=45)
NUMBER_RESTS = Rest(shortest=1.0, longest=60.0)
_PATIENCE = 5.0
"""Seconds for which a bubble waits where it is; for more it goes back into the queue."""
_ONLY_ASK = -1.0
"""A patience with which no turn is ever reserved."""


class Pace:
    """Lets bubbles go one by one.

    Args:
        rates: Counts, together with the other senders.
        number_id: Our number's id.
        per_second: Messages a second that it is granted.
    """

    def __init__(self, rates: Rates, number_id: str, per_second: int) -> None:
        self._rates = rates
        self._key = f"whatsapp:{number_id}"
        self._rate = Rate(1 / per_second)

    async def wait(self, conversation_id: str) -> None:
        """Wait until a bubble of this conversation may be sent.

        Raises:
            TooSoon: That is too far away to wait here.
        """
        person = f"{self._key}:{conversation_id}"
        # Who has to wait costs the number no turn; and whom the number lets wait, none of theirs.
        if wait := await self._rates.take(person, PERSON, _ONLY_ASK):
            raise TooSoon(wait)
        await asyncio.sleep(await self._take(self._key, self._rate, _PATIENCE))
        if resting := await self._rates.resting(self._key):
            raise TooSoon(resting)
        await self._take(person, PERSON, 0.0)

    async def slowed(self, refusal: TryLater, attempts: int) -> Retryable:
        """Say when a bubble that was refused goes on, and slow down whom the refusal is about.

        Args:
            refusal: Meta's answer.
            attempts: How often the bubble has been tried.
        """
        code = refusal.code
        if refusal.action is Action.SLOW_NUMBER:
            return TooSoon(await self._rates.rest(self._key, self._rate, NUMBER_RESTS), code)
        if refusal.action is Action.SLOW_PERSON:
            # What else this person is to get stands behind the bubble.
            return TryLater(refusal.action, code, refusal.detail, rest(attempts))
        return refusal

    async def _take(self, key: str, rate: Rate, patience: float) -> float:
        wait = await self._rates.take(key, rate, patience)
        if wait > patience:
            raise TooSoon(wait)
        return wait
