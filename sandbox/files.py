"""Files at the stand-in of WhatsApp: what people sent, and what the bot uploaded."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

KEEP = 200
ADDRESS_LIVES = timedelta(minutes=5)
_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n"
)
_PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg=="
)
SAMPLES = {
    "image": ("", "image/png", _PNG),
    "video": ("", "video/mp4", b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"),
    "audio": ("", "audio/ogg", b"OggS\x00\x02" + bytes(20) + b"\x01\x13OpusHead"),
    "document": ("surat.pdf", "application/pdf", _PDF),
    "sticker": ("", "image/webp", b"RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00/"),
}
"""Name, type and content of what is sent when no file is chosen; the smallest of each kind."""


@dataclass(frozen=True)
class File:
    """A file."""

    id: str
    name: str
    type: str
    content: bytes

    @property
    def digest(self) -> bytes:
        """Its SHA-256."""
        return hashlib.sha256(self.content).digest()

    def as_json(self) -> dict[str, object]:
        """Shape for the control API."""
        return {"id": self.id, "name": self.name, "type": self.type, "size": len(self.content)}


class Files:
    """The newest files by id, and the addresses under which they can be fetched for a while."""

    def __init__(self) -> None:
        self._files: dict[str, File] = {}
        self._addresses: dict[str, tuple[str, datetime]] = {}

    def reset(self) -> None:
        """Forget everything."""
        self._files.clear()
        self._addresses.clear()

    def add(self, name: str, type: str, content: bytes) -> File:
        """Keep a file."""
        file = File(str(uuid4().int)[:16], name, type, content)
        self._files[file.id] = file
        if len(self._files) > KEEP:
            del self._files[next(iter(self._files))]
        return file

    def get(self, id: str) -> File | None:
        """Find a file."""
        return self._files.get(id)

    def drop(self, id: str) -> bool:
        """Forget a file; say whether it was there."""
        return self._files.pop(id, None) is not None

    def address(self, file: File, now: datetime) -> str:
        """Return the name under which a file can be fetched until its time is over."""
        name = uuid4().hex
        self._addresses[name] = (file.id, now + ADDRESS_LIVES)
        if len(self._addresses) > KEEP:
            del self._addresses[next(iter(self._addresses))]
        return name

    def at(self, address: str, now: datetime) -> File | None:
        """Find the file of an address that is still good."""
        id, until = self._addresses.get(address, ("", now))
        return self.get(id) if until > now else None
