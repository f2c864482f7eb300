"""Texts cut to the lengths that WhatsApp allows.

How Meta counts emoji and joined characters is not documented. A text of plain letters may fill
its limit; one with anything else counts in UTF-16 units and stays `RESERVE` below.
"""

from __future__ import annotations

import re
import unicodedata

RESERVE = 2
"""Units kept free when a text holds characters whose length is not certain."""

_MORE = "…"
_JOINER = "\u200d"
_SENTENCE = re.compile(r"[.!?…]+[*_)\"”]*(?=\s)|(?=\n)")


def length(text: str) -> int:
    """Return the length as WhatsApp may count it at worst."""
    units = sum(map(_units, text))
    return units + (RESERVE if any(map(_uncertain, text)) else 0)


def cut(text: str, limit: int) -> str:
    """Return the text, cut at a word's end with an ellipsis if it is longer than `limit`."""
    if length(text) <= limit:
        return text
    head, at_bound = _head(text, limit - len(_MORE))
    if not at_bound:
        bound = max(head.rfind(" "), head.rfind("\n"))
        if bound >= len(head) // 2:
            head = head[:bound]
    return (head.rstrip(" \n\t.,;:-\u2013") or head) + _MORE


def cut_sentences(text: str, limit: int) -> str:
    """Like `cut`, but at a sentence's end where one is in the second half."""
    if length(text) <= limit:
        return text
    head, _ = _head(text, limit - len(_MORE) - 1)
    ends = [match.end() for match in _SENTENCE.finditer(head)]
    if ends and ends[-1] >= len(head) // 2:
        return f"{head[: ends[-1]].rstrip()} {_MORE}"
    return cut(text, limit)


def _head(text: str, room: int) -> tuple[str, bool]:
    """Return what fits into `room` without splitting a character, and whether a word ends."""
    if any(map(_uncertain, text)):
        room -= RESERVE
    end = used = 0
    for character in text:
        used += _units(character)
        if used > room:
            break
        end += 1
    whole = end
    while whole and (_clings(text[whole]) or text[whole - 1] == _JOINER):
        whole -= 1
    end = whole or end
    return text[:end], text[end].isspace()


def _units(character: str) -> int:
    return 2 if ord(character) > 0xFFFF else 1


def _uncertain(character: str) -> bool:
    return ord(character) > 0xFFFF or _clings(character)


def _clings(character: str) -> bool:
    """Whether a character is drawn together with the one before it."""
    if character < "\u0300":
        return False
    modifier = "\U0001f3fb" <= character <= "\U0001f3ff"
    return modifier or character == _JOINER or unicodedata.category(character) in {"Mn", "Me", "Mc"}
