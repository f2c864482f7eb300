from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.lexicon import Lexicon
from bot.nlu.normalise import has_digit, normalise

DATA = Path(__file__).parents[3] / "data"

LEXICON = Lexicon.load(DATA / "lexicon")
INFORMAL = st.lists(st.sampled_from(sorted(LEXICON.slang)) | st.text(max_size=8)).map(" ".join)


def plain(text: str) -> str:
    return normalise(text, LEXICON.slang, LEXICON.emoji)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SP2D sy udh cair blm?", "sp2d saya sudah cair belum"),
        ("HALOOOO   Kak!!", "halo kak"),
        ("gajadi", "tidak jadi"),
        ("ｃｅｋ ＳＰ２Ｄ", "cek sp2d"),
        ("PER-16/PB/2020", "per 16 pb 2020"),
        ("rek 000111", "rekening 000111"),
        ("mfa_sakti", "mfa sakti"),
        ("👍", "ok"),
        ("---", ""),
        ("", ""),
    ],
)
def test_plain_words(text: str, words: str) -> None:
    assert plain(text) == words


@given(st.text() | INFORMAL)
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = plain(text)
    assert plain(once) == once


@given(st.from_regex(r"[a-z0-9]*[0-9][a-z0-9]*", fullmatch=True), INFORMAL)
def test_tokens_with_digits_are_never_changed(token: str, around: str) -> None:
    assert token in plain(f"{around} {token} {around}").split()
    assert has_digit(token)


def test_the_slang_list_is_sound(lexicon: Lexicon) -> None:
    assert len(lexicon.slang) >= 200
    for word, words in lexicon.slang.items():
        assert plain(words) == words, word
        assert word != words
