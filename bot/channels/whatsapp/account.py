"""Reads what Meta tells of our account; sends and changes nothing.

No exception from here holds the token.
"""

from __future__ import annotations

import aiohttp

from bot.channels.whatsapp import wire
from bot.channels.whatsapp.answers import BROKEN, accepted
from bot.errors import Retryable

_PAGE = 100
_TIMEOUT = aiohttp.ClientTimeout(total=15)


class Account:
    """The account as the Graph API shows it.

    Args:
        session: The session to call with; it is not closed here.
        api_url: Graph's address with the version, without a slash at the end.
        access_token: The system user's token.
    """

    def __init__(self, session: aiohttp.ClientSession, api_url: str, access_token: str) -> None:
        self._session = session
        self._url = api_url.rstrip("/")
        self._token = access_token

    async def read(self, path: str, **query: str) -> wire.Table:
        """Return what stands under a path.

        Raises:
            ChannelError: It could not be read; `code` is Meta's, 0 when it was not reached.
        """
        try:
            async with self._session.get(
                f"{self._url}/{path}",
                params=query,
                headers={"Authorization": f"Bearer {self._token}"},
                timeout=_TIMEOUT,
                allow_redirects=False,
            ) as response:
                return await accepted(response)
        except BROKEN as error:
            raise Retryable(0, type(error).__name__) from None

    async def templates(self, account_id: str) -> list[wire.Table]:
        """Return every template of the account, as Meta shows it.

        Raises:
            ChannelError: They could not be read.
        """
        found: list[wire.Table] = []
        query = {"limit": str(_PAGE), "fields": "name,language,status,category,components"}
        while True:
            page = await self.read(f"{account_id}/message_templates", **query)
            found += [wire.table(one) for one in wire.rows(page.get("data"))]
            paging = wire.table(page.get("paging"))
            after = wire.identifier(wire.table(paging.get("cursors")).get("after"))
            # The address of the next page is not followed: the token goes to our Graph API only.
            if not paging.get("next") or after is None or query.get("after") == after:
                return found
            query["after"] = after
