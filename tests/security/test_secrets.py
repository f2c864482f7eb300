"""Secrets are no arguments, and no words keep a reader busy for ever."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator

import pytest

from actions import fields
from actions.categories import start_for
from bot.attachments.names import label
from bot.cli import _parser
from bot.ledger.anonymous import find_code
from bot.nlu.normalise import normalise
from bot.privacy import redact
from bot.turn.plain import plain

SECRET = re.compile(r"password|secret|token|(?<!-)key\b|pin\b|credential", re.IGNORECASE)


def options(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Every option and argument of a command and of those below it."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from options(below)
        else:
            yield action


def test_no_command_takes_a_secret_as_an_argument() -> None:
    """Whoever is on the machine reads the arguments of every process."""
    found = list(options(_parser()))
    assert len(found) > 20
    for action in found:
        named = [*action.option_strings, action.dest]
        takes_value = action.nargs != 0
        assert not (takes_value and any(SECRET.search(name) for name in named)), named


ATOMS = (
    "1", "1 ", "1.", "1-", "0 0.", "a", "a@", "a@b.", "@", "%40", "x@y.z ", "nik ", "no. ",
    "nomor nomor ", "satker satker ", "rekening 1 ", "/", "/ ", "EXTERNAL: ", "EXTERNAL:/",
    "A1B2-", "K7M2-", "K7M2 QX9P ", "001/PPK/", "AB12 3456 ", "\n", "\n ", "|", "'", "(",
    " [at] ", "\u200b", "\u0301", "e\u0301", "１", "\ufdfa", "20261123-ABC23", "HAI-", "+62 ",
    "_", "?!;", "../", "\u202e", "bukan ", "maksud saya ",
)  # fmt: skip


def parse(field: str) -> Callable[[str], object]:
    def read(text: str) -> object:
        try:
            return fields.parse(field, text)
        except fields.FieldError:
            return None

    return read


READERS: dict[str, Callable[[str], object]] = {
    "find": lambda text: fields.find(text, list(fields.NAMES)),
    "start_for": start_for,
    "find_code": find_code,
    "normalise": lambda text: normalise(text, {}, {}),
    "redact": redact,
    "plain": plain,
    "label": label,
    **{f"parse {name}": parse(name) for name in fields.NAMES},
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("reader", READERS)
def test_no_words_make_a_reader_run_for_ever(reader: str) -> None:
    """A pattern that tries every way to match would not be done within the test's limit."""
    for atom in ATOMS:
        for tail in ("", "!", "x", "@"):
            text = (atom * 4100)[: 4096 - len(tail)] + tail
            READERS[reader](text)
