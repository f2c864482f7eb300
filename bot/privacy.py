"""What protects personal data: encryption at rest, keyed hashes, masks.

Keys come from ``NINDY_ENCRYPTION_KEYS`` (newest first, older ones still open what they sealed)
and ``NINDY_INDEX_KEY``; on a single machine they are made once and kept in a file that only its
owner can read.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import os
import re
import uuid
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, MultiFernet

from bot.errors import StartupError
from bot.settings import Settings


class Vault:
    """Seals and opens JSON values and makes look-up keys.

    Args:
        encryption_keys: Fernet keys, newest first.
        index_key: Secret of the look-up keys and signatures; it does not rotate.
    """

    def __init__(self, encryption_keys: list[bytes], index_key: bytes) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in encryption_keys])
        self._index_key = index_key

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
        return _from_file(settings.var_dir / "keys.json")
    except (ValueError, TypeError, KeyError) as error:
        raise StartupError(f"encryption keys are unusable: {type(error).__name__}") from None


def _from_file(path: Path) -> Vault:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make_file(path)
        keys = json.loads(path.read_text())
    except OSError as error:
        raise StartupError(f"{path}: {error.strerror}; Nindy must be able to write there") from None
    return Vault([key.encode() for key in keys["encryption"]], keys["index"].encode())


def _make_file(path: Path) -> None:
    # Complete before it has its name: a second process that starts now reads these same keys.
    draft = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            json.dump({"encryption": [new_key()], "index": new_key()}, file)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


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
_DIGITS = re.compile(r"\d(?:[ .-]?\d){5,}")


def redact(text: str) -> str:
    """Take e-mail addresses and runs of six digits or more out of a line for the log."""
    return _DIGITS.sub("<n>", _EMAIL.sub("<email>", text))
