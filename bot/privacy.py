"""What protects personal data: encryption at rest, keyed hashes, masks.

Keys come from ``NINDY_ENCRYPTION_KEYS`` (newest first, older ones still open what they sealed)
and ``NINDY_INDEX_KEY``; on a single machine they are made once and kept in a file that only its
owner can read.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from bot.errors import StartupError
from bot.key_file import KeyFile
from bot.settings import Settings


class Vault:
    """Seals and opens JSON values and makes look-up keys.

    Args:
        encryption_keys: Fernet keys, newest first.
        index_key: Secret of the look-up keys and signatures; it does not rotate.
        newer: Gives the encryption keys when they have changed, for as long as this runs.
    """

    def __init__(
        self,
        encryption_keys: list[bytes],
        index_key: bytes,
        newer: Callable[[], list[bytes] | None] | None = None,
    ) -> None:
        self._each = [Fernet(key) for key in encryption_keys]
        self._all = MultiFernet(self._each)
        self._index_key = index_key
        self._newer = newer

    @property
    def _fernet(self) -> MultiFernet:
        if self._newer is not None and (keys := self._newer()) is not None:
            self._each = [Fernet(key) for key in keys]
            self._all = MultiFernet(self._each)
        return self._all

    @property
    def keys(self) -> int:
        """How many keys open what is sealed; more than one while they are rotated."""
        return len(self._each)

    def seal(self, value: Any) -> bytes:
        """Encrypt a JSON value."""
        return self._fernet.encrypt(json.dumps(value, separators=(",", ":")).encode())

    def open(self, sealed: bytes) -> Any:
        """Decrypt what `seal` made."""
        return json.loads(self._fernet.decrypt(bytes(sealed)))

    def seal_bytes(self, value: bytes) -> bytes:
        """Encrypt bytes, a third shorter than what `seal` makes."""
        return base64.urlsafe_b64decode(self._fernet.encrypt(value))

    def open_bytes(self, sealed: bytes) -> bytes:
        """Decrypt what `seal_bytes` made.

        Raises:
            InvalidToken: It was not made with one of our keys, or was changed since.
        """
        return self._fernet.decrypt(base64.urlsafe_b64encode(sealed))

    def renewed(self, sealed: bytes) -> bytes | None:
        """Seal with the newest key what an older one sealed; None when the newest already did.

        Raises:
            InvalidToken: None of our keys sealed it.
        """
        every = self._fernet
        try:
            self._each[0].decrypt(bytes(sealed))
        except InvalidToken:
            return every.rotate(bytes(sealed))
        return None

    def renewed_bytes(self, sealed: bytes) -> bytes | None:
        """Do the same for what `seal_bytes` made."""
        renewed = self.renewed(base64.urlsafe_b64encode(sealed))
        return None if renewed is None else base64.urlsafe_b64decode(renewed)

    def key(self, *parts: str) -> str:
        """Make the look-up key of a value: 64 hex digits that tell nothing without the secret."""
        message = "\x1f".join(parts).encode()
        return hmac.new(self._index_key, message, hashlib.sha256).hexdigest()

    def derived(self, purpose: str) -> bytes:
        """Make a secret for one purpose, such as signing the ids of buttons."""
        return hmac.new(self._index_key, b"derive:" + purpose.encode(), hashlib.sha256).digest()


def open_vault(settings: Settings) -> Vault:
    """Open the vault with the keys of the settings, or with those of this machine's key file.

    Raises:
        StartupError: The keys are unusable, or missing where several machines share a database.
    """
    given = settings.encryption_keys.get_secret_value()
    index = settings.index_key.get_secret_value()
    try:
        if given and index:
            return Vault([key.strip().encode() for key in given.split(",")], index.encode())
        if given or index or not settings.database_url.startswith("sqlite"):
            raise StartupError(
                "NINDY_ENCRYPTION_KEYS and NINDY_INDEX_KEY: set both when the database is shared "
                "(make a key with `nindy key`)"
            )
        file = KeyFile(key_path(settings))
        return Vault(file.encryption, file.index, file.newer)
    except (ValueError, TypeError, KeyError) as error:
        raise StartupError(f"encryption keys are unusable: {type(error).__name__}") from None


def key_path(settings: Settings) -> Path:
    """Return where the keys of a single machine are."""
    return settings.var_dir / "keys.json"


def new_key() -> str:
    """Make a fresh key."""
    return Fernet.generate_key().decode()


_HIDDEN = "•"
"""Not an asterisk: in WhatsApp a pair of those makes bold text of what they should hide."""


def mask_number(value: str, shown: int = 4) -> str:
    """Mask all but the last digits, at least half of them: ``••••••7890``."""
    hidden = max(len(value) - shown, (len(value) + 1) // 2)
    return _HIDDEN * hidden + value[hidden:]


def mask_email(value: str) -> str:
    """Mask an address: ``a•••@domain``."""
    name, _, domain = value.partition("@")
    return f"{name[:1]}{_HIDDEN * 3}@{domain}"


# Wide on purpose: in a log a word too many is lost sooner than an address kept.
_EMAIL = re.compile(r"""[^\s@<>"(),:;\[\]\\]{1,64}(?:@|%40)[\w.-]+""")
BETWEEN_DIGITS = r"[\s._()\-\u00ad\u2010-\u2015\u2212\u200b-\u200f\u2060\ufeff]{0,8}"
"""A pattern for what may part the digits of one number: blanks and signs, seen or not."""
_DIGITS = re.compile(rf"\d(?:{BETWEEN_DIGITS}\d){{5,}}")


def redact(text: str) -> str:
    """Take e-mail addresses and runs of six digits or more out of a line for the log."""
    return _DIGITS.sub("<n>", _EMAIL.sub("<email>", text))
