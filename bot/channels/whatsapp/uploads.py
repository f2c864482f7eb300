"""Brings a file of ours to WhatsApp before it is sent, once for all times it is sent."""

from __future__ import annotations

from dataclasses import dataclass

from bot.attachments.files import Files
from bot.channels.whatsapp.media import GraphMedia
from bot.clock import Clock
from bot.errors import FileLost, Permanent
from bot.ledger import attachments, uploads
from bot.ledger.attachments import KEPT
from bot.ledger.database import Ledger

_DOCUMENT = "document"
_OOXML = "application/vnd.openxmlformats-officedocument"
SENDABLE = {
    "image/jpeg": ("image", "image/jpeg"),
    "image/png": ("image", "image/png"),
    "application/pdf": (_DOCUMENT, "application/pdf"),
    "text/plain": (_DOCUMENT, "text/plain"),
    "text/csv": (_DOCUMENT, "text/plain"),
    **{
        f"{_OOXML}.{name}": (_DOCUMENT, f"{_OOXML}.{name}")
        for name in ("wordprocessingml.document", "spreadsheetml.sheet")
    },
}
"""By media type: the kind of message, and the type under which WhatsApp takes it."""
LARGEST_IMAGE = 5 * 1024**2
"""Bytes; a larger picture is not taken, not as a document either."""


def fits(type: str, size: int) -> bool:
    """Say whether a file that is `SENDABLE` is small enough to be sent."""
    return SENDABLE[type][0] == _DOCUMENT or size <= LARGEST_IMAGE


@dataclass(frozen=True)
class Uploaded:
    """A file at WhatsApp.

    Attributes:
        id: WhatsApp's id.
        kind: As what it is sent: ``image`` or ``document``.
        name: What it is called.
        fresh: Whether it was uploaded just now.
    """

    id: str
    kind: str
    name: str
    fresh: bool


class Uploads:
    """Uploads files.

    Args:
        ledger: Where their names and ids are.
        files: Where their bytes are.
        media: Speaks to the Graph API.
        clock: The time.
    """

    def __init__(self, ledger: Ledger, files: Files, media: GraphMedia, clock: Clock) -> None:
        self._ledger = ledger
        self._files = files
        self._media = media
        self._clock = clock

    async def of(self, id: str, again: bool) -> Uploaded:
        """Return a file as WhatsApp knows it.

        Args:
            id: The file.
            again: Whether to upload it although WhatsApp should know it.

        Raises:
            Permanent: It is not there, or of a kind or size that WhatsApp does not take.
            Retryable: A later try may work.
        """
        file = await self._ledger.run(attachments.find, id)
        if file is None or file.state != KEPT or file.type not in SENDABLE:
            raise Permanent(0, "a file that cannot be sent")
        if not fits(file.type, file.size):
            raise Permanent(0, "a picture that is too large")
        kind, media_type = SENDABLE[file.type]
        known = None if again else await self._ledger.run(uploads.known, id, self._clock())
        if known is not None:
            return Uploaded(known, kind, file.name, fresh=False)
        try:
            async with self._files.unsealed(id) as opened:
                made = await self._media.upload(opened, file.name, media_type)
        except FileLost as error:
            raise Permanent(0, f"file {error}") from None
        await self._ledger.run(uploads.keep, id, made, self._clock())
        return Uploaded(made, kind, file.name, fresh=True)
