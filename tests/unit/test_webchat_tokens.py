"""Tokens: what we signed is read back; nothing else is."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.channels.webchat import tokens
from tests.kit import START

KEY = b"a key"
ORIGIN = "https://hai.contoh.go.id"
TOKEN = tokens.issue(KEY, tokens.new_session_id(), ORIGIN, START)


def test_what_was_signed_is_read_back() -> None:
    session_id = tokens.new_session_id()
    read = tokens.read(KEY, tokens.issue(KEY, session_id, ORIGIN, START), START)
    assert read is not None
    assert read.session_id == session_id
    assert read.expires_at == START + tokens.LIFE
    assert read.is_for(ORIGIN) and read.is_for(None)
    assert not read.is_for(ORIGIN + "x") and not read.is_for("")


def test_a_token_of_no_page_is_for_no_page() -> None:
    read = tokens.read(KEY, tokens.issue(KEY, tokens.new_session_id(), None, START), START)
    assert read is not None
    assert read.is_for(None) and not read.is_for(ORIGIN)


@given(place=st.integers(0, len(TOKEN) - 1), other=st.characters())
def test_a_token_with_one_other_character_is_none(place: int, other: str) -> None:
    changed = TOKEN[:place] + other + TOKEN[place + 1 :]
    assert changed == TOKEN or tokens.read(KEY, changed, START) is None


@given(st.text())
def test_no_text_is_a_token_by_chance(text: str) -> None:
    assert tokens.read(KEY, text, START) is None


def test_a_token_ends_and_its_successor_goes_on() -> None:
    last = START + tokens.LIFE - timedelta(seconds=1)
    read = tokens.read(KEY, TOKEN, last)
    assert read is not None and read.is_due(last)
    assert not read.is_due(START + tokens.LIFE / 2)
    assert tokens.read(KEY, TOKEN, START + tokens.LIFE) is None
    renewed = tokens.read(KEY, tokens.renew(KEY, read, last), START + tokens.LIFE)
    assert renewed is not None
    assert (renewed.session_id, renewed.origin) == (read.session_id, read.origin)
