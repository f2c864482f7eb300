"""Replies as Graph messages, checked by a validator that knows only Meta's limits."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.channels.message import Choice, Reply
from bot.channels.whatsapp import fit
from bot.channels.whatsapp.render import render
from tests import wire

MENU = "Lihat pilihan"


def _render(reply: Reply) -> dict[str, Any]:
    made = render(reply, lambda choice: "n1:" + choice.payload, menu_word=MENU, more=_more)
    wire.check(wire.message(made))
    return made


def _more(shown: int, left: int) -> Choice:
    return Choice("Lainnya", f"more:{shown}", f"{left} lagi")


def _choices(*titles: str) -> tuple[Choice, ...]:
    return tuple(Choice(title, f"/p{number}") for number, title in enumerate(titles))


# --- the validator: written from Meta's limits, shares nothing with the code ---------------


def _text(value: object, limit: int) -> None:
    assert isinstance(value, str)
    assert value.strip() == value != ""
    units = len(value.encode("utf-16-le")) // 2
    if any(ord(c) > 0xFFFF for c in value):
        limit -= 2
    assert units <= limit, (units, limit)


def _check(content: dict[str, Any]) -> None:
    wire.check(wire.message(content))
    if content["type"] == "text":
        assert set(content) == {"type", "text"}
        assert set(content["text"]) == {"preview_url", "body"}
        _text(content["text"]["body"], 4096)
        return
    assert set(content) == {"type", "interactive"}
    interactive = content["interactive"]
    assert set(interactive) == {"type", "body", "action"}
    assert content["type"] == "interactive"
    if interactive["type"] == "button":
        _text(interactive["body"]["text"], 1024)
        replies = [button["reply"] for button in interactive["action"]["buttons"]]
        assert 1 <= len(replies) <= 3
        for reply in replies:
            _text(reply["title"], 20)
            _text(reply["id"], 256)
        assert len({reply["title"] for reply in replies}) == len(replies)
        assert len({reply["id"] for reply in replies}) == len(replies)
        return
    assert interactive["type"] == "list"
    _text(interactive["body"]["text"], 4096)
    _text(interactive["action"]["button"], 20)
    sections = interactive["action"]["sections"]
    assert 1 <= len(sections) <= 10
    rows = [row for section in sections for row in section["rows"]]
    for section in sections:
        _text(section["title"], 24)
    assert 1 <= len(rows) <= 10
    for row in rows:
        _text(row["id"], 200)
        _text(row["title"], 24)
        if "description" in row:
            _text(row["description"], 72)
    assert len({row["id"] for row in rows}) == len(rows)


# --- properties --------------------------------------------------------------------------

LETTERS = st.characters(exclude_categories=["Cs"])
WORDS = st.text(
    st.one_of(st.sampled_from("abc .\n🙏👩\u200d🏽é\u0301"), LETTERS), min_size=1, max_size=60
)
LONG = st.builds(lambda text, times: text * times, WORDS, st.integers(1, 300))
CHOICES = st.lists(
    st.builds(
        Choice,
        title=WORDS,
        payload=st.sampled_from([f"/p{n}" for n in range(15)]),
        description=st.one_of(st.just(""), WORDS),
    ),
    max_size=25,
)


@given(LONG, CHOICES, st.one_of(st.just(""), WORDS))
def test_any_reply_keeps_within_the_limits(text: str, choices: list[Choice], menu: str) -> None:
    reply = Reply(text, tuple(choices), menu)
    try:
        content = _render(reply)
    except ValueError as error:
        assert "is empty" in str(error)
        assume(False)
    _check(content)
    shown = repr(content).count("'n1:/p")
    offered = len({choice.payload for choice in choices})
    assert shown == (offered if offered <= 10 else 9)
    assert ("n1:more:9" in repr(content)) is (offered > 10)


@given(LONG, st.integers(8, 200))
def test_cut_keeps_the_beginning(text: str, limit: int) -> None:
    for cut in (fit.cut, fit.cut_sentences):
        short = cut(text, limit)
        assert fit.length(short) <= limit
        if short != text:
            assert short.endswith("…")
            assert text.startswith(short[:-1].rstrip(" "))


SPOKEN = st.text(st.sampled_from("abcde12?é🙏"), min_size=1, max_size=12)
SENTENCES = st.lists(SPOKEN, min_size=1, max_size=25).map(" ".join)


@given(
    LONG,
    st.lists(st.tuples(SENTENCES, st.one_of(st.just(""), SENTENCES)), min_size=1, max_size=10),
)
def test_every_word_of_every_choice_is_shown(text: str, offered: list[tuple[str, str]]) -> None:
    choices = tuple(Choice(title, f"/p{n}", more) for n, (title, more) in enumerate(offered))
    try:
        content = _render(Reply(text, choices))
    except ValueError as error:
        assert "is empty" in str(error)
        assume(False)
    _check(content)
    shown = {word for said in _said(content["interactive"]) for word in said.split()}
    missing = {word for one in offered for part in one for word in part.split()} - shown
    assert not missing


def _said(part: Any) -> list[str]:
    if isinstance(part, str):
        return [part]
    below = part.values() if isinstance(part, dict) else part
    return [said for one in below for said in _said(one)]


# --- examples ----------------------------------------------------------------------------


def test_text() -> None:
    assert _render(Reply(" Halo ")) == {
        "type": "text",
        "text": {"preview_url": False, "body": "Halo"},
    }


def test_three_short_choices_are_buttons() -> None:
    content = _render(Reply("Apakah terbantu?", _choices("Ya", "Tidak", "Dua puluh huruf ini")))
    assert content == {
        "type": "interactive",
        "interactive": {
            "type": "button",
            "body": {"text": "Apakah terbantu?"},
            "action": {
                "buttons": [
                    {"type": "reply", "reply": {"id": "n1:/p0", "title": "Ya"}},
                    {"type": "reply", "reply": {"id": "n1:/p1", "title": "Tidak"}},
                    {"type": "reply", "reply": {"id": "n1:/p2", "title": "Dua puluh huruf ini"}},
                ]
            },
        },
    }


@pytest.mark.parametrize(
    "reply",
    [
        Reply("a", _choices("1", "2", "3", "4")),
        Reply("a", _choices("x" * 21)),
        Reply("a", _choices("x" * 17 + "🙏")),
        Reply("a", _choices("Ya", "ya")),
        Reply("a" * 1025, _choices("Ya")),
        Reply("a", (Choice("Ya", "/a", "Buat tiket sekarang"),)),
    ],
    ids=["four", "long title", "emoji near the limit", "same titles", "long body", "described"],
)
def test_else_a_list(reply: Reply) -> None:
    content = _render(reply)
    _check(content)
    assert content["interactive"]["type"] == "list"
    assert content["interactive"]["action"]["button"] == MENU


@pytest.mark.parametrize(
    "reply",
    [
        Reply("a", _choices("x" * 20)),
        Reply("a", _choices("x" * 16 + "🙏")),
        Reply("a" * 1024, _choices("Ya", "Tidak")),
    ],
    ids=["20 letters", "16 letters and an emoji", "full body"],
)
def test_just_buttons(reply: Reply) -> None:
    assert _render(reply)["interactive"]["type"] == "button"


def test_a_long_row_title_moves_into_the_description() -> None:
    title = "Pendaftaran supplier baru di SPAN"
    reply = Reply("Pilih", (Choice(title, "/a", "Untuk satker"), Choice(title, "/b")))
    rows = _render(reply)["interactive"]["action"]["sections"][0]["rows"]
    assert rows[0] == {
        "id": "n1:/a",
        "title": "Pendaftaran supplier…",
        "description": f"{title} · Untuk satker",
    }
    assert rows[1]["description"] == title


def test_what_no_row_holds_stands_numbered_in_the_body() -> None:
    long = "Bagaimana cara mendaftarkan supplier baru tipe dua untuk satker yang baru dibentuk?"
    reply = Reply("Yang mana, Kak?", (Choice(long, "/a"), Choice("Bukan semuanya", "/b", "Lain")))
    interactive = _render(reply)["interactive"]
    assert interactive["body"]["text"] == (
        f"Yang mana, Kak?\n\n1. {long}\n2. Bukan semuanya · Lain"
    )
    assert interactive["action"]["sections"][0]["rows"] == [
        {
            "id": "n1:/a",
            "title": "1. Bagaimana cara…",
            "description": "Bagaimana cara mendaftarkan supplier baru tipe dua untuk satker yang…",
        },
        {"id": "n1:/b", "title": "2. Bukan semuanya", "description": "Lain"},
    ]


def test_the_choices_in_a_body_leave_most_of_it_to_the_text() -> None:
    reply = Reply("Ini satu kalimat. " * 300, _choices(*("kata " * 200 + str(n) for n in range(9))))
    content = _render(reply)
    _check(content)
    body = content["interactive"]["body"]["text"]
    assert body.partition("\n\n")[0].endswith("kalimat. …")
    assert 4000 < len(body) <= 4096


def test_the_reply_brings_its_own_menu_word() -> None:
    reply = Reply("Pilih", _choices("1", "2", "3", "4"), menu="Pilih salah satu layanan")
    action = _render(reply)["interactive"]["action"]
    assert action["button"] == "Pilih salah satu…"
    assert action["sections"][0]["title"] == "Pilih salah satu layanan"


def test_equal_ids_are_shown_once_and_first() -> None:
    choices = (Choice("Ya", "/a"), Choice("Tidak", "/b"), Choice("Betul", "/a"))
    buttons = _render(Reply("Benar?", choices))["interactive"]["action"]["buttons"]
    assert [button["reply"]["title"] for button in buttons] == ["Ya", "Tidak"]


def test_a_long_body_ends_with_a_sentence() -> None:
    body = _render(Reply("Ini satu kalimat. " * 400))["text"]["body"]
    assert body.endswith("kalimat. …")
    assert 4000 < len(body) <= 4096


def test_a_long_body_without_sentences_ends_with_a_word() -> None:
    body = _render(Reply("kata " * 1_000))["text"]["body"]
    assert body.endswith("kata…")


def test_a_long_body_without_words_is_cut_hard() -> None:
    assert _render(Reply("x" * 5_000))["text"]["body"] == "x" * 4_095 + "…"


def test_no_emoji_is_split() -> None:
    family = "👩\u200d👩\u200d👧"
    assert fit.cut("ab" + family * 3, 16) == "ab" + family + "…"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(""),
        Reply(" \n\x00"),
        Reply("a", (Choice(" ", "/a"),)),
        Reply("a", (Choice("a", "x" * 200),)),
    ],
    ids=["empty", "blank", "blank title", "long id"],
)
def test_refused(reply: Reply) -> None:
    with pytest.raises(ValueError):
        _render(reply)


def test_a_list_needs_a_word() -> None:
    with pytest.raises(ValueError, match="button"):
        render(Reply("a", _choices(*"abcd")), lambda c: c.payload, menu_word="", more=_more)


def test_of_eleven_choices_the_first_nine_and_a_row_for_the_next_page() -> None:
    def rows(titles: str) -> list[dict[str, str]]:
        action = _render(Reply("a", _choices(*titles)))["interactive"]["action"]
        return list(action["sections"][0]["rows"])

    assert [row["title"] for row in rows("abcdefghij")] == list("abcdefghij")
    eleven = rows("abcdefghijk")
    assert [row["title"] for row in eleven] == [*"abcdefghi", "Lainnya"]
    assert eleven[-1] == {"id": "n1:more:9", "title": "Lainnya", "description": "2 lagi"}
