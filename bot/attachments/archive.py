"""Looks into documents that are ZIP archives: nothing that runs, nothing that unfolds too far."""

from __future__ import annotations

import errno
import re
import struct
import zipfile
import zlib
from typing import IO

from bot.errors import FileRefused

SIGNATURE = b"PK\x03\x04"
MOST_PARTS = 2_000
LARGEST = 64 * 1024**2
"""Bytes to which all parts together may unfold."""

_HEADER = 30
"""Bytes of the header before each part, beside its name."""
_ENCRYPTED = 0x1
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_PIECE = 64 * 1024
_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, EOFError, ValueError)
_OPENDOCUMENT = "mimetype"
_CONTENT_TYPES = "[Content_Types].xml"
_RUNS = re.compile(
    r"(^|/)((macrosheets|activex|basic|scripts)/|vbaproject|vbadata|oleobject)"
    r"|\.(exe|dll|com|scr|bat|cmd|ps1|js|jse|vbs|vbe|wsf|hta|jar|msi|lnk|zip|rar|7z)$",
    re.IGNORECASE,
)
"""Parts with macros, scripts, controls, embedded programs, or further archives."""


def main_part(file: IO[bytes], known: frozenset[str]) -> str:
    """Return by what an office document is known, after looking at every part of it.

    Args:
        file: The archive.
        known: Names of parts, and media types of OpenDocument, of which it must have one.

    Raises:
        FileRefused: ``type``: not one of these; ``unsafe``: what the module's title says, parts
            that are encrypted, overlap, lie about their size, or want to go elsewhere.
        OSError: The file cannot be read, whatever it is.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            _check_table(parts, archive.start_dir)
            found = _known_by(archive, {part.filename for part in parts}, known)
            _unfold(archive, parts)
    except _BROKEN as error:
        raise FileRefused("unsafe") from error
    except OSError as error:
        # A table that points before the file's beginning; anything else is the disk's fault.
        if error.errno != errno.EINVAL:
            raise
        raise FileRefused("unsafe") from error
    return found


def _check_table(parts: list[zipfile.ZipInfo], end: int) -> None:
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST:
        raise FileRefused("unsafe")
    if len({part.filename for part in parts}) != len(parts):
        raise FileRefused("unsafe")
    for part in parts:
        steps = part.filename.split("/")
        away = ".." in steps or not steps[0] or "\\" in part.filename or ":" in part.filename
        odd = part.flag_bits & _ENCRYPTED or part.compress_type not in _PACKED
        if away or odd or _RUNS.search(part.filename):
            raise FileRefused("unsafe")
    # Several parts that share the same bytes unfold to far more than the archive holds.
    free = 0
    for part in sorted(parts, key=lambda part: part.header_offset):
        if part.header_offset < free:
            raise FileRefused("unsafe")
        free = part.header_offset + _HEADER + len(part.filename) + part.compress_size
    if free > end:
        raise FileRefused("unsafe")


def _known_by(archive: zipfile.ZipFile, names: set[str], known: frozenset[str]) -> str:
    found = names & known
    if _CONTENT_TYPES in names and len(found) == 1:
        if b"macroenabled" in archive.read(_CONTENT_TYPES).lower():
            raise FileRefused("unsafe")
        return found.pop()
    if _OPENDOCUMENT in names:
        type = archive.read(_OPENDOCUMENT).decode("ascii", "replace").strip()
        if type in known:
            return type
    raise FileRefused("type")


def _unfold(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> None:
    # Not more is unfolded than a part says of itself; where that was a lie its checksum fails.
    for part in parts:
        with archive.open(part) as opened:
            while opened.read(_PIECE):
                pass
