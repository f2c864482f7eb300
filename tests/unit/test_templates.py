"""The approved sentences: read, filled in, and refused with file and line when they are wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.channels.message import Choice, Template
from bot.errors import DataError
from bot.templates import REPLIES, SHOW, Occasion, Templates
from tests.conftest import PROJECT

FILE = PROJECT / "data/whatsapp/templates.yml"
OURS = Templates.load(FILE)


def test_each_occasion_has_a_template_that_meta_would_take() -> None:
    assert [one.occasion for one in OURS.every] == list(Occasion)
    for one in OURS.every:
        assert one.category == "utility" and one.language == "id"
        assert not re.search(r"^\{|\}$|\n\n\n", one.body)


def test_what_is_filled_in_stands_on_one_line() -> None:
    reply = OURS.reply(Occasion.FORWARDED, nomor="20261123-ABC234", unit="Direktorat\n\tSITP    I")
    assert "tiket 20261123-ABC234 diteruskan ke Direktorat SITP I supaya" in reply.text
    filled = {"nomor": "20261123-ABC234", "unit": "Direktorat SITP I"}
    assert reply.template == Template("hai_djpb_tiket_diteruskan", "id", filled)
    assert (reply.choices, reply.otherwise) == ((), None)


def test_what_the_words_do_not_ask_for_never_goes_out() -> None:
    reply = OURS.reply(Occasion.ANSWERED, nomor="20261123-ABC234", isi="kata sandi baru: rahasia")
    assert reply.template is not None
    assert reply.template.parameters == {"nomor": "20261123-ABC234"}
    assert "rahasia" not in repr(reply)
    assert reply.choices == (Choice("Lihat balasan", SHOW),)


def test_an_agent_chooses_among_those_behind_which_a_reply_can_wait() -> None:
    offered = OURS.replies("20261123-ABC234")
    assert [one.occasion for one, _ in offered] == list(REPLIES)
    assert all(one.button for one, _ in offered)
    assert "tiket 20261123-ABC234" in offered[0][1]


@pytest.mark.parametrize(
    ("old", "new", "line", "remedy"),
    [
        ("occasion: answered", "occasion: happy", 5, "use one of: answered"),
        ("occasion: need_information", "occasion: answered", 11, "there already"),
        ("name: hai_djpb_tiket_dijawab", "name: Tiket-Dijawab", 6, "a-z, 0-9 and underscore"),
        ("name: hai_djpb_ada_pesan", "name: hai_djpb_tiket_selesai", 30, "change one"),
        ("language: id", "language: Indonesia", 7, "like id"),
        ("category: utility", "category: authentication", 8, "utility, marketing"),
        ("sudah membalas tiket {nomor}", "sudah membalas tiket {nama}", 9, "the gaps are: {nomor}"),
        ("sudah membalas tiket {nomor}", "sudah membalas {tiket", 9, "the gaps are: {nomor}"),
        ("ada pesan dari HAI-DJPb", "ada pesan {nomor}", 33, "the gaps are: none"),
        ("body: Kak, tiket {nomor} diteruskan", "body: '{nomor} diteruskan", 22, "broken YAML"),
        ("diteruskan ke {unit}", "{nomor} ke {unit}", 22, "once"),
        ("{nomor} diteruskan ke {unit}", "{nomor} {unit}", 22, "words before, between and after"),
        ("button: Lihat balasan", "button: ''", 10, "1 to 25 characters"),
        ("button: Lihat balasan", "button: Lihat balasan dari petugas kami", 10, "1 to 25"),
        ("kami sampaikan di sini.", "kami sampaikan di sini.\n  button: Lihat", 23, "remove the"),
        ("  button: Lihat pesan", "  tombol: Lihat pesan", 34, "unknown key 'tombol'"),
    ],
)
def test_a_wrong_file_is_named_with_line_and_remedy(
    tmp_path: Path, old: str, new: str, line: int, remedy: str
) -> None:
    path = tmp_path / "templates.yml"
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        Templates.load(path)
    assert (caught.value.path, remedy in caught.value.problem) == (str(path), True), caught.value
    if "YAML" not in remedy:
        assert abs(caught.value.line - line) <= 1, caught.value


def test_a_missing_occasion_is_named(tmp_path: Path) -> None:
    path = tmp_path / "templates.yml"
    text = FILE.read_text(encoding="utf-8")
    path.write_text(text[: text.index("- occasion: message")], encoding="utf-8")
    with pytest.raises(DataError, match="no template for 'message'"):
        Templates.load(path)
