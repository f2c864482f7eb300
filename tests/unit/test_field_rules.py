"""Where a value ends, whose it is, and what is taken for nobody's. Every value is invented."""

from __future__ import annotations

import pytest

from actions import fields
from actions.fields.finding import locate
from actions.fields.text import Hit

NAME = "Sekar Contohwati"
EVERY = set(fields.NAMES)


@pytest.mark.parametrize(
    ("behind", "kept"),
    [
        (", S.E.", ", S.E."),
        (", S.E., M.M.", ", S.E., M.M."),
        (", Drs.", ", Drs."),
        (", SE", ", SE"),
        (", ABCD", ", ABCD"),
        (", ABCDE", ""),
        (", Budi", ""),
        (", tolong dicek", ""),
        ("; Budi", ""),
        ("! Budi", ""),
    ],
)
def test_a_comma_ends_a_name_but_for_a_title(behind: str, kept: str) -> None:
    assert fields.parse("nama", f"nama: {NAME}{behind}") == NAME + kept


@pytest.mark.parametrize(
    ("message", "number"),
    [
        ("HAI 507 093 012", "HAI-507093012"),
        ("hai-507 093 012", "HAI-507093012"),
        ("HAI  - 507093012", "HAI-507093012"),
        ("hai kak 2026 0115 AB12CD", "20260115-AB12CD"),
        ("hai 2026 0115 AB12CD", "20260115-AB12CD"),
        ("20260115 ab12cd", "20260115-AB12CD"),
        ("20260115-abcdef", "20260115-ABCDEF"),
        ("20260115 ABCDEF", "20260115-ABCDEF"),
    ],
)
def test_a_ticket_number_may_have_blanks_and_a_greeting(message: str, number: str) -> None:
    assert fields.parse("nomor_tiket", message) == number


def test_a_date_and_a_word_are_no_ticket_number() -> None:
    with pytest.raises(fields.FieldError):
        fields.parse("nomor_tiket", "20260115 abcdef")


@pytest.mark.parametrize(
    ("message", "wanted", "found"),
    [
        ("identitas 9901011501900001", {"identitas"}, {"identitas": "9901011501900001"}),
        ("nip 190001011925011001", {"identitas"}, {"identitas": "190001011925011001"}),
        ("nrp 12345678", {"identitas"}, {"identitas": "12345678"}),
        ("satker 527010 / 029018", {"kode_satker"}, {}),
        ("satker 52701", {"kode_satker", "nomor_rekening"}, {}),
        (
            "satker 5270 rek 1234567",
            {"kode_satker", "nomor_rekening"},
            {"nomor_rekening": "1234567"},
        ),
        ("kontrak kak 001/PPK/2026", EVERY, {"nomor_kontrak": "001/PPK/2026"}),
        ("kontrak nomor 001/PPK/2026", EVERY, {"nomor_kontrak": "001/PPK/2026"}),
        ("kontrak yang kemarin 001/PPK/2026", EVERY, {}),
        ("tipe supplier kak 2", EVERY, {"tipe_supplier": "2"}),
        (
            "527010 rekening 029018 satker",
            {"kode_satker"},
            {"kode_satker": "029018"},
        ),
    ],
)
def test_a_label_takes_what_stands_beside_it(
    message: str, wanted: set[str], found: dict[str, str]
) -> None:
    assert fields.find(message, wanted) == found


def test_what_is_found_is_where_it_stands() -> None:
    assert locate("tolong cek rek 1234567 satker 527010", EVERY) == [
        Hit("1234567", 15, 22, "nomor_rekening"),
        Hit("527010", 30, 36, "kode_satker"),
    ]
