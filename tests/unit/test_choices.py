"""The choices that forms offer: their file is checked down to the last word."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from actions import choices
from bot.errors import DataError


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(choices, "_FILE", tmp_path / "choices.yml")
    choices._choices.cache_clear()
    yield tmp_path / "choices.yml"
    choices._choices.cache_clear()


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("kirim", "'kirim' must be a list, not text"),
        ("", "'kirim' is missing"),
        ("[ya, 1]", "an item of 'kirim' must be text"),
        ("[ya, null]", "an item of 'kirim' must be text"),
    ],
)
def test_what_is_no_list_of_words_is_named_with_its_line(
    file: Path, words: str, problem: str
) -> None:
    file.write_text(f"konfirmasi:\n  kirim: {words}\n", encoding="utf-8")
    with pytest.raises(DataError, match=problem) as caught:
        choices.check()
    assert caught.value.line == 2
