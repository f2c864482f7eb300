"""The keys of a single machine, in a file that only its owner can read.

Processes that run look whether the file has changed, so a key that is added seals at once
everywhere, and none that still opens something is missed.
"""

from __future__ import annotations

import contextlib
import json
import os
import uuid
from collections.abc import Mapping
from pathlib import Path

from cryptography.fernet import Fernet

from bot.errors import StartupError


class KeyFile:
    """The file.

    Args:
        path: Where it is; it is made when it is not there.

    Raises:
        StartupError: It can be neither read nor made.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                self._write({"encryption": [_new()], "index": _new()}, replace=False)
            self._seen = self._stamp()
            keys = json.loads(path.read_text())
        except OSError as error:
            raise StartupError(
                f"{path}: {error.strerror}; Nindy must be able to write there"
            ) from None
        self.encryption = [key.encode() for key in keys["encryption"]]
        self.index: bytes = keys["index"].encode()

    def newer(self) -> list[bytes] | None:
        """Return the encryption keys if the file has changed since they were read last."""
        try:
            stamp = self._stamp()
            if stamp == self._seen:
                return None
            keys = json.loads(self._path.read_text())["encryption"]
        except (OSError, ValueError, KeyError):
            return None  # What was read before still opens what was sealed.
        self._seen, self.encryption = stamp, [key.encode() for key in keys]
        return self.encryption

    def add(self) -> None:
        """Put a fresh key in front: from now on it seals, and the others open."""
        self._change([_new().encode(), *self.encryption])

    def drop_old(self) -> None:
        """Keep the newest key alone."""
        self._change(self.encryption[:1])

    def _change(self, keys: list[bytes]) -> None:
        told = {"encryption": [key.decode() for key in keys], "index": self.index.decode()}
        self._write(told, replace=True)

    def _stamp(self) -> tuple[int, int]:
        found = self._path.stat()
        return found.st_ino, found.st_mtime_ns

    def _write(self, keys: Mapping[str, object], replace: bool) -> None:
        # Complete before it has its name: a process that reads now finds all of it.
        draft = self._path.with_name(f"{self._path.name}.{uuid.uuid4().hex}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w") as file:
                json.dump(keys, file)
                file.flush()
                os.fsync(file.fileno())
            if replace:
                draft.replace(self._path)
            else:
                # Of two that make it at once the second reads what the first made.
                with contextlib.suppress(FileExistsError):
                    os.link(draft, self._path)
        finally:
            draft.unlink(missing_ok=True)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _new() -> str:
    return Fernet.generate_key().decode()
