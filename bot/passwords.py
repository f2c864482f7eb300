"""Passwords of the desk: which are allowed, and how they are kept and compared (argon2id)."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 12, 128

_hasher = PasswordHasher()
_NOBODYS = _hasher.hash("nobody has this password")
"""Compared when there is no hash, so that an unknown login takes as long as a known one."""


def allowed(password: str, login: str) -> bool:
    """Say whether a password is long enough, not endless, and not made of the login."""
    return SHORTEST <= len(password) <= LONGEST and login.casefold() not in password.casefold()


def hashed(password: str) -> str:
    """Hash a password; takes some 50 ms and 64 MiB, so not on the event loop."""
    return _hasher.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Compare a password with a stored hash; None is nobody's and takes as long."""
    try:
        return _hasher.verify(stored or _NOBODYS, password[: LONGEST + 1]) and stored is not None
    except (VerificationError, InvalidHashError):
        return False
