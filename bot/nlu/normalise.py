"""Bring a message into plain words. Pure, and idempotent: plain words stay as they are.

A token that holds a digit (an SP2D, a NIK, "sp2d" itself) is folded in case and never changed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping

_TOKEN = re.compile(r"[^\W_]+")
_RUN = re.compile(r"([a-z])\1{2,}")


def normalise(
    text: str,
    slang: Mapping[str, str],
    emoji: Mapping[str, str],
    numbered: Collection[str] = (),
) -> str:
    """Return the plain words of a text, one blank between them.

    Args:
        text: What the user wrote.
        slang: Informal word to plain words.
        emoji: Sign to plain words.
        numbered: Words that a digit after them belongs to ("TIK.3", "tik 3": "tik3").
    """
    for sign, plain in emoji.items():
        text = text.replace(sign, f" {plain} ")
    tokens: list[str] = []
    for token in _TOKEN.findall(_fold(text)):
        if tokens and tokens[-1] in numbered and len(token) == 1 and token.isdecimal():
            tokens[-1] += token
        else:
            tokens.append(token)
    return " ".join(_plain(token, slang) for token in tokens)


def has_digit(token: str) -> bool:
    """Tell whether a token holds a digit of any script."""
    return any(letter.isdigit() for letter in token)


def _fold(text: str) -> str:
    """Apply NFKC and casefold until both leave the text alone; once is not always enough."""
    while (folded := unicodedata.normalize("NFKC", text).casefold()) != text:
        text = folded
    return text


def _plain(token: str, slang: Mapping[str, str]) -> str:
    if has_digit(token):
        return token
    if token in slang:
        return slang[token]
    squeezed = _RUN.sub(r"\1", token)
    return slang.get(squeezed, squeezed)
