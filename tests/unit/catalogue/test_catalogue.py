"""The catalogue says what the document says; the numbers here were counted in the document."""

from __future__ import annotations

from pathlib import Path

import pytest

from actions.categories import STARTS
from bot.catalogue import Catalogue
from bot.catalogue.items import Item, flatten
from bot.faq import SERVICES
from bot.worktime import WorkCalendar
from tests.conftest import PROJECT
from tests.unit.catalogue.conftest import HOME

MAY_ASK = [4, 13, 13, 13, 13, 13, 13, 12, 12, 5, 5, 5, 2, 13, 13, 13, 11, 11, 13, 13]
SCOPE = [90, 18, 20, 13, 12, 7, 10, 1, 6, 2, 1, 3, 1, 33, 16, 10, 5, 14, 13, 3]


def test_everything_is_there(catalogue: Catalogue) -> None:
    assert catalogue.version == "2026.0"
    assert [service.number for service in catalogue.services] == list(SERVICES)
    assert [group.number for group in catalogue.groups] == list(range(1, 14))
    assert [len(service.scope) for service in catalogue.services] == SCOPE
    assert len(catalogue.channels) == 10
    assert len(catalogue.limits.items) == 4
    assert len(catalogue.requirements.items) == 5
    assert flatten(catalogue.requirements.items)[1].endswith(
        "antara lain: Informasi utama: nama dan alamat e-mail;"
    )
    assert len(catalogue.components) == 3
    assert len(catalogue.office_hours) == 4


def test_the_matrix_lets_in_whom_the_document_lets_in(catalogue: Catalogue) -> None:
    rows = [catalogue.access(service.number) for service in catalogue.services]
    assert [len(row) for row in rows] == [13] * 20
    assert [sum(row) for row in rows] == MAY_ASK
    columns = [sum(row[group] for row in rows) for group in range(13)]
    assert columns == [18, 19, 19, 15, 15, 11, 15, 20, 20, 13, 15, 15, 15]
    assert [n for n, may in enumerate(catalogue.access(1), 1) if may] == [2, 3, 8, 9]
    assert catalogue.may_ask(8, 13) and not catalogue.may_ask(2, 13)


@pytest.mark.parametrize(("group", "service"), [(0, 1), (14, 1), (1, 21)])
def test_an_unknown_group_or_service_is_no_refusal(
    catalogue: Catalogue, group: int, service: int
) -> None:
    with pytest.raises(KeyError):
        catalogue.may_ask(group, service)


def test_who_is_shut_out_always_has_somewhere_to_turn(catalogue: Catalogue) -> None:
    for service in catalogue.services:
        for group in catalogue.groups:
            doors = catalogue.doors(group.number, service.number)
            assert bool(doors) != catalogue.may_ask(group.number, service.number)
            assert all(catalogue.may_ask(group.number, door.number) for door in doors)


def test_offices_turn_to_the_services_that_speak_for_them() -> None:
    # Loaded here and not shared, so that whoever spoils the reading meets this test.
    catalogue = Catalogue(HOME)
    assert [door.number for door in catalogue.doors(2, 13)] == [2, 3, 4, 5, 6, 7]
    assert [door.number for door in catalogue.doors(1, 1)] == [2, 7, 20]
    assert catalogue.doors(8, 13) == ()


def test_broadcast_is_due_sooner_than_all_others(catalogue: Catalogue) -> None:
    hours = {service.number: catalogue.hours(service.number) for service in catalogue.services}
    assert hours.pop(13) == 8
    assert set(hours.values()) == {16}
    assert (catalogue.unit(None), catalogue.hours(None)) == ("Tim HAI-DJPb", 16)


