"""Access tokens (RFC 6749, 7519): short-lived, signed, and good only while their secret is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import jwt

LIFETIME = timedelta(minutes=15)
_ALGORITHM, _AUDIENCE = "HS256", "nindy-api"
_CHECKS: Any = {
    "require": ["sub", "scope", "mark", "exp", "aud"],
    # The clock is handed in; PyJWT would read its own.
    "verify_exp": False,
    "verify_iat": False,
}


@dataclass(frozen=True)
class Grant:
    """What a token says.

    Attributes:
        client_id: Whose it is.
        scopes: What it is for, parted by blanks.
        mark: Of the secret that it was given for.
        until: When it ends.
    """

    client_id: str
    scopes: str
    mark: str
    until: datetime


def issue(key: bytes, grant: Grant) -> str:
    """Make a token."""
    claims = {
        "sub": grant.client_id,
        "scope": grant.scopes,
        "mark": grant.mark,
        "exp": int(grant.until.timestamp()),
        "aud": _AUDIENCE,
    }
    return jwt.encode(claims, key, _ALGORITHM)


def read(key: bytes, token: str) -> Grant | None:
    """Return what a token says, its time not looked at; None when it is none of ours."""
    try:
        claims: dict[str, Any] = jwt.decode(
            token, key, [_ALGORITHM], options=_CHECKS, audience=_AUDIENCE
        )
    except jwt.PyJWTError:
        return None
    until = datetime.fromtimestamp(claims["exp"], timezone.utc)
    return Grant(claims["sub"], claims["scope"], claims["mark"], until)
