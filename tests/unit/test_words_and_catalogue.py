"""Sentences and services come from data files, and a wrong file says where it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.catalogue import Catalogue
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
SERVICES = """\
version: "1"
triage_unit: Triage
sla_hours: 16
services:
  - {number: 1, name: One, unit: First}
  - {number: 2, name: Two, unit: Second, sla_hours: 40}
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


def catalogue(folder: Path, text: str = SERVICES) -> Catalogue:
    (folder / "services.yml").write_text(text)
    return Catalogue(folder)


def test_services_have_unit_and_hours(tmp_path: Path) -> None:
    found = catalogue(tmp_path)
    assert (found.service(2).name, found.unit(2), found.hours(2)) == ("Two", "Second", 40)
    assert (found.unit(1), found.hours(1)) == ("First", 16)
    assert (found.unit(None), found.hours(None)) == ("Triage", 16)
    with pytest.raises(KeyError):
        found.service(3)


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ("number: 2", "number: 1", 6),
        ("unit: Second", "unit: 5", 6),
        ("name: One, ", "", 5),
        ("sla_hours: 16", "sla_hours: soon", 3),
        ("services:", "other:", 0),
    ],
)
def test_a_wrong_catalogue_says_where(tmp_path: Path, before: str, after: str, line: int) -> None:
    assert before in SERVICES
    with pytest.raises(DataError) as caught:
        catalogue(tmp_path, SERVICES.replace(before, after))
    assert caught.value.path.endswith("services.yml")
    assert caught.value.line == line or line == 0


def test_the_projects_own_files_are_right() -> None:
    found = Catalogue(PROJECT / "data/catalogue")
    for number in range(1, 21):
        service = found.service(number)
        assert service.number == number
        assert service.name and service.unit and service.sla_hours > 0
    own = Words(PROJECT / "domain.yml")
    for name in ("utter_subjek_gangguan", "utter_menu_button"):
        assert own.text(name)
