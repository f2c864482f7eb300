"""A wrong catalogue stops with the file and the line that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.catalogue import Catalogue
from bot.errors import DataError

CASES = [
    ("services.yml", "- number: 2\n", "- number: 1\n", "place 2"),
    ("services.yml", "unit: KPPN Khusus Penerimaan", "unit: KPPN Jakarta", "unknown unit"),
    ("services.yml", "sla_hours: 8", "sla_hours: soon", "whole number"),
    ("services.yml", "sla_hours: 8", "sla_hours: 0", "1 or more"),
    ("services.yml", "  limits: >-", "  limit: >-", "unknown key 'limit'"),
    ("services.yml", "  - BPDPKS", "  - tik.2", "stands already at"),
    ("services.yml", "  - Pengaduan disiplin", "  - Pengaduan kode etik", "listed twice"),
    ("services.yml", "  - Pengaduan disiplin", "  - [Pengaduan disiplin]", "a sentence or"),
    ("services.yml", "  - Pengaduan disiplin", '  - " "', "is empty"),
    (
        "services.yml",
        "    - Layanan Open Period Tambahan Capaian Output",
        "    - 7",
        "must be text",
    ),
    ("services.yml", "auto_route: 0.9", "auto_route: 90.0", "up to 1.0"),
    ("services.yml", "auto_route: 0.9", "auto_route: often", "decimal number"),
    ("access.yml", "number: 7, name", "number: 8, name", "place 7"),
    ("access.yml", "name: BLU/BLUD", "name: Masyarakat", "listed twice"),
    ("access.yml", "  13: X X X X X X X O O X X X X", "  13: X X X X X X X O O X X X", "13 marks"),
    (
        "access.yml",
        "  13: X X X X X X X O O X X X X",
        "  13: Y X X X X X X O O X X X X",
        "13 marks",
    ),
    ("access.yml", "  20: O", "  21: O", "no row"),
    ("access.yml", "  20: O", f"  21:{' O' * 13}\n  20: O", "no service 21; remove its row"),
    ("access.yml", "groups: [10], turn_to: [5]", "groups: [10], turn_to: [12]", "not open"),
    ("access.yml", "groups: [10], turn_to: [5]", "groups: [10], turn_to: []", "name a service"),
    ("access.yml", "groups: [2, 3], turn", "groups: [2, 8], turn", "group 8 and service 13: no X"),
    ("access.yml", "groups: [2, 3], turn", "groups: [2, 2], turn", "already"),
    ("access.yml", "groups: [2, 3], turn", "groups: [2], turn", "no door"),
    ("channels.yml", "mechanism: cso", "mechanism: css", "unknown mechanism"),
    ("channels.yml", "name: Youtube", "name: Twitter", "listed twice"),
    ("channels.yml", "id: reset_sakti", "id: reset_span", "unknown category"),
    ("channels.yml", "number: 6\n", "number: 7\n", "mend the order"),
    ("channels.yml", "13, 19, 20]", "13, 19, 21]", "no service 21"),
    ("terms.yml", "  basis: >-", "  base: >-", "unknown key 'base'"),
    ("changes.yml", "    kind: updated", "    kind: changed", "unknown kind"),
    ("changes.yml", "    section: A.2", "    section: C.2", "has no title"),
    ("changes.yml", "    section: A.2", "    section: two", "no section"),
    ("changes.yml", "  - number: 44", "  - number: 45", "place 44"),
    ("notes.yml", "  services: [12]", "  services: [21]", "not in the catalogue"),
    ("notes.yml", "  categories: [tanya_nindy]", "  categories: [tanya]", "not in the catalogue"),
]


@pytest.mark.parametrize(("file", "before", "after", "said"), CASES)
def test_the_file_and_the_line_are_named(
    folder: Path, file: str, before: str, after: str, said: str
) -> None:
    text = (folder / file).read_text()
    at = text.index(before)
    (folder / file).write_text(text.replace(before, after, 1))
    with pytest.raises(DataError, match=said) as caught:
        Catalogue(folder)
    assert caught.value.path == str(folder / file)
    # What is missing is told at the list that should have it.
    whole = {"no row": "access:", "no door": "doors:"}.get(said)
    at = text.index(f"\n{whole}") + 1 if whole else at
    assert caught.value.line == text.count("\n", 0, at) + 1


@pytest.mark.parametrize(
    ("turn_to", "said"),
    [
        ("[]", "'turn_to' is empty; name a service"),
        ("[12]", "group 10 and service 17: service 12 is not open to them"),
    ],
)
def test_a_door_that_leads_nowhere_is_told_at_its_own_line(
    folder: Path, turn_to: str, said: str
) -> None:
    path = folder / "access.yml"
    entry = "- {services: [17, 18], groups: [10], turn_to: [5]}"
    spread = f"- services: [17, 18]\n  groups: [10]\n  turn_to: {turn_to}"
    path.write_text(path.read_text().replace(entry, spread))
    with pytest.raises(DataError) as caught:
        Catalogue(folder)
    assert caught.value.problem == said
    assert path.read_text().splitlines()[caught.value.line - 1] == f"  turn_to: {turn_to}"


@pytest.mark.parametrize(
    ("file", "last", "said"),
    [
        ("services.yml", "- number: 20\n", "19 services, 20 are wanted"),
        ("access.yml", "- {number: 13,", "12 groups, 13 are wanted"),
        ("channels.yml", "- number: 7\n", "categories are missing: reset_sakti"),
    ],
)
def test_nothing_may_be_left_out(folder: Path, file: str, last: str, said: str) -> None:
    text = (folder / file).read_text()
    before, _, after = text.partition(last)
    rest = after.partition("\n\n")[2]
    (folder / file).write_text(before + rest)
    with pytest.raises(DataError, match=said) as caught:
        Catalogue(folder)
    assert caught.value.path == str(folder / file)
    assert caught.value.line > 0


@pytest.mark.parametrize(
    "file",
    ["services.yml", "access.yml", "channels.yml", "terms.yml", "changes.yml", "notes.yml"],
)
def test_a_missing_file_is_named(folder: Path, file: str) -> None:
    (folder / file).unlink()
    with pytest.raises(DataError, match=rf"{file}: the file is missing"):
        Catalogue(folder)
