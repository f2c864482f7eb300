"""What tests of files share: small true examples of every kind, and a store."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

from bot.attachments.files import Files, Kept
from bot.attachments.scanner import Scanner
from bot.privacy import Vault

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"
    b"\x1f\x15\xc4\x89\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99="
    b"\x1d\x00\x00\x00\x00IEND\xaeB`\x82"
)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9"
VOICE = b"OggS\x00\x02" + bytes(20) + b"OpusHead"
# In two parts, so that no scanner takes this very file for the test virus.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-" + b"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
LARGEST = 1024 * 1024

CONTENT_TYPES = b'<Types><Override ContentType="application/vnd.x.main+xml"/></Types>'
DOCX_PARTS = {"[Content_Types].xml": CONTENT_TYPES, "word/document.xml": b"<w:document/>"}
XLSX_PARTS = {"[Content_Types].xml": CONTENT_TYPES, "xl/workbook.xml": b"<workbook/>"}


def archive(parts: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            # Without the time of day: tests that are named by it could not be shared out.
            part = zipfile.ZipInfo(name)
            file.writestr(part, content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def docx(**more: bytes) -> bytes:
    return archive({**DOCX_PARTS, **more})


def open_document(type: str) -> bytes:
    return archive({"mimetype": type.encode(), "content.xml": b"<office/>"})


def store(folder: Path, vault: Vault, largest: int = LARGEST, scanner: str = "") -> Files:
    return Files(folder / "files", vault, largest, Scanner(scanner) if scanner else None)


async def pieces(content: bytes, size: int = 70_000) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def keep(files: Files, content: bytes, name: str = "", id: str = "") -> Kept:
    return await files.keep(pieces(content), name, id)


async def content_of(files: Files, id: str) -> bytes:
    return b"".join([piece async for piece in files.read(id)])


def kept(files: Files, content: bytes, name: str = "") -> Kept:
    """The same for tests that are not asynchronous."""
    return asyncio.run(keep(files, content, name))
