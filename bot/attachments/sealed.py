"""A file at rest: pieces, each sealed with the vault's keys, so that memory stays bounded.

Each piece is a length of four bytes and a sealed record: the file's id, the piece's number,
whether it is the last, and its bytes. So pieces can be neither moved, swapped, left out nor taken
from another file. A whole file in one seal would be simpler, and would cost a multiple of its
size in memory for every upload that runs.
"""

from __future__ import annotations

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
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as out:
            file.seek(0)
            piece, number = file.read(PIECE), 0
            while piece:
                following = file.read(PIECE)
                record = _RECORD.pack(uuid.UUID(id).bytes, number, not following)
                sealed = vault.seal_bytes(record + piece)
                out.write(_LENGTH.pack(len(sealed)) + sealed)
                piece, number = following, number + 1
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


def read(path: Path, vault: Vault, id: str) -> Iterator[bytes]:
    """Open a file piece by piece.

    Raises:
        FileLost: It is not there, or is not what was written.
    """
    try:
        with path.open("rb") as file:
            number, last = 0, False
            while head := file.read(_LENGTH.size):
                if last or len(head) != _LENGTH.size:
                    raise FileLost("damaged")
                (length,) = _LENGTH.unpack(head)
                if length > _LONGEST:
                    raise FileLost("damaged")
                opened = vault.open_bytes(file.read(length))
                whose, which, last = _RECORD.unpack_from(opened)
                if (whose, which) != (uuid.UUID(id).bytes, number):
                    raise FileLost("damaged")
                yield opened[_RECORD.size :]
                number += 1
            if not last:
                raise FileLost("damaged")
    except FileNotFoundError:
        raise FileLost("not there") from None
    except (InvalidToken, struct.error):
        raise FileLost("damaged") from None
