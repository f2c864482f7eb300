"""Looks for planted personal data in bytes, in every form in which it could have been written."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

_SEPARATED = rb"[ .\-\x00]{0,2}"
_FEWEST_DIGITS = 8


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


def leaks(places: Iterable[tuple[str, bytes]], markers: Mapping[str, str]) -> set[tuple[str, str]]:
    """Return which marker stands where."""
    wanted = [
        (what, set(forms(marker)), set(base64_forms(marker)), _digits(marker))
        for what, marker in markers.items()
    ]
    found = set()
    for place, content in places:
        lowered = content.lower()
        for what, plain, encoded, digits in wanted:
            # Looking for bytes is many times quicker than any pattern of them.
            if (
                any(form in lowered for form in plain)
                or any(form in content for form in encoded)
                or (digits is not None and digits.search(content))
            ):
                found.add((place, what))
    return found


def _digits(marker: str) -> re.Pattern[bytes] | None:
    digits = re.sub(r"\D", "", marker)
    if len(digits) < max(_FEWEST_DIGITS, len(marker) - 2):
        return None
    return re.compile(_SEPARATED.join(re.escape(digit.encode()) for digit in digits))


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
