"""What can be broadcast, and lists of phone numbers as people keep them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from bot.broadcast.life import BroadcastRefused
from bot.broadcast.recipients import MOST, read_list
from bot.broadcast.texts import BroadcastTexts
from bot.channels.message import Template
from bot.errors import DataError
from bot.templates import LONGEST
from tests.broadcasting import OUTAGE, TEXTS, VALUES
from tests.conftest import PROJECT

FILE = PROJECT / "data/whatsapp/broadcast.yml"
DIGITS = st.text("0123456789", min_size=7, max_size=11)


def test_each_says_how_to_end_it_in_words_that_are_heard() -> None:
    path = PROJECT / "data/nlu/kendali.yml"
    known = YAML(typ="safe").load(path.read_text(encoding="utf-8"))["nlu"]
    (ends,) = [one["examples"] for one in known if one["intent"] == "unsubscribe"]
    for one in TEXTS.every:
        (words,) = re.findall(r"\*(.+?)\*", one.approved.body)
        assert f"- {words}\n" in ends


def test_a_text_is_filled_in_line_by_line() -> None:
    text = TEXTS.find(OUTAGE)
    assert text is not None
    reply = text.reply({**VALUES, "keterangan": "SPM belum\n bisa   diunggah.", "lain": "x"})
    assert reply is not None and "SPAN sedang terganggu sejak pukul 08.00 WIB." in reply.text
    assert reply.template == Template(OUTAGE, "id", VALUES)
    assert reply.choices == () and TEXTS.knows(reply)


def test_what_is_missing_or_longer_than_meta_takes_is_not_filled_in() -> None:
    text = TEXTS.find(OUTAGE)
    assert text is not None
    assert text.reply({**VALUES, "waktu": ""}) is None
    room = LONGEST - len(text.approved.reply({**VALUES, "keterangan": ""}).text)
    assert text.reply({**VALUES, "keterangan": "x" * room}) is not None
    assert text.reply({**VALUES, "keterangan": "x" * (room + 1)}) is None


@pytest.mark.parametrize(
    ("old", "new", "remedy"),
    [
        ("name: hai_djpb_info_pulih", "name: hai_djpb_info_gangguan", "is there already"),
        ("    waktu: Sejak kapan, lengkap dengan zona waktu\n", "", "the gaps are"),
        ("  fields:\n", "  fields:\n    lain: Lain\n", "no gap {lain}"),
        ("  fields:\n", "  button: Baca\n  fields:\n", "remove the button"),
        ("category: utility", "category: news", "utility, marketing"),
        ("  title: Gangguan", "  judul: Gangguan", "title"),
    ],
)
def test_a_wrong_file_is_named_with_its_remedy(
    tmp_path: Path, old: str, new: str, remedy: str
) -> None:
    text = FILE.read_text(encoding="utf-8").replace("- title:", "-\n  title:")
    assert old in text
    path = tmp_path / "broadcast.yml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        BroadcastTexts.load(path)
    assert caught.value.path == str(path) and caught.value.line > 0
    assert remedy in caught.value.problem


@pytest.mark.parametrize(
    "written",
    [
        "081234567890",
        "6281234567890",
        "+62 812-3456-7890",
        "(0812) 3456.7890",
        "81234567890",
        '"081234567890";"Siti"',
        "081234567890,Siti,Satker",
        "\ufeff081234567890\t029018",
        "'081234567890",
    ],
)
def test_numbers_are_read_as_people_write_them(written: str) -> None:
    assert read_list(written) == ["6281234567890"]


@pytest.mark.parametrize(
    "written",
    ["siti@contoh.go.id", "3174019988776655", "0215551234", "6.28123E+12", "٠٨١٢٣٤٥٦٧٨٩٠", "12"],
)
def test_what_is_no_number_is_named_by_its_line(written: str) -> None:
    with pytest.raises(BroadcastRefused) as caught:
        read_list(f"nomor\n081234567890\n\n{written}\n")
    assert (caught.value.reason, caught.value.line) == ("list", 4)
    assert written not in str(caught.value)


def test_a_heading_and_empty_lines_are_passed_over_and_each_number_counts_once() -> None:
    text = (
        "Nomor HP;Nama\r\n081234567890;Siti\r\n\r\n+62 812 3456 7890;Siti\r\n+81 90 1234 5678;X\r\n"
    )
    assert read_list(text) == ["6281234567890", "819012345678"]
    assert read_list("") == []


def test_a_list_has_an_end() -> None:
    lines = [f"0812{n:08}" for n in range(MOST + 1)]
    assert len(read_list("\n".join(lines[:-1]))) == MOST
    with pytest.raises(BroadcastRefused, match="many"):
        read_list("\n".join(lines))


@given(DIGITS)
def test_every_way_of_writing_a_number_means_the_same(digits: str) -> None:
    ways = [f"{lead}8{digits}" for lead in ("", "0", "62", "+62", "+62 ", "62-")]
    assert read_list("\n".join(ways)) == [f"628{digits}"]


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = read_list(text)
    except BroadcastRefused:
        return
    assert all(number.isascii() and number.isdecimal() for number in found)
