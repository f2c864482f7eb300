"""Names of files, made harmless: what somebody else called them is a label and nothing more."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

from bot.attachments.kinds import Kind

LONGEST = 80
"""Characters of a name before its extension."""
_NAMELESS = {"image": "foto", "audio": "suara", "video": "video"}
_FORBIDDEN = re.compile(r'[<>:"|?*;%]')
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,5}$")
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")


def label(claimed: str) -> str:
    """Return what somebody calls a file, without folders, controls and tricks; may be empty."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", claimed))[-1]
    # Controls, and marks that turn the direction: "gaji<RLO>fdp.exe" reads "gajiexe.pdf".
    shown = "".join(
        " " if character.isspace() else character
        for character in last
        if character.isspace() or unicodedata.category(character)[0] != "C"
    )
    return _FORBIDDEN.sub("", " ".join(shown.split()))


def safe_name(claimed: str, kind: Kind) -> str:
    """Return a harmless name that ends as the content asks.

    Args:
        claimed: What the sender calls it; may be empty.
        kind: What it is.
    """
    stem = _EXTENSION.sub("", label(claimed)).strip(" .")[:LONGEST].rstrip(" .")
    stem = stem or _NAMELESS.get(kind.type.partition("/")[0], "berkas")
    if _DEVICES.match(stem):
        stem = f"_{stem}"
    return f"{stem}.{kind.extension}"


def disposition(name: str) -> str:
    """Return the header ``Content-Disposition`` with which a browser saves and never shows."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", ascii_name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
