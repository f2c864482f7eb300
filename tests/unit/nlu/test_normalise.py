from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.lexicon import Lexicon
from bot.nlu.normalise import has_digit, normalise

DATA = Path(__file__).parents[3] / "data"

LEXICON = Lexicon.load(DATA / "lexicon")
#: Any digit of any script, and what people put before it.
NUMBERED = st.tuples(
    st.sampled_from(["tik", "TIK", "layanan tik", "tik tik", "tikk"]),
    st.sampled_from(["", " ", ".", "-", ". ", " - ", "_"]),
    st.characters(whitelist_categories=["Nd", "No"]) | st.integers(0, 999).map(str),
    st.sampled_from(["", " ", ".", " 4", "a"]),
).map("".join)
INFORMAL = st.lists(st.sampled_from(sorted(LEXICON.slang)) | st.text(max_size=8)).map(" ".join)


def plain(text: str) -> str:
    return normalise(text, LEXICON.slang, LEXICON.emoji, LEXICON.numbered)


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


@pytest.mark.parametrize("written", ["tik{}", "tik {}", "TIK.{}", "Tik-{}", "tik. {}", "tik _{}"])
@pytest.mark.parametrize("digit", "12345")
def test_a_digit_joins_the_word_that_it_numbers(written: str, digit: str) -> None:
    assert plain(f"layanan {written.format(digit)} apa?") == f"layanan tik{digit} apa"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tik 12", "tik 12"),
        ("tik 3 4", "tik3 4"),
        ("tik dan 3", "tik dan 3"),
        ("batik 3", "batik 3"),
        ("sp2d 3", "sp2d 3"),
        ("3 tik", "3 tik"),
        ("tik", "tik"),
    ],
)
def test_only_a_single_digit_right_after_the_word_joins(text: str, words: str) -> None:
    assert plain(text) == words


@given(st.text() | INFORMAL | NUMBERED)
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = plain(text)
    assert plain(once) == once


@given(st.from_regex(r"[a-z0-9]*[0-9][a-z0-9]*", fullmatch=True), INFORMAL)
def test_tokens_with_digits_are_never_changed(token: str, around: str) -> None:
    assert token in plain(f"{around} kode {token} {around}").split()
    assert has_digit(token)


def test_the_slang_list_is_sound(lexicon: Lexicon) -> None:
    assert len(lexicon.slang) >= 200
    for word, words in lexicon.slang.items():
        assert plain(words) == words, word
        assert word != words
