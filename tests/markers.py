"""Looks for planted personal data in bytes, in every form in which it could have been written."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

_SEPARATED = rb"[ .\-\x00]{0,2}"
_FEWEST_DIGITS = 8
_HEAD = 6
"""Characters of base64 that depend on what stands beside the marker, at most, on each side."""


def forms(marker: str) -> Iterator[bytes]:
    """Every way of writing a marker, in lower case where case means nothing."""
    for text in {marker, quote(marker, safe=""), quote_plus(marker), marker.replace("@", "&#64;")}:
        yield text.lower().encode()
    yield marker.lower().encode("utf-16-le")
    yield marker.lower().encode("utf-16-be")
    yield marker.encode().hex().encode()


def base64_forms(marker: str) -> Iterator[bytes]:
    """What of a marker does not change in base64, for each of the three places it may begin at."""
    for before in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            whole = encode(b"\0" * before + marker.encode())
            first = -(-8 * before // 6)
            yield whole[first : (8 * (before + len(marker.encode()))) // 6]


def pattern(markers: Mapping[str, str]) -> dict[str, re.Pattern[bytes]]:
    """Return what finds each marker."""
    found = {}
    for what, marker in markers.items():
        ways = [re.escape(form) for form in forms(marker)]
        digits = re.sub(r"\D", "", marker)
        if len(digits) >= _FEWEST_DIGITS and len(digits) >= len(marker) - 2:
            ways.append(_SEPARATED.join(bytes([digit]) for digit in digits.encode()))
        exact = b"|".join(re.escape(form) for form in base64_forms(marker))
        found[what] = re.compile(b"(?i:" + b"|".join(ways) + b")|" + exact)
    return found


def leaks(places: Iterable[tuple[str, bytes]], markers: Mapping[str, str]) -> set[tuple[str, str]]:
    """Return which marker stands where."""
    wanted = pattern(markers)
    return {
        (place, what)
        for place, content in places
        for what, found in wanted.items()
        if found.search(content)
    }


def tree(name: str, folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file beneath a folder, and its name."""
    for path in sorted(folder.rglob("*")):
        place = f"{name}/{path.relative_to(folder)}"
        yield f"name of {place}", str(path.relative_to(folder)).encode()
        if path.is_file() and not path.is_symlink():
            try:
                yield place, path.read_bytes()
            except FileNotFoundError:
                continue  # A lock or a draft that ended meanwhile.
