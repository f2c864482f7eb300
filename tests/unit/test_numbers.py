"""Numbers by their structure, at the edges of each rule. Every number here is invented."""

from __future__ import annotations

import pytest

from actions.fields import numbers


@pytest.mark.parametrize(
    ("born", "serial", "is_one"),
    [
        ("010190", "0001", True),
        ("311290", "0001", True),
        ("151090", "0001", True),
        ("410190", "0001", True),
        ("711290", "9999", True),
        ("290204", "1001", True),
        ("400190", "0001", False),
        ("720190", "0001", False),
        ("290205", "0001", False),
        ("310490", "0001", False),
        ("000190", "0001", False),
        ("010090", "0001", False),
        ("011390", "0001", False),
        ("010190", "0000", False),
    ],
)
def test_a_nik_has_a_birthday_that_exists_and_a_serial(
    born: str, serial: str, is_one: bool
) -> None:
    assert numbers.is_nik("990101" + born + serial) is is_one


@pytest.mark.parametrize(
    ("born", "appointed", "rest", "is_one"),
    [
        ("19900101", "2005", "011001", True),
        ("19900101", "2099", "992001", True),
        ("19000101", "1915", "011001", True),
        ("19900101", "2004", "011001", False),
        ("19900101", "2100", "011001", False),
        ("18991231", "1925", "011001", False),
        ("19900230", "2015", "011001", False),
        ("19900101", "2015", "001001", False),
        ("19900101", "2015", "013001", False),
        ("19900101", "2015", "010001", False),
    ],
)
def test_a_nip_has_birth_appointment_and_sex(
    born: str, appointed: str, rest: str, is_one: bool
) -> None:
    assert numbers.is_nip(born + appointed + rest) is is_one


@pytest.mark.parametrize(
    ("value", "is_one"),
    [("20261231", True), ("20240229", True), ("20260132", False), ("20261301", False)],
)
def test_a_date_exists(value: str, is_one: bool) -> None:
    assert numbers.is_date(value) is is_one


@pytest.mark.parametrize(("value", "only"), [("1O2I3L", True), ("123", True), ("1O2X", False)])
def test_letters_that_look_like_digits(value: str, only: bool) -> None:
    assert numbers.only_lookalikes(value) is only


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("1234567 7654321", [("1234567", 0, 7), ("7654321", 8, 15)]),
        ("1234567\n7654321", [("1234567", 0, 7), ("7654321", 8, 15)]),
        ("1234 5678\n9012 3456", [("12345678", 0, 9), ("90123456", 10, 19)]),
        ("123456 7654321", [("1234567654321", 0, 14)]),
        ("12345678 1", [("12345678", 0, 8), ("123456781", 0, 10)]),
        ("1 12345678", [("12345678", 2, 10), ("112345678", 0, 10)]),
        ("1234567 1", [("12345671", 0, 9)]),
        ("12345678 12", [("1234567812", 0, 11)]),
        ("0123 4567 8901", [("012345678901", 0, 14)]),
        ("0123.4567.8901", [("012345678901", 0, 14)]),
        ("1234567-8-9", [("123456789", 0, 11)]),
        ("1234567 7654321\n5555555", [("1234567", 0, 7), ("7654321", 8, 15), ("5555555", 16, 23)]),
        ("1234567 ya 7654321", [("1234567", 0, 7), ("7654321", 11, 18)]),
        ("1234567-a 7654321", [("1234567", 0, 7), ("7654321", 10, 17)]),
        ("@1234567 7654321", [("7654321", 9, 16)]),
        ("a123-4567 7654321", [("7654321", 10, 17)]),
        ("+6281234567", []),
        ("123_456", []),
        ("1234567_", []),
        ("12345678a", []),
        ("1234", []),
        ("1" * 21, []),
    ],
)
def test_numbers_beside_each_other(written: str, read: list[tuple[str, int, int]]) -> None:
    assert [(hit.value, hit.start, hit.end) for hit in numbers.accounts(written)] == read


@pytest.mark.parametrize(
    ("written", "slash", "read"),
    [
        ("spk/12 ab-12", False, ["AB12"]),
        ("spk/12 ab-12", True, ["SPK/12", "AB12"]),
        ("abc 123 a.1", False, ["A1"]),
        ("DE89 3704 0044 0532", False, ["DE89370400440532"]),
    ],
)
def test_tokens_of_letters_and_digits(written: str, slash: bool, read: list[str]) -> None:
    assert [hit.value for hit in numbers.mixed(written, slash)] == read
