"""Tokens of sessions, and the proof of a host site that it knows its user.

A token is ``<session>.<expires>.<origin>.<seal>``: it says which session it opens, until when, and
the only origin whose pages may use it. Nothing else a client sends names a session.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

LIFE = timedelta(hours=24)
_SHAPE = re.compile(r"([\w-]{22})\.(\d{10})\.([\w-]{16})\.([\w-]{43})", re.ASCII)
_PURPOSE = b"nindy/webchat/1"


@dataclass(frozen=True)
class Token:
    """What a token said that we signed.

    Attributes:
        session_id: The session.
        expires_at: Until when it is good.
        origin: A mark of the origin it was issued for.
    """

    session_id: str
    expires_at: datetime
    origin: str

    def is_for(self, origin: str | None) -> bool:
        """Say whether a page of this origin may use it; None is no page of another site."""
        return origin is None or hmac.compare_digest(self.origin, _mark(origin))

    def is_due(self, now: datetime) -> bool:
        """Say whether half its life is over, so that a fresh one is to be given."""
        return now > self.expires_at - LIFE / 2


def new_session_id() -> str:
    """Make a session's id: 128 random bits."""
    return secrets.token_urlsafe(16)


def issue(key: bytes, session_id: str, origin: str | None, now: datetime) -> str:
    """Make a token.

    Args:
        key: The secret that signs tokens.
        session_id: What it opens.
        origin: The origin of the page that asked; None when it was no page of another site.
        now: The beginning of its life.
    """
    return _sign(key, session_id, int((now + LIFE).timestamp()), _mark(origin or ""))


def renew(key: bytes, token: Token, now: datetime) -> str:
    """Make a token for the same session and origin that lives longer."""
    return _sign(key, token.session_id, int((now + LIFE).timestamp()), token.origin)


def read(key: bytes, text: str, now: datetime) -> Token | None:
    """Return what a token says; None when it is forged, broken or too old."""
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        return None
    session_id, expires, origin, seal = shape.groups()
    if not hmac.compare_digest(seal, _seal(key, f"{session_id}.{expires}.{origin}")):
        return None
    expires_at = datetime.fromtimestamp(int(expires), timezone.utc)
    return Token(session_id, expires_at, origin) if now < expires_at else None


def vouched(key: bytes, user_id: str, proof: str) -> bool:
    """Say whether a host site that shares our key knows a user.

    Args:
        key: ``NINDY_WEBCHAT_IDENTITY_KEY``; without one nobody is vouched for.
        user_id: The host's id of the user.
        proof: HMAC-SHA256 of that id in hexadecimal, made by the host's server.
    """
    expected = hmac.new(key, user_id.encode(), hashlib.sha256).hexdigest()
    return bool(key) and hmac.compare_digest(expected.encode(), proof.lower().encode())


def _sign(key: bytes, session_id: str, expires: int, origin: str) -> str:
    body = f"{session_id}.{expires}.{origin}"
    return f"{body}.{_seal(key, body)}"


def _mark(origin: str) -> str:
    digest = hashlib.sha256(_PURPOSE + origin.encode()).digest()
    return base64.urlsafe_b64encode(digest)[:16].decode()


def _seal(key: bytes, body: str) -> str:
    digest = hmac.new(key, _PURPOSE + body.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
