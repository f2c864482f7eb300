"""The store of files: a folder that several machines may share, with every file sealed."""

from __future__ import annotations

import asyncio
import errno
import itertools
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bot.attachments import sealed
from bot.attachments.kinds import sniff
from bot.attachments.names import safe_name
from bot.attachments.scanner import Scanner, Verdict
from bot.errors import FileRefused, StartupError
from bot.privacy import Vault

_DAY = 24 * 3600
LEAST_ROOM = 1024**3
"""Bytes that stay free on the disk, which may be the ledger's too: files never fill it."""


@dataclass(frozen=True)
class Kept:
    """A file that is in the store.

    Attributes:
        id: Its name there (UUID), and its row's id in the ledger.
        name: A harmless form of what its sender calls it, ending as its content asks.
        type: Its media type, by its content.
        size: Its bytes.
        clean: Whether it may be handed out; otherwise the scanner must look once more.
    """

    id: str
    name: str
    type: str
    size: int
    clean: bool


class Files:
    """Takes files in and hands them out. What is known of a file is in the ledger, not here.

    Args:
        folder: Where they are.
        vault: Seals them.
        largest: Bytes a file may have.
        scanner: Looks for what is dangerous; None trusts the list of kinds alone.

    Raises:
        StartupError: The folder cannot be written.
    """

    def __init__(self, folder: Path, vault: Vault, largest: int, scanner: Scanner | None) -> None:
        self.largest = largest
        self._folder = folder
        self._vault = vault
        self._scanner = scanner
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._unnamed().close()
        except OSError as error:
            raise StartupError(
                f"{folder}: {error.strerror}; set NINDY_FILES_DIR to a folder Nindy may write"
            ) from None

    async def keep(self, pieces: AsyncIterable[bytes], name: str, id: str = "") -> Kept:
        """Take a file in while it is read; it is on disk when this returns.

        Args:
            pieces: Its bytes.
            name: What its sender calls it; may be empty.
            id: A UUID that was given out before; a file of that id is replaced.

        Raises:
            FileRefused: ``empty``, too ``large``, of a ``type`` that is not taken, ``unsafe``
                inside, or ``infected``. Nothing is kept.
            OSError: The disk is nearly full, or away.
        """
        if shutil.disk_usage(self._folder).free < LEAST_ROOM + self.largest:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._folder))
        with self._unnamed() as file:
            size = 0
            async for piece in pieces:
                size += len(piece)
                if size > self.largest:
                    raise FileRefused("large")
                await asyncio.to_thread(_write, file, piece)
            kind = await asyncio.to_thread(sniff, file, name)
            verdict = await self._scan(file)
            if verdict is Verdict.INFECTED:
                raise FileRefused("infected")
            id = id or str(uuid.uuid4())
            await asyncio.to_thread(sealed.write, self._path(id), self._vault, id, file)
        clean = verdict is Verdict.CLEAN
        return Kept(id, safe_name(name, kind), kind.type, size, clean)

    async def read(self, id: str) -> AsyncIterator[bytes]:
        """Hand a file out in pieces.

        Raises:
            FileLost: It is not there, or is not what was kept.
        """
        pieces = sealed.read(self._path(id), self._vault, id)
        while piece := await asyncio.to_thread(next, pieces, b""):
            yield piece

    @asynccontextmanager
    async def unsealed(self, id: str) -> AsyncIterator[IO[bytes]]:
        """Give a file in the clear, without a name, for as long as the context lasts.

        Raises:
            FileLost: It is not there, or is not what was kept.
        """
        with self._unnamed() as file:
            async for piece in self.read(id):
                await asyncio.to_thread(_write, file, piece)
            file.seek(0)
            yield file

    async def scan_again(self, id: str) -> Verdict:
        """Let the scanner look at a file that is kept.

        Raises:
            FileLost: It is not there, or is not what was kept.
        """
        async with self.unsealed(id) as file:
            return await self._scan(file)

    async def drop(self, id: str) -> None:
        """Remove a file; one that is gone already is no matter."""
        await asyncio.to_thread(self._path(id).unlink, missing_ok=True)

    def every(self) -> list[str]:
        """Return the ids of all files. Reads the whole folder."""
        return sorted(path.name for path in self._paths() if not path.suffix)

    def renew(self, id: str) -> bool:
        """Seal a file with the newest key if an older one did; say whether it was so.

        Raises:
            FileLost: None of our keys opens it.
        """
        return sealed.renew(self._path(id), self._vault, id)

    def stale(self) -> list[str]:
        """Return the ids of files that are older than a day, for whoever knows which belong.

        Drafts of that age, which a killed process left, are removed. Reads the whole folder.
        """
        until = time.time() - _DAY
        found = []
        for path in self._paths():
            if path.stat().st_mtime < until:
                if path.suffix:
                    path.unlink(missing_ok=True)
                else:
                    found.append(path.name)
        return found

    def _paths(self) -> Iterator[Path]:
        return itertools.chain.from_iterable(p.iterdir() for p in self._folder.iterdir())

    async def _scan(self, file: IO[bytes]) -> Verdict:
        if self._scanner is None:
            return Verdict.CLEAN
        return await self._scanner.scan(file)

    def _path(self, id: str) -> Path:
        name = str(uuid.UUID(id))
        return self._folder / name[:2] / name

    def _unnamed(self) -> IO[bytes]:
        # Without a name it goes with the process, however that ends: nothing stays in the clear.
        # Without a buffer the scanner, which shares its place in the file, confuses nobody.
        return tempfile.TemporaryFile(dir=self._folder, buffering=0)


def _write(file: IO[bytes], piece: bytes) -> None:
    left = memoryview(piece)
    while left:
        left = left[file.write(left) :]
