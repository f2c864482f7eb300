from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.noise import Noise, turned_round

LOUD = Noise({"tidak": ["ga", "gak"]}, slang=1.0, typo=1.0)
TEXT = "kenapa rekening saya tidak aktif 0012345678 sp2d"


def test_the_same_seed_spoils_alike() -> None:
    assert LOUD.spoil(TEXT, Random(3)) == LOUD.spoil(TEXT, Random(3))
    assert len({LOUD.spoil(TEXT, Random(seed)) for seed in range(10)}) > 1


def test_numbers_stay() -> None:
    assert LOUD.spoil(TEXT, Random(1)).split()[-2:] == ["0012345678", "sp2d"]


def test_no_chance_changes_nothing() -> None:
    assert Noise({"tidak": ["ga"]}, 0.0, 0.0).spoil(TEXT, Random(1)) == TEXT


def test_slang_is_attested() -> None:
    assert Noise({"tidak": ["ga"]}, 1.0, 0.0).spoil("tidak", Random(1)) == "ga"


def test_the_slang_list_is_turned_round() -> None:
    assert turned_round({"ga": "tidak", "gak": "tidak", "gabisa": "tidak bisa"}) == {
        "tidak": ["ga", "gak"]
    }


@pytest.mark.parametrize("seed", range(20))
def test_one_typing_error_moves_at_most_one_letter(seed: int) -> None:
    spoilt = Noise({}, 0.0, 1.0).spoil("rekening", Random(seed))
    assert spoilt[0] == "r"
    assert abs(len(spoilt) - len("rekening")) <= 1


@given(st.text(), st.integers())
def test_any_text_can_be_spoilt(text: str, seed: int) -> None:
    assert len(LOUD.spoil(text, Random(seed)).split()) == len(text.split())
