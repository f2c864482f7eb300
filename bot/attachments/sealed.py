"""A file at rest: pieces, each sealed with the vault's keys, so that memory stays bounded.

Each piece is a length of four bytes and a sealed record: the file's id, the piece's number,
whether it is the last, and its bytes. So pieces can be neither moved, swapped, left out nor taken
from another file. A whole file in one seal would be simpler, and would cost a multiple of its
size in memory for every upload that runs.
"""

from __future__ import annotations

import itertools
import os
import struct
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from cryptography.fernet import InvalidToken

from bot.errors import FileLost
from bot.privacy import Vault

PIECE = 256 * 1024
"""Bytes in the clear of every piece but the last."""

_LENGTH = struct.Struct(">I")
_RECORD = struct.Struct(">16sI?")
_LONGEST = 2 * PIECE


def write(path: Path, vault: Vault, id: str, file: IO[bytes]) -> None:
    """Seal a file from its beginning; it has its name only once all of it is on disk."""
    _write(path, _sealed(vault, id, file))


def _sealed(vault: Vault, id: str, file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    piece, number = file.read(PIECE), 0
    while piece:
        following = file.read(PIECE)
        record = _RECORD.pack(uuid.UUID(id).bytes, number, not following)
        yield vault.seal_bytes(record + piece)
        piece, number = following, number + 1


def renew(path: Path, vault: Vault, id: str) -> bool:
    """Seal a file with the newest key if an older one did; say whether it was so.

    A file that is removed meanwhile comes back without a row, as one whose upload was never
    finished, and is swept away like it.

    Raises:
        FileLost: It is not what was written, or none of the keys opens it.
    """
    try:
        fresh = [vault.renewed_bytes(one) for one in itertools.islice(_records(path), 1)]
        if fresh in ([], [None]):
            return False
        for _ in read(path, vault, id):
            pass  # What is damaged stays as it is.
        _write(path, (vault.renewed_bytes(one) or one for one in _records(path)))
    except FileNotFoundError:
        return False
    except InvalidToken:
        raise FileLost("damaged") from None
    return True


def _write(path: Path, records: Iterator[bytes]) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as out:
            for sealed in records:
                out.write(_LENGTH.pack(len(sealed)) + sealed)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _records(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while head := file.read(_LENGTH.size):
            if len(head) != _LENGTH.size:
                raise FileLost("damaged")
            (length,) = _LENGTH.unpack(head)
            if length > _LONGEST:
                raise FileLost("damaged")
            yield file.read(length)


def read(path: Path, vault: Vault, id: str) -> Iterator[bytes]:
    """Open a file piece by piece.

    Raises:
        FileLost: It is not there, or is not what was written.
    """
    try:
        last = False
        for number, sealed in enumerate(_records(path)):
            if last:
                raise FileLost("damaged")
            opened = vault.open_bytes(sealed)
            whose, which, last = _RECORD.unpack_from(opened)
            if (whose, which) != (uuid.UUID(id).bytes, number):
                raise FileLost("damaged")
            yield opened[_RECORD.size :]
        if not last:
            raise FileLost("damaged")
    except FileNotFoundError:
        raise FileLost("not there") from None
    except (InvalidToken, struct.error):
        raise FileLost("damaged") from None
