"""The desk's cookies: for this host only, hidden from scripts, not sent by other sites' forms."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aiohttp import web
from cryptography.fernet import InvalidToken

from bot.privacy import Vault

TOKEN, GUEST, BROWSER, FLASH, HALF, OIDC = "meja", "tamu", "peramban", "pesan", "kode", "oidc"
"""Session; token before it; a browser that signed in before; a message; password given; OIDC."""


class Cookies:
    """Sets, reads and deletes cookies.

    Args:
        vault: Seals what the browser shall carry but not read.
        secure: Whether browsers reach the desk by https.
    """

    def __init__(self, vault: Vault, secure: bool) -> None:
        self._vault = vault
        self._secure = secure

    def name(self, purpose: str) -> str:
        """Return a cookie's name; browsers hold ``__Host-`` to this host and to https."""
        return f"__Host-nindy_{purpose}" if self._secure else f"nindy_{purpose}"

    def get(self, request: web.BaseRequest, purpose: str) -> str:
        """Read a cookie; empty when there is none."""
        return request.cookies.get(self.name(purpose), "")

    def put(
        self,
        response: web.StreamResponse,
        purpose: str,
        value: str,
        life: timedelta | None = None,
    ) -> None:
        """Set a cookie, by default until the browser is closed."""
        response.set_cookie(
            self.name(purpose),
            value,
            max_age=int(life.total_seconds()) if life else None,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="Lax",
        )

    def drop(self, response: web.StreamResponse, purpose: str) -> None:
        """Delete a cookie."""
        response.del_cookie(
            self.name(purpose), path="/", secure=self._secure, httponly=True, samesite="Lax"
        )

    def open(self, request: web.BaseRequest, purpose: str) -> dict[str, Any]:
        """Read what `seal` put in; empty when it is missing, or not ours and not for this."""
        value = self.get(request, purpose)
        try:
            found = self._vault.open(value.encode()) if value else {}
        except InvalidToken:
            return {}
        return found if isinstance(found, dict) and found.get("for") == purpose else {}

    def seal(
        self,
        response: web.StreamResponse,
        purpose: str,
        value: dict[str, Any],
        life: timedelta,
    ) -> None:
        """Set a cookie that only we can read and nobody can forge."""
        sealed = self._vault.seal({**value, "for": purpose})
        self.put(response, purpose, sealed.decode(), life)
