"""Who this process is, and which others on this machine are gone.

Each process locks a file of its own while it lives. The lock ends with the process, however it
ends, so after a ``kill -9`` its leases can be taken over at once; those of other machines run out
by themselves.
"""

from __future__ import annotations

import fcntl
import hashlib
import socket
import uuid
from pathlib import Path
from typing import IO

from bot.errors import StartupError


class Owner:
    """This process's name on leases, backed by a locked file.

    Args:
        folder: Where the lock files of this machine are.

    Raises:
        StartupError: The folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._place = _place(folder)
            self.name = f"{self._place}{uuid.uuid4().hex[:12]}"
            self._file = self._path(self.name).open("w")
        except OSError as error:
            raise StartupError(f"{folder}: {error.strerror}") from None
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def dead(self, names: list[str]) -> list[str]:
        """Return those of `names` that lived on this machine and folder and do so no more."""
        return [name for name in names if name != self.name and self._is_dead(name)]

    def close(self) -> None:
        """Give the name up."""
        self._path(self.name).unlink(missing_ok=True)
        self._file.close()

    def _is_dead(self, name: str) -> bool:
        if not name.startswith(self._place):
            return False
        path = self._path(name)
        try:
            with path.open("r+") as file:
                return self._lock_is_free(file, path)
        except FileNotFoundError:
            return True
        except OSError:
            return False

    @staticmethod
    def _lock_is_free(file: IO[str], path: Path) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        path.unlink(missing_ok=True)
        return True

    def _path(self, name: str) -> Path:
        return self._folder / (name.replace(":", "-") + ".lock")


def _place(folder: Path) -> str:
    # Only who shares this very folder may be declared dead for want of a lock file in it. Its path
    # does not tell: containers have the same, and with the host's network the same host name.
    host, kept = socket.gethostname(), folder.stat()
    which = f"{host}\0{kept.st_dev}:{kept.st_ino}"
    return f"{host[:20]}:{hashlib.sha256(which.encode()).hexdigest()[:12]}:"
