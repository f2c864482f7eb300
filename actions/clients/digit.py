"""Digit: the state of an account, its e-mail, and its activation, reset and unblocking.

The contract is `docs/upstream/digit.openapi.yaml`.
"""

from __future__ import annotations

from typing import Literal, get_args

from actions.clients.answer import Answer
from actions.clients.http import Upstream

AccountState = Literal["aktif", "belum_aktif", "diblokir"]


class Digit:
    """The Digit accounts.

    A person is named by ``identitas`` (NIK, NIP or NRP) together with the registered e-mail.
    """

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream

    async def status(self, identitas: str, email: str, *, request_id: str) -> AccountState:
        """Look up the state of an account.

        Raises:
            NotFound: No account with this identity and e-mail together.
        """

        def read(answer: Answer) -> AccountState:
            state: AccountState = answer.one_of("status", get_args(AccountState))
            return state

        body = {"identitas": identitas, "email": email}
        return await self.upstream.ask("/users/status", body, read, request_id=request_id)

    async def email_matches(self, identitas: str, email: str, *, request_id: str) -> bool:
        """Tell whether this e-mail is the one registered; an unknown identity gives False."""
        body = {"identitas": identitas, "email": email}
        return await self.upstream.ask(
            "/users/email-check", body, lambda answer: answer.flag("cocok"), request_id=request_id
        )

    async def activate(
        self, identitas: str, email: str, *, request_id: str, idempotency_key: str
    ) -> None:
        """Have an account activated.

        Raises:
            NotFound: No account with this identity and e-mail together.
            Refused: It is active already or blocked (``wrong_state``).
        """
        await self._change("/users/activate", identitas, email, request_id, idempotency_key)

    async def reset(
        self, identitas: str, email: str, *, request_id: str, idempotency_key: str
    ) -> None:
        """Have an account's password reset.

        Raises:
            NotFound: No account with this identity and e-mail together.
            Refused: It is not active (``wrong_state``).
        """
        await self._change("/users/reset", identitas, email, request_id, idempotency_key)

    async def unblock(
        self, identitas: str, email: str, *, request_id: str, idempotency_key: str
    ) -> None:
        """Have a blocked account opened again.

        Raises:
            NotFound: No account with this identity and e-mail together.
            Refused: It is not blocked (``wrong_state``).
        """
        await self._change("/users/unblock", identitas, email, request_id, idempotency_key)

    async def _change(
        self, path: str, identitas: str, email: str, request_id: str, idempotency_key: str
    ) -> None:
        await self.upstream.ask(
            path,
            {"identitas": identitas, "email": email},
            Answer.taken_on,
            request_id=request_id,
            idempotency_key=idempotency_key,
            ok=(202,),
        )
