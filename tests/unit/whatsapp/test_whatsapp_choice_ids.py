"""Ids of choices: only ours, only in their own conversation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.choice_ids import LIMIT, issue, resolve

KEY = b"kunci-uji"
PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=170)


@given(PRINTABLE, st.text(max_size=40))
def test_what_we_issue_comes_back(payload: str, conversation: str) -> None:
    reference = issue(KEY, conversation, payload)
    assert reference.startswith(f"n1:{payload}:")
    assert len(reference) == len(payload) + 20 <= LIMIT
    assert resolve(KEY, conversation, reference) == payload
    assert resolve(KEY, conversation + "x", reference) is None
    assert resolve(b"lain", conversation, reference) is None


@given(st.text(st.characters()), PRINTABLE)
def test_nothing_else_does(forged: str, payload: str) -> None:
    good = issue(KEY, "c", payload)
    for reference in (forged, "n1:" + forged, f"n1:{payload}:{forged}", good[:-1], good + "A"):
        assert reference == good or resolve(KEY, "c", reference) is None
    swapped = f"n1:{payload}x:{good[-16:]}"
    assert resolve(KEY, "c", swapped) is None


@pytest.mark.parametrize("reference", ["", "n1:", "n1::", "n1:/restart", "/restart", "n1:a:\ud800"])
def test_odd_ids(reference: str) -> None:
    assert resolve(KEY, "c", reference) is None


def test_an_empty_payload_never_resolves() -> None:
    assert resolve(KEY, "c", "n1::" + "A" * 16) is None


@pytest.mark.parametrize("payload", ["", "x" * 181, "a\nb", "é", "\x00"])
def test_refused_payloads(payload: str) -> None:
    with pytest.raises(ValueError, match="payload"):
        issue(KEY, "c", payload)


def test_longest_payload() -> None:
    assert len(issue(KEY, "c", "x" * 180)) == LIMIT


def test_an_empty_key_seals_nothing() -> None:
    with pytest.raises(ValueError, match="key"):
        issue(b"", "c", "/x")
    with pytest.raises(ValueError, match="key"):
        resolve(b"", "c", "n1:/x:" + "A" * 16)


def test_pairs_do_not_run_into_each_other() -> None:
    assert issue(KEY, "a", "b:c")[-16:] != issue(KEY, "a:b", "c")[-16:]
