"""Where a ticket goes, and who may ask."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from actions import choices
from actions.routing import GROUPS
from bot import routing
from bot.catalogue import Catalogue

PROJECT = Path(__file__).resolve().parents[2]
DOMAIN = YAML(typ="safe").load((PROJECT / "domain.yml").read_text(encoding="utf-8"))
SATKER, DEBTOR, HEAD = 1, 6, 9


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue(PROJECT / "data/catalogue")


@pytest.mark.parametrize(
    ("candidates", "service"),
    [
        ([(8, 0.95), (12, 0.03)], 8),
        ([(8, 0.9)], 8),
        ([(8, 0.899), (12, 0.1)], None),
        ([], None),
    ],
)
def test_only_a_certain_service_is_chosen(
    candidates: list[tuple[int, float]], service: int | None
) -> None:
    assert routing.choose(candidates, 0.9) == service


def test_the_text_with_more_words_tells_more() -> None:
    assert routing.fullest(("satu dua", "satu dua tiga")) == "satu dua tiga"
    assert routing.fullest(("a b", "c d")) == "a b"


def test_services_that_most_groups_may_not_use_restrict(catalogue: Catalogue) -> None:
    restricting = {
        one.number for one in catalogue.services if routing.restricts(catalogue, one.number)
    }
    assert restricting == {1, 10, 11, 12, 13}
    assert not routing.restricts(catalogue, None)


def test_the_matrix_shuts_out_only_a_known_group_from_a_known_service(catalogue: Catalogue) -> None:
    assert routing.shut_out(catalogue, 1, SATKER) == (1, SATKER)
    assert routing.shut_out(catalogue, 1, HEAD) is None
    assert routing.shut_out(catalogue, 1, None) is None
    assert routing.shut_out(catalogue, None, SATKER) is None


def test_the_shorter_list_of_users_is_named(catalogue: Catalogue) -> None:
    named, let_in = routing.users(catalogue, 13)
    assert ([group.number for group in named], let_in) == ([8, 9], True)
    named, let_in = routing.users(catalogue, 8)
    assert ([group.number for group in named], let_in) == ([DEBTOR], False)


@pytest.mark.parametrize(
    ("service", "channel", "outside"),
    [(19, "whatsapp", True), (19, "web", False), (5, "whatsapp", False), (None, "whatsapp", False)],
)
def test_only_whatsapp_leaves_services_out(
    catalogue: Catalogue, service: int | None, channel: str, outside: bool
) -> None:
    assert routing.is_outside(catalogue, service, channel) == outside


def test_channels_that_are_named_serve_everything(catalogue: Catalogue) -> None:
    named = routing.open_channels(catalogue, "hai", 3)
    assert [one.name for one in named] == ["Call Center", "e-mail", "Portal HAI-DJPb"]
    assert "Whatsapp" not in [one.name for one in routing.open_channels(catalogue, "hai", 99)]


def test_every_group_of_the_catalogue_can_be_said(catalogue: Catalogue) -> None:
    assert sorted(GROUPS.values()) == [group.number for group in catalogue.groups]
    for group in GROUPS:
        assert choices.parse("pengguna", group) == group


@pytest.mark.parametrize(
    ("said", "group"),
    [
        ("saya pegawai KPPN Contoh", "kppn"),
        ("Dewan Pengawas BLU", "dewas"),
        ("blu", "blu"),
        ("pemda kabupaten", "pemda"),
        ("masyarakat umum", "masyarakat"),
        ("4", "pusat"),
        ("kurang tahu", "lewati"),
        ("bingung", None),
    ],
)
def test_groups_are_understood_in_words(said: str, group: str | None) -> None:
    assert choices.parse("pengguna", said) == group


def test_the_rows_stand_in_the_order_of_their_numbers() -> None:
    asked = DOMAIN["responses"]["utter_ask_pengguna"][-1]["buttons"]
    for number, row in enumerate(asked, 1):
        group = choices.parse("pengguna", str(number))
        assert row["payload"] == f'/pilih{{{{"nilai":"{group}"}}}}'
        assert f"{number}. {row['title']}" in DOMAIN["responses"]["utter_jelas_pengguna"][0]["text"]
