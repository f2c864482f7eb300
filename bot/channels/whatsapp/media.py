"""Files at the Graph API: fetched in two steps, and uploaded before they are sent.

The token goes to the configured API and to Meta's own hosts, and never along with a redirect.
Ids of what people send are good for 7 days, addresses for 5 minutes, our own uploads for 30 days.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import AsyncGenerator
from typing import IO

import aiohttp
import structlog
from yarl import URL

from bot.channels.message import Media
from bot.channels.whatsapp import wire
from bot.channels.whatsapp.answers import BROKEN, accepted
from bot.channels.whatsapp.errors import Action, GiveUp, TryLater, action_for, error_for
from bot.errors import FileRefused

log = structlog.get_logger(__name__)

_META = ("fbsbx.com", "fbcdn.net")
_ID = re.compile(r"[A-Za-z0-9_-]{1,256}")
_PIECE = 64 * 1024
_TIMEOUT = aiohttp.ClientTimeout(total=30, connect=5, sock_read=10)


class GraphMedia:
    """Fetches and uploads files of one number.

    Args:
        session: The session to call with; it is not closed here.
        api_url: Graph's address with the version.
        phone_number_id: Our number's id.
        access_token: The system user's token.
        largest: Bytes of the largest file that is fetched.
        timeout: Time limits of one call; tests pass shorter ones.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        api_url: str,
        phone_number_id: str,
        access_token: str,
        largest: int,
        timeout: aiohttp.ClientTimeout = _TIMEOUT,
    ) -> None:
        self._session = session
        self._api = URL(api_url.rstrip("/"))
        self._number = phone_number_id
        self._authorization = {"Authorization": f"Bearer {access_token}"}
        self._largest = largest
        self._timeout = timeout

    def __repr__(self) -> str:
        return f"GraphMedia(phone_number_id={self._number!r})"

    async def fetch(self, media: Media, strict: bool) -> AsyncGenerator[bytes, None]:
        """Read a file that a person sent.

        Args:
            media: Which.
            strict: Whether its digest must fit. Meta does not say what the digest covers, so the
                last tries go without.

        Raises:
            FileRefused: It is too ``large``.
            Permanent: It is there no more, or where its address leads is nobody's business.
            Retryable: A later try may work.
        """
        try:
            for last in (False, True):
                described = await self._describe(media)
                async with self._get(self._checked(described.get("url"))) as response:
                    if response.status == 404 and not last:
                        continue  # The address is old; a new one is asked for once.
                    if response.status != 200:
                        action = action_for(None, response.status)
                        raise error_for(action, 0, f"media http {response.status}")
                    digest, size = hashlib.sha256(), 0
                    async for piece in response.content.iter_chunked(_PIECE):
                        digest.update(piece)
                        size += len(piece)
                        yield piece
                    _check(digest.digest(), size, media, described, strict)
                    return
        except BROKEN as error:
            raise TryLater(Action.PASSING, 0, type(error).__name__) from None

    async def upload(self, file: IO[bytes], name: str, media_type: str) -> str:
        """Upload a file and return the id under which it can be sent for 30 days.

        Raises:
            Permanent: It will not be taken.
            Retryable: A later try may work; uploading twice is harmless.
        """
        form = aiohttp.FormData()
        form.add_field("messaging_product", "whatsapp")
        form.add_field("type", media_type)
        form.add_field("file", file, filename=name, content_type=media_type)
        try:
            async with self._session.post(
                self._api / self._number / "media",
                data=form,
                headers=self._authorization,
                timeout=self._timeout,
                allow_redirects=False,
            ) as response:
                id = wire.identifier((await accepted(response)).get("id"))
        except BROKEN as error:
            raise TryLater(Action.PASSING, 0, type(error).__name__) from None
        if id is None:
            raise TryLater(Action.PASSING, 0, "no media id in the answer")
        return id

    async def _describe(self, media: Media) -> wire.Table:
        if not _ID.fullmatch(media.id):
            raise GiveUp(Action.BUG, 0, "odd media id")
        url = (self._api / media.id).with_query(phone_number_id=self._number)
        async with self._get(url) as response:
            described = await accepted(response)
        if wire.number(described.get("file_size")) > self._largest:
            raise FileRefused("large")
        return described

    def _get(self, url: URL) -> aiohttp.client._RequestContextManager:
        return self._session.get(
            url, headers=self._authorization, timeout=self._timeout, allow_redirects=False
        )

    def _checked(self, given: object) -> URL:
        try:
            url = URL(given if isinstance(given, str) else "")
            meta = url.scheme == "https" and url.explicit_port in (None, 443) and _is_metas(url)
            if not url.user and (url.origin() == self._api.origin() or meta):
                return url
        except ValueError:
            pass
        log.warning("whatsapp_media_at_a_foreign_host")
        raise GiveUp(Action.BUG, 0, "media at a foreign host")


def _is_metas(url: URL) -> bool:
    host = (url.host or "").lower()
    return any(host == one or host.endswith(f".{one}") for one in _META)


def _check(digest: bytes, size: int, media: Media, described: wire.Table, strict: bool) -> None:
    if wire.number(described.get("file_size")) not in (0, size):
        raise TryLater(Action.PASSING, 0, "media cut short")
    given = [text for text in (media.sha256, described.get("sha256")) if isinstance(text, str)]
    known = [found for text in given if (found := _digest(text))]
    if known and digest not in known:
        if strict:
            raise TryLater(Action.PASSING, 0, "media digest")
        log.warning("whatsapp_media_digest_does_not_fit")


def _digest(text: str) -> bytes:
    """Read a SHA-256 in hexadecimal digits or base64; empty when it is neither."""
    try:
        found = bytes.fromhex(text) if len(text) == 64 else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return b""
    return found if len(found) == hashlib.sha256().digest_size else b""
