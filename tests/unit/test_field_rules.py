"""Where a value ends, whose it is, and what is taken for nobody's. Every value is invented."""

from __future__ import annotations

import pytest

from actions import fields
from actions.fields.finding import locate
from actions.fields.rules import candidates
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


@pytest.mark.parametrize(
    ("field", "written", "insist", "read"),
    [
        ("nomor_sp2d", "1" * 9, True, None),
        ("nomor_sp2d", "1" * 10, True, "1" * 10),
        ("nomor_sp2d", "1" * 50, True, "1" * 50),
        ("nomor_sp2d", "1" * 51, True, None),
        ("nomor_sp2d", "A" + "1" * 8, True, None),
        ("nomor_sp2d", "A" + "1" * 9, True, "A" + "1" * 9),
        ("nomor_sp2d", "A" + "1" * 49, True, "A" + "1" * 49),
        ("nomor_sp2d", "A" + "1" * 50, True, None),
        ("nomor_sp2d", "1" * 10, False, None),
        ("nrp", "1234", False, None),
        ("nrp", "12345", False, "12345"),
        ("nrp", "AB12", False, None),
        ("nrp", "AB123", False, "AB123"),
        ("nrp", "1" * 18, False, "1" * 18),
        ("nrp", "1" * 19, False, None),
        ("nrp", "AAA" + "1" * 15, False, "AAA" + "1" * 15),
        ("nrp", "AAA" + "1" * 16, False, None),
        ("identitas", "1" * 14, False, "1" * 14),
        ("identitas", "1" * 15, False, None),
        ("identitas", "9" * 17, False, None),
        ("identitas", "9901011501900000", False, None),
        ("identitas", "190001011925010001", False, None),
        ("identitas", "A1234567890123456", False, "A1234567890123456"),
        ("nomor_rekening", "A123", False, None),
        ("nomor_rekening", "A1234", False, "A1234"),
        ("nomor_rekening", "AB123", False, None),
        ("nomor_rekening", "AB12C34", False, "AB12C34"),
        ("nomor_rekening", "AAAA" + "1" * 30, False, "AAAA" + "1" * 30),
        ("nomor_rekening", "AAAA" + "1" * 31, False, None),
        ("email", ".budi@contoh.go.id", False, "budi@contoh.go.id"),
        ("email", "-_budi@contoh.go.id", False, "budi@contoh.go.id"),
        ("email", "budi [AT] contoh.go.id", False, "budi@contoh.go.id"),
        ("email", "budi(at)contoh.go.id", False, "budi@contoh.go.id"),
        ("email", "Budi@CONTOH.go.id", False, "Budi@contoh.go.id"),
        ("email", "budi@contoh..go.id ani@contoh.go.id", False, "ani@contoh.go.id"),
        ("email", "b\u00fc@contoh.go.id", False, None),
    ],
)
def test_how_long_a_value_may_be(field: str, written: str, insist: bool, read: str | None) -> None:
    assert [hit.value for hit in candidates(field, written, insist)] == ([read] if read else [])


@pytest.mark.parametrize(
    ("message", "wanted", "found"),
    [
        ("20260115-AB12CD", EVERY, [("nomor_tiket", "20260115-AB12CD", 0, 15)]),
        ("HAI 507093012", EVERY, [("nomor_tiket", "HAI-507093012", 0, 13)]),
        ("hai-507093012", EVERY, [("nomor_tiket", "HAI-507093012", 0, 13)]),
        ("20260115 AB12CD", {"nomor_tiket"}, []),
        ("9901011501900001", {"identitas"}, [("identitas", "9901011501900001", 0, 16)]),
        ("190001011925011001", {"identitas"}, [("identitas", "190001011925011001", 0, 18)]),
        ("12345678901234", {"identitas"}, []),
        ("527010", EVERY, [("kode_satker", "527010", 0, 6)]),
        ("527010 527010", {"kode_satker"}, [("kode_satker", "527010", 0, 6)]),
        ("52 70 10", {"kode_satker"}, []),
        ("cek 1234567 dan 1234567", {"nomor_rekening"}, [("nomor_rekening", "1234567", 4, 11)]),
        ("cek 1234567 dan 7654321", {"nomor_rekening"}, []),
        ("cek 1234567", {"kode_satker"}, []),
    ],
)
def test_a_shape_alone_may_tell_the_field(
    message: str, wanted: set[str], found: list[tuple[str, str, int, int]]
) -> None:
    hits = locate(message, wanted)
    assert [(hit.field, hit.value, hit.start, hit.end) for hit in hits] == found
    assert fields.labelled(message, wanted) == {}


@pytest.mark.parametrize(
    ("message", "number"),
    [
        ("001 / PPK / 2026", "001/PPK/2026"),
        ("001/ PPK /2026", "001/PPK/2026"),
        ("12 /KTR", "12/KTR"),
        ("PPK/ 2026", "PPK/2026"),
        ("/ 12 KTR", "12KTR"),
        ("SPK 12 2026", "SPK122026"),
        ("nomor: SPK-12/2026.", "SPK-12/2026"),
        ("no. 5/A", "5/A"),
        ("- 12/KTR/2026", "12/KTR/2026"),
        ("'KTR.01/2026'", "KTR.01/2026"),
        ("KTR 01 2026 ya kak", "KTR012026"),
        ("KTR-01 TOLONG 2026", "KTR-01"),
        ("satu KTR/01 dan dua", "KTR/01"),
        ("A/1", "A/1"),
    ],
)
def test_a_contract_number_is_a_run_of_its_parts(message: str, number: str) -> None:
    assert fields.parse("nomor_kontrak", message) == number


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("Budi.", "Budi"),
        ("Al", "Al"),
        ("Budi\nAni", "Budi"),
        ("kak, nama saya Budi Contoh", "Budi Contoh"),
        ("D'Artagnan", "D'Artagnan"),
        ("Budi-Ani", "Budi-Ani"),
        ("M. Budi", "M. Budi"),
        ("Budi Contoh,", "Budi Contoh"),
        ("- Budi", "Budi"),
    ],
)
def test_a_name_is_words_without_its_introduction(message: str, name: str) -> None:
    assert fields.parse("nama", message) == name


@pytest.mark.parametrize(
    "between", ["eh salah", "ralat", "harusnya", ", maksudnya", "salah ketik, yang benar", "typo"]
)
def test_the_last_word_of_a_correction_counts(between: str) -> None:
    assert fields.parse("kode_satker", f"527010 {between} 029018") == "029018"
    message = f"rek 1234567 {between} rek 7654321"
    assert fields.parse("nomor_rekening", message) == "7654321"
    assert fields.find(message, EVERY) == {"nomor_rekening": "7654321"}
    assert fields.find("rek 1234567 dan rek 7654321", EVERY) == {"nomor_rekening": "1234567"}


@pytest.mark.parametrize("message", ["A", "Budi?", "Budi1", "Budi 12", "Budi https://contoh.go.id"])
def test_what_is_no_name(message: str) -> None:
    with pytest.raises(fields.FieldError):
        fields.parse("nama", message)
