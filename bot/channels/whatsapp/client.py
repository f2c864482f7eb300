"""Sends through Meta's Graph API; the only place that holds the access token.

No exception and no log line from here holds a body, a phone number or the token.
"""

from __future__ import annotations

import aiohttp
import structlog

from bot.channels.message import Sender
from bot.channels.whatsapp import wire
from bot.channels.whatsapp.answers import BROKEN, NOT_SENT, accepted
from bot.channels.whatsapp.errors import Action, GiveUp, OurFault, TryLater
from bot.errors import ChannelError, Uncertain

log = structlog.get_logger(__name__)

CALLBACK_LIMIT = 512
"""Characters of our own key that Meta gives back with every status."""

# Connecting has a limit of its own: what fails there was certainly not sent.
_TIMEOUT = aiohttp.ClientTimeout(total=10, connect=5)


class GraphClient:
    """Sends messages of one number.

    Args:
        session: The session to call with; it is not closed here.
        api_url: Graph's address with the version, without a slash at the end.
        phone_number_id: Our number's id.
        access_token: The system user's token.
        timeout: Time limits of one call; tests pass shorter ones.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        api_url: str,
        phone_number_id: str,
        access_token: str,
        timeout: aiohttp.ClientTimeout = _TIMEOUT,
    ) -> None:
        self._session = session
        self._url = f"{api_url.rstrip('/')}/{phone_number_id}/messages"
        self._phone_number_id = phone_number_id
        self._token = access_token
        self._timeout = timeout

    def __repr__(self) -> str:
        return f"GraphClient(phone_number_id={self._phone_number_id!r})"

    async def send(
        self, to: Sender, content: dict[str, object], callback: str, reply_to: str | None
    ) -> str:
        """Send one message.

        Args:
            to: The person; the phone number is used where it is known, else the user id.
            content: The part that `render` makes.
            callback: Our own key, given back with every status.
            reply_to: The message to quote, or None; only one that Meta knows is quoted.

        Returns:
            Meta's id of the message, which is accepted but not yet delivered.

        Raises:
            TryLater: It was not accepted and a later try may be.
            GiveUp: It will never be accepted.
            Uncertain: It may have been accepted.
            ValueError: `callback` is too long.
        """
        if len(callback) > CALLBACK_LIMIT:
            raise ValueError("the callback key is too long")
        message: dict[str, object] = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            **_address(to),
            **content,
            "biz_opaque_callback_data": callback,
        }
        if reply_to and wire.is_metas(reply_to):
            message["context"] = {"message_id": reply_to}
        answer = await self._post(message)
        first = wire.table(next(iter(wire.rows(answer.get("messages"))), None))
        wamid = wire.identifier(first.get("id"))
        if wamid is None:
            raise Uncertain(0, "no message id in the answer")
        return wamid

    async def mark_read(self, message_id: str, typing: bool) -> None:
        """Mark a message as read; failing at it is logged and harmless.

        Args:
            message_id: The id of the person's message; nothing is done where it is not Meta's.
            typing: Whether to show that Nindy is typing.
        """
        if not wire.is_metas(message_id):
            return
        message: dict[str, object] = {
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": message_id,
        }
        if typing:
            message["typing_indicator"] = {"type": "text"}
        try:
            await self._post(message)
        except ChannelError as error:
            log.info("whatsapp_mark_read_failed", code=error.code, detail=error.detail)

    async def _post(self, message: dict[str, object]) -> wire.Table:
        if self._session.closed:
            raise TryLater(Action.PASSING, 0, "session closed")
        try:
            async with self._session.post(
                self._url,
                json=message,
                headers={"Authorization": f"Bearer {self._token}"},
                timeout=self._timeout,
                allow_redirects=False,
            ) as response:
                return await accepted(response)
        except NOT_SENT as error:
            raise TryLater(Action.PASSING, 0, type(error).__name__) from None
        except aiohttp.InvalidURL:
            raise OurFault(Action.BUG, 0, "InvalidURL") from None
        except BROKEN as error:
            raise Uncertain(0, type(error).__name__) from None


def _address(to: Sender) -> dict[str, str]:
    # Without the plus sign Meta puts our own country code in front.
    if to.phone:
        return {"to": f"+{to.phone}"}
    if to.user_id:
        return {"recipient": to.user_id}
    raise GiveUp(Action.RECIPIENT, 0, "neither phone nor user id")
