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
