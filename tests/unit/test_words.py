"""Sentences come from the domain, and a wrong file says where it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.channels.message import Choice
from bot.errors import DataError
from bot.words import Words
from tests.conftest import PROJECT

DOMAIN = """
responses:
  utter_hello:
    - text: "Hello {name} "
    - text: "Another"
  utter_ask:
    - text: Really?
      buttons:
        - {title: Yes, payload: /affirm}
        - {title: "2", payload: '/pick{"n":2}', description: second}
  utter_none: []
"""


def words(folder: Path, text: str = DOMAIN) -> Words:
    path = folder / "domain.yml"
    path.write_text(text)
    return Words(path)


def test_a_sentence_is_filled_in(tmp_path: Path) -> None:
    assert words(tmp_path).text("utter_hello", name="Siti") == "Hello Siti"


def test_values_are_not_read_as_a_pattern(tmp_path: Path) -> None:
    assert words(tmp_path).text("utter_hello", name="{name} %s") == "Hello {name} %s"


def test_a_bubble_has_its_buttons(tmp_path: Path) -> None:
    reply = words(tmp_path).reply("utter_ask")
    assert reply.text == "Really?"
    assert reply.choices == (Choice("Yes", "/affirm"), Choice("2", '/pick{"n":2}', "second"))


@pytest.mark.parametrize("name", ["utter_missing", "utter_none"])
def test_a_missing_sentence_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match=f"response {name} is missing"):
        words(tmp_path).text(name)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"domain\.yml"):
        Words(tmp_path / "domain.yml")


def test_the_projects_own_sentences_are_there() -> None:
    own = Words(PROJECT / "domain.yml")
    for name in ("utter_subjek_gangguan", "utter_menu_button"):
        assert own.text(name)
