"""Which files are taken: an allow list, told by the content and never by what a name claims.

Nothing is decoded: a picture that unfolds to gigabytes is only bytes here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO

from bot.attachments import archive
from bot.errors import FileRefused

HEAD = 64
"""Bytes in which every signature below lies."""


@dataclass(frozen=True)
class Kind:
    """A kind of file that is taken.

    Attributes:
        type: Its media type.
        extension: What its name ends with.
    """

    type: str
    extension: str


PDF = Kind("application/pdf", "pdf")
JPEG = Kind("image/jpeg", "jpg")
PNG = Kind("image/png", "png")
WEBP = Kind("image/webp", "webp")
OGG = Kind("audio/ogg", "ogg")
MP3 = Kind("audio/mpeg", "mp3")
AAC = Kind("audio/aac", "aac")
AMR = Kind("audio/amr", "amr")
M4A = Kind("audio/mp4", "m4a")
MP4 = Kind("video/mp4", "mp4")
TEXT = Kind("text/plain", "txt")
CSV = Kind("text/csv", "csv")
_OOXML = "application/vnd.openxmlformats-officedocument"
DOCX = Kind(f"{_OOXML}.wordprocessingml.document", "docx")
XLSX = Kind(f"{_OOXML}.spreadsheetml.sheet", "xlsx")
ODS = Kind("application/vnd.oasis.opendocument.spreadsheet", "ods")
ODT = Kind("application/vnd.oasis.opendocument.text", "odt")

KINDS = (PDF, JPEG, PNG, WEBP, OGG, MP3, AAC, AMR, M4A, MP4, TEXT, CSV, DOCX, XLSX, ODS, ODT)

# At the very beginning only: a signature further in belongs to a file that is something else.
_SIGNATURES: tuple[tuple[int, bytes, Kind], ...] = (
    (0, b"%PDF-", PDF),
    (0, b"\xff\xd8\xff", JPEG),
    (0, b"\x89PNG\r\n\x1a\n", PNG),
    (8, b"WEBPVP8", WEBP),
    (0, b"OggS", OGG),
    (0, b"ID3", MP3),
    (0, b"\xff\xfb", MP3),
    (0, b"\xff\xf3", MP3),
    (0, b"\xff\xf2", MP3),
    (0, b"\xff\xf1", AAC),
    (0, b"\xff\xf9", AAC),
    (0, b"#!AMR", AMR),
    (4, b"ftypM4A ", M4A),
    *((4, b"ftyp" + brand, MP4) for brand in (b"isom", b"iso2", b"iso4", b"iso5", b"iso6")),
    *((4, b"ftyp" + brand, MP4) for brand in (b"mp41", b"mp42", b"avc1", b"3gp4", b"3gp5")),
)
_OFFICE = {"word/document.xml": DOCX, "xl/workbook.xml": XLSX, ODS.type: ODS, ODT.type: ODT}

_PIECE = 64 * 1024
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f") | {127})
_OTHER_TEXT = (b"<", b"#!", b"%!", b"{\\rtf", b"MZ")
"""How texts begin that a program runs or shows as something else: markup, scripts, PostScript."""
_BOM = b"\xef\xbb\xbf"


def sniff(file: IO[bytes], name: str) -> Kind:
    """Tell what a file is.

    Args:
        file: The file; where it stands afterwards is not said.
        name: What it is called; it decides between two names for plain text, and nothing else.

    Raises:
        FileRefused: ``empty``, a ``type`` that is not taken, or ``unsafe`` inside.
    """
    file.seek(0)
    head = file.read(HEAD)
    if not head:
        raise FileRefused("empty")
    for place, signature, kind in _SIGNATURES:
        if head.startswith(signature, place) and (kind is not WEBP or head.startswith(b"RIFF")):
            return kind
    if head.startswith(archive.SIGNATURE):
        return _OFFICE[archive.main_part(file, frozenset(_OFFICE))]
    if not _is_text(file, head):
        raise FileRefused("type")
    return CSV if name.lower().endswith(".csv") else TEXT


def _is_text(file: IO[bytes], head: bytes) -> bool:
    if head.removeprefix(_BOM).lstrip().startswith(_OTHER_TEXT):
        return False
    file.seek(0)
    while piece := file.read(_PIECE):
        if len(piece.translate(None, _CONTROLS)) != len(piece):
            return False
    return True
