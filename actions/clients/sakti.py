"""SAKTI: the reset of a password or of the second factor.

The contract is `docs/upstream/sakti.openapi.yaml`.
"""

from __future__ import annotations

from typing import Literal

from actions.clients.answer import Answer
from actions.clients.http import Upstream

ResetKind = Literal["password", "mfa"]


class Sakti:
    """The resets in SAKTI."""

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream

    async def reset(
        self,
        nik: str,
        kode_satker: str,
        jenis: ResetKind,
        *,
        request_id: str,
        idempotency_key: str,
    ) -> None:
        """Have a user's password or second factor reset; SAKTI tells the user the rest.

        Returning means that SAKTI has taken the request on, not that the reset is done.

        Args:
            nik: The user's NIK.
            kode_satker: The satker the user is registered with.
            jenis: What to reset.
            request_id: Id for the log, without data of a person.
            idempotency_key: The id of the message that asked for it.

        Raises:
            NotFound: No such user at that satker.
            Refused: The account is locked (``locked``).
            UpstreamUnavailable: SAKTI cannot be reached; the reset may or may not be under way.
            UpstreamTimeout: Likewise, out of time.
            BadAnswer: Likewise, not understood.
        """
        body = {"nik": nik, "kode_satker": kode_satker, "jenis": jenis}
        await self.upstream.ask(
            "/resets",
            body,
            Answer.taken_on,
            request_id=request_id,
            idempotency_key=idempotency_key,
            ok=(202,),
        )
