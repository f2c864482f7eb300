"""Hands one bubble of the outbox to WhatsApp."""

from __future__ import annotations

from dataclasses import dataclass

from bot.channels import pages
from bot.channels.choice_ids import issue
from bot.channels.message import Choice
from bot.channels.whatsapp.client import GraphClient
from bot.channels.whatsapp.errors import Action, GiveUp, TryLater
from bot.channels.whatsapp.pace import Pace
from bot.channels.whatsapp.render import Content, render, render_file
from bot.channels.whatsapp.uploads import Uploads
from bot.errors import Faulty
from bot.ledger.handover import Outgoing


@dataclass(frozen=True)
class Labels:
    """What stands on a list beside its choices.

    Attributes:
        menu: On the button that opens a list.
        more: On the row that asks for the next page.
        left: Beneath it, with ``{jumlah}`` for how many choices are left.
    """

    menu: str
    more: str
    left: str


class WhatsAppOut:
    """Renders a bubble within WhatsApp's limits and sends it within its rates.

    Args:
        client: Speaks to the Graph API.
        uploads: Brings files there.
        choice_key: Signs the ids of buttons and rows.
        labels: What stands on a list beside its choices.
        pace: Lets bubbles go one by one.
    """

    def __init__(
        self, client: GraphClient, uploads: Uploads, choice_key: bytes, labels: Labels, pace: Pace
    ) -> None:
        self._client = client
        self._uploads = uploads
        self._pace = pace
        self._choice_key = choice_key
        self._labels = labels

    async def __call__(self, outgoing: Outgoing) -> str:
        """Send it and return WhatsApp's id.

        Raises:
            ChannelError: It was not accepted, or nobody knows.
        """
        try:
            if outgoing.reply.attachments:
                return await self._send_file(outgoing)
            content = render(
                outgoing.reply,
                lambda choice: issue(self._choice_key, outgoing.conversation_id, choice.payload),
                menu_word=self._labels.menu,
                more=lambda shown, left: self._more(outgoing.id, shown, left),
            )
            return await self._send(outgoing, content)
        except TryLater as refusal:
            raise await self._pace.slowed(refusal, outgoing.attempts) from None
        except ValueError as error:
            raise Faulty(0, f"cannot be shown: {error}") from None

    def _more(self, outbox_id: str, shown: int, left: int) -> Choice:
        description = self._labels.left.format(jumlah=left)
        return Choice(self._labels.more, pages.turn_to(outbox_id, shown), description)

    async def _send_file(self, outgoing: Outgoing) -> str:
        (id,) = outgoing.reply.attachments
        again = False
        while True:
            file = await self._uploads.of(id, again)
            content = render_file(outgoing.reply, file.kind, file.id, file.name)
            try:
                return await self._send(outgoing, content)
            except GiveUp as error:
                if file.fresh or error.action is not Action.BUG:
                    raise
            again = True  # WhatsApp may have forgotten what was uploaded before.

    async def _send(self, outgoing: Outgoing, content: Content) -> str:
        await self._pace.wait(outgoing.conversation_id)
        return await self._client.send(outgoing.to, content, outgoing.id, outgoing.reply_to)
