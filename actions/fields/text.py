"""A message made plain, and the labels in it ("norek", "kode satkernya")."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice

from actions.fields.words import field_words

LONGEST = 4096
"""Characters of a message that are looked at; the longest WhatsApp text."""

MOST_LABELS = 60
"""Labels of a message that are looked at."""

MASK = "|"
EMAIL = re.compile(
    r"""(?<![^\s,;:<>()\[\]"'=|])[A-Z0-9._%+-]{1,64}"""
    r"""(?:\ ?@\ ?|\ ?[\[({]at[\])}]\ ?)[A-Z0-9-]{1,63}(?:\.[A-Z0-9-]{1,63}){1,9}(?![\w@])""",
    re.IGNORECASE | re.ASCII | re.VERBOSE,
)
TICKET = re.compile(
    r"(?<![A-Z0-9])(?:(\d{8})( ?- ?| ?)([A-Z0-9]{6})|HAI ?-? ?(\d{9}))(?![A-Z0-9])",
    re.IGNORECASE | re.ASCII,
)
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r" ?\n[ \n]*")
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"), "-")
_QUOTES = dict.fromkeys(map(ord, "\u2018\u2019\u02bc\u00b4`"), "'")
_IDENTITY = ("nik", "nip", "nrp")


@dataclass(frozen=True)
class Hit:
    """A value read from a message, and where it stood."""

    value: str
    start: int
    end: int
    field: str = ""


@dataclass(frozen=True)
class Label:
    """Where a message names a field; ``fields`` is empty for things that are no field."""

    fields: tuple[str, ...]
    start: int
    end: int


def _plain(char: str) -> str:
    if char.isascii():
        return char if char.isprintable() or char == "\n" else " "
    category = unicodedata.category(char)
    if category == "Nd":
        return str(unicodedata.decimal(char))
    if category == "Cf":
        return ""
    return " " if category[0] in "ZC" else char


def clean(text: str) -> str:
    """Return ``text`` in plain characters.

    NFKC (full-width digits), decimal digits of any script as ASCII, zero-width characters gone,
    one kind of dash and apostrophe, single blanks, single newlines, at most ``LONGEST`` long.
    """
    text = unicodedata.normalize("NFKC", text[:LONGEST])[:LONGEST]
    text = "".join(map(_plain, text.translate(_DASHES).translate(_QUOTES)))
    # Dropping a zero-width character may let two others combine.
    text = unicodedata.normalize("NFKC", text)
    return _LINES.sub("\n", _SPACES.sub(" ", text)).strip()


def masked(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """Return ``text`` of the same length with the spans blotted out."""
    for start, end in spans:
        text = text[:start] + MASK * (end - start) + text[end:]
    return text


@cache
def words_pattern(name: str) -> re.Pattern[str]:
    """Return a pattern for the whole words of a list of ``fields.yml``, longest first."""
    words = sorted(field_words().lists[name], key=len, reverse=True)
    choice = "|".join(re.escape(word).replace(r"\ ", " ") for word in words)
    return re.compile(rf"(?<!\w)(?:{choice})(?!\w)", re.IGNORECASE)


@lru_cache(maxsize=1)
def _label_fields() -> dict[str, tuple[str, ...]]:
    words = field_words()
    found: dict[str, tuple[str, ...]] = {_key(word): () for word in words.lists["other"]}
    for field, labels in words.labels.items():
        owners: tuple[str, ...] = (field,)
        if field in _IDENTITY:
            owners = (field, "identitas")
        elif field == "identitas":
            owners = ("identitas", *_IDENTITY)
        found.update({_key(label): owners for label in labels})
    return found


def _key(label: str) -> str:
    return re.sub(r"[ ._:-]", "", label).lower()


@lru_cache(maxsize=1)
def _label_pattern() -> re.Pattern[str]:
    words = field_words()
    labels = [*words.lists["other"], *(one for many in words.labels.values() for one in many)]
    choices = []
    for label in sorted(set(labels), key=len, reverse=True):
        choice = "[ ._-]?".join(re.escape(part) for part in re.split(r"[ -]", label.rstrip(":")))
        choices.append(choice + (" ?:" if label.endswith(":") else ""))
    number = "|".join(words.lists["number"])
    owner = "|".join(words.lists["owner"])
    letter = r"[^\W\d_]"
    return re.compile(
        rf"(?<![\w/@])(?:(?:{number})[ .:_-]{{0,2}})?(?P<label>{'|'.join(choices)})"
        rf"(?:[ -]?(?:{owner}))?(?:(?<=:)|(?!{letter}|@|/{letter}))"
        rf"(?:[ .]{{0,2}}(?:{number})(?:{owner})?(?!{letter})[.:]?)?",
        re.IGNORECASE,
    )


def labels_in(text: str) -> list[Label]:
    """Return the labels in a clean text, in order; never inside an e-mail address or a ticket."""
    guarded = [match.span() for match in EMAIL.finditer(text)]
    guarded += [match.span() for match in TICKET.finditer(text)]
    known = _label_fields()
    found: list[Label] = []
    for match in islice(_label_pattern().finditer(text), MOST_LABELS):
        start, end = match.span()
        if any(left < end and start < right for left, right in guarded):
            continue
        fields = known.get(_key(match["label"]), ())
        if "kode_satker" in fields and found and "tipe_supplier" in found[-1].fields:
            # In "tipe supplier satker" the word is the value, unless a number follows it.
            touches = not re.search(r"\w", text[found[-1].end : start])
            if touches and not re.match(r"\W{0,3}\d", text[end : end + 4]):
                continue
        found.append(Label(fields, start, end))
    return found
