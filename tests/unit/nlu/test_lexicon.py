from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from bot.errors import DataError
from bot.nlu.lexicon import Lexicon

DATA = Path(__file__).parents[3] / "data"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DATA / "lexicon", tmp_path / "lexicon"))


def test_it_survives_json(lexicon: Lexicon) -> None:
    assert Lexicon.from_dict(json.loads(json.dumps(lexicon.as_dict()))) == lexicon


def test_steering_words_are_plain_words(lexicon: Lexicon) -> None:
    for name in ("address", "courtesy", "about", "about_not_before", "choose", "labels"):
        assert not getattr(lexicon, name) & set(lexicon.slang), name


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("  ya2: ya", "holds a digit"),
        ("  gx: gak", "holds 'gak', itself slang"),
        ("  gx: 5", "must map a word to words"),
        ("  gx: true", "must map a word to words"),
    ],
)
def test_a_wrong_slang_line_is_named(folder: Path, line: str, problem: str) -> None:
    path = folder / "slang.yml"
    text = path.read_text(encoding="utf-8")
    number = text[: text.index("slang:\n")].count("\n") + 2
    path.write_text(text.replace("slang:\n", f"slang:\n{line}\n"), encoding="utf-8")
    with pytest.raises(DataError, match=problem) as caught:
        Lexicon.load(folder)
    assert caught.value.line == number


def test_a_missing_list_is_named(folder: Path) -> None:
    path = folder / "words.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("choose:", "chose:"), encoding="utf-8")
    with pytest.raises(DataError, match="chose"):
        Lexicon.load(folder)
