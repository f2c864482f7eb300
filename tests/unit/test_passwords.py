"""Passwords are kept as argon2id and compared alike whether there is an account or not."""

from __future__ import annotations

import pytest

from bot import passwords

PASSWORD = "merpati putih 17 ekor"


def test_only_the_same_password_matches() -> None:
    kept = passwords.hashed(PASSWORD)
    assert kept.startswith("$argon2id$") and PASSWORD not in kept
    assert kept != passwords.hashed(PASSWORD)
    assert passwords.matches(kept, PASSWORD)
    for wrong in (PASSWORD.upper(), PASSWORD + " ", "", "x" * 100_000):
        assert not passwords.matches(kept, wrong)


def test_nobody_has_no_password() -> None:
    assert not passwords.matches(None, "nobody has this password")
    assert not passwords.matches("not a hash", PASSWORD)


@pytest.mark.parametrize(
    ("password", "allowed"),
    [
        ("x" * 11, False),
        ("x" * 12, True),
        ("x" * 128, True),
        ("x" * 129, False),
        ("rahasia-BUDI-1234", False),
    ],
)
def test_what_is_allowed(password: str, allowed: bool) -> None:
    assert passwords.allowed(password, "budi") is allowed