def test_a_service_has_parts_limits_and_a_unit(catalogue: Catalogue) -> None:
    users = catalogue.service(9)
    assert users.scope[2] == Item(
        "MyIntress",
        ("Layanan Pendaftaran Pengguna non Satker", "Layanan Penghapusan Pengguna non Satker"),
    )
    assert "SAKTI: Layanan Pengelolaan Pengguna SAKTI non Satker" in users.scope_lines
    assert len(users.scope_lines) == 10
    assert [service.number for service in catalogue.services if service.limits] == [13]
    assert catalogue.unit(16) == "Badan Pengelola Dana Lingkungan Hidup"
    with pytest.raises(KeyError):
        catalogue.service(21)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("Layanan Konsultasi Teknis Pengelolaan Kas Negara", 3),
        ("layanan konsultasi teknis  manajemen kas", 3),
        ("BPDPKS", 14),
        ("TIK.4", 11),
        ("Layanan OMSPAN", 8),
        ("Dukungan Teknis Pengelolaan Infrastruktur", 12),
    ],
)
def test_a_service_is_found_by_any_of_its_names(
    catalogue: Catalogue, name: str, number: int
) -> None:
    found = catalogue.named(name)
    assert found is not None and found.number == number


def test_no_name_no_service(catalogue: Catalogue) -> None:
    assert catalogue.named("Layanan Paspor") is None


def test_the_categories_are_those_the_bot_serves(catalogue: Catalogue) -> None:
    assert [category.id for category in catalogue.categories] == list(STARTS)
    assert all(category.requirements for category in catalogue.categories)


def test_channels_know_whom_they_serve(catalogue: Catalogue) -> None:
    cso = [channel for channel in catalogue.channels if channel.mechanism.id == "cso"]
    assert [channel.name for channel in cso] == ["HAI CSO"]
    limited = [channel for channel in catalogue.channels if channel.limited]
    assert [channel.addresses for channel in limited] == [("nomor +6287877114090",)]


def test_the_kept_changes_are_those_of_the_document(catalogue: Catalogue) -> None:
    assert len(catalogue.changes) == 44
    kinds = [change.kind for change in catalogue.changes]
    assert [kinds.count(kind) for kind in ("added", "updated", "removed")] == [11, 9, 24]
    assert [len(change.items) for change in catalogue.changes if change.section == "D"] == [
        6,
        1,
        20,
    ]


def test_what_was_added_stands_in_the_scope(catalogue: Catalogue) -> None:
    """Two spellings differ in the document itself; data/catalogue/notes.yml tells why."""
    missing = []
    for change in catalogue.changes:
        if change.kind == "added" and change.section.startswith("E."):
            scope = catalogue.service(int(change.section[2:])).scope
            missing += [item for item in change.items if item not in scope]
    assert [item.text[-6:] for item in missing if isinstance(item, Item)] == ["Kelapa", " Kakao"]


def test_renamed_and_removed_services_are_still_found(catalogue: Catalogue) -> None:
    by_number = {change.number: change for change in catalogue.changes}
    added, removed = (
        flatten(item for item in by_number[number].items if isinstance(item, Item))
        for number in (5, 7)
    )
    names = [service.name for service in catalogue.services]
    assert set(added) <= set(names)
    assert not set(removed) & set(names)
    assert {found.number for name in removed if (found := catalogue.named(name))} == {8, 12}
    assert all(catalogue.named(name) for name in removed)


def test_speakers_come_from_every_unit(catalogue: Catalogue) -> None:
    lead = "Narasumber merupakan pegawai/pejabat pada "
    scope = {line.removeprefix(lead) for line in catalogue.service(19).scope_lines}
    units = [unit for unit in catalogue.units if unit.name != catalogue.unit(19)]
    assert len(units) == len(scope) == 13
    assert all(scope & {unit.name, *unit.aliases} for unit in units)


def test_the_calendar_keeps_the_hours_of_the_catalogue(catalogue: Catalogue) -> None:
    calendar = WorkCalendar.load(PROJECT / "data/calendar")
    for year in calendar.years.values():
        for spans in year.week[:5]:
            hours = f"{spans[0][0]:%H.%M} s.d. {spans[-1][1]:%H.%M} WIB"
            assert any(hours in sentence for sentence in catalogue.office_hours)


def test_every_note_says_how_it_was_settled(catalogue: Catalogue) -> None:
    assert len(catalogue.notes) >= 14
    for note in catalogue.notes:
        assert note.where and note.says and note.settled and note.why
    assert [note.ask_owner for note in catalogue.notes_on(13)] == [True]


def test_other_files_in_the_folder_do_not_matter(folder: Path) -> None:
    (folder / "examples.yml").write_text("anything: [")
    assert Catalogue(folder).version == "2026.0"
