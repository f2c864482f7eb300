"""What an agent sees of a text until he asks for more: no number that tells who somebody is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.fields.numbers import _LOOSE
from bot.masking import veil
from desk.faq_form import begun

SEEN_BY_PARSERS = ["", *sorted(_LOOSE), "  ", "\u00a0", "\t", "\u2009", "\u200b", "\u2011", "\r\n"]
"""What may part the groups of a number that a form still reads, cleaned or not."""
# Digits of which neither a date nor an hour can be made.
PLAIN_DIGITS = st.text(alphabet="3456789", min_size=1, max_size=6)


@given(st.lists(st.tuples(PLAIN_DIGITS, st.sampled_from(SEEN_BY_PARSERS)), min_size=3, max_size=9))
def test_no_number_of_a_person_is_seen(groups: list[tuple[str, str]]) -> None:
    digits = "".join(group for group, _ in groups)
    said = "norek saya " + "".join(group + after for group, after in groups) + " ya"
    left = re.sub(r"\D", "", veil(said))
    shown = len(digits) if len(digits) < 7 else min(4, len(digits) // 2)
    assert left == digits[len(digits) - shown :]


@pytest.mark.parametrize(
    ("said", "hidden"),
    [
        ("NRP 68090512", "6809"),
        ("norek 1234567", "1234"),
        ("NIK 3171\u00a02345\u00a06789\u00a00001", "3171"),
        ("NIK 3171 2345\n6789 0001", "2345"),
        ("telp +62 (812) 3456-7890", "812"),
        ("telp (021) 3449230", "021"),
        ("NIK ３１７１２３４５６７８９０００１", "３１７１"),
        ("telp 08-12-2012-3456", "12"),
        ("telp 0812-10-11-2012", "0812"),
        ("rek Rp 1.500.000 1234", "500"),
    ],
)
def test_a_number_is_masked_however_it_is_written(said: str, hidden: str) -> None:
    assert hidden in said and hidden not in veil(said)
    assert hidden not in begun([said])["tanya"]


@pytest.mark.parametrize(
    "said",
    [
        "satker 527010 tahun anggaran 2026",
        "tanggal 23/11/2026 pukul 10.30, atau 2026-11-23 08:15",
        "tanggal 23/11/2026 10.30 dan 1-12-2026",
        "antara 10.30-11.45 WIB, TA 2025-2026 dan 2025/2026",
        "Rp 1.500.000, Rp1.500.000.000,00 dan IDR 25000000",
        "tiket 20261129-6NV55B ya",
        "PER-12/PB/2024 Pasal 5 ayat (3)",
        "satker 527010, 527011, 527012",
    ],
)
def test_what_tells_nobody_who_somebody_is_stays(said: str) -> None:
    assert veil(said) == said


def test_no_text_makes_it_run_for_ever() -> None:
    for atom in ("1", "1 ", "1. ", "1-1-", "Rp ", "10.10-", "2026-", "1        ", "a@", "(1"):
        veil(atom * 4000)
