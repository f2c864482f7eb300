"""The widget's sentences: each is there, and says what it should with what it gets."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from bot.channels.webchat.words import ChatWords
from bot.errors import DataError
from tests.conftest import PROJECT

DATA = PROJECT / "data/webchat"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DATA, tmp_path / "webchat"))


def change(path: Path, pattern: str, new: str) -> int:
    """Change the first line that a pattern fits; return its number."""
    text = path.read_text(encoding="utf-8")
    found = re.search(pattern, text, re.MULTILINE)
    assert found is not None
    path.write_text(text[: found.start()] + new + text[found.end() :], encoding="utf-8")
    return text[: found.start()].count("\n") + 1


def test_every_error_the_door_tells_has_its_sentence() -> None:
    from bot.channels.webchat.guard import _STATUS

    words = ChatWords.load(DATA).widget
    assert {f"error_{code}" for code in _STATUS} <= set(words)


@pytest.mark.parametrize(
    ("pattern", "new", "problem"),
    [
        (r"^  send: .*$", "", "'send' is missing"),
        (r"^  send: .*$", "  send: ''", "write a sentence without {"),
        (r"^  send: .*$", "  send: 5", "must be text"),
        (r"^  send: .*$", "  send: Kirim {jumlah}", "without {"),
        (r"^  send: .*$", "  sendd: Kirim", "unknown key 'sendd'"),
        (r"^  agent_name: .*$", "  agent_name: Petugas", "whose placeholders are {nama}"),
        (r"^  agent_name: .*$", "  agent_name: Petugas {name}", "whose placeholders are {nama}"),
    ],
)
def test_a_sentence_that_is_wrong_stops_the_start(
    folder: Path, pattern: str, new: str, problem: str
) -> None:
    line = change(folder / "words.yml", pattern, new)
    with pytest.raises(DataError, match=re.escape(problem)) as caught:
        ChatWords.load(folder)
    assert str(caught.value).startswith(str(folder / "words.yml"))
    if new:
        assert caught.value.line == line


@pytest.mark.parametrize("version", ["x" * 14, "a b", "2026/11", "''"])
def test_a_version_that_does_not_fit_stops_the_start(folder: Path, version: str) -> None:
    change(folder / "notice.yml", r"^version: .*$", f"version: {version}")
    with pytest.raises(DataError, match="1 to 13"):
        ChatWords.load(folder)
