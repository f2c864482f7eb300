"""The shared reader of data files: plain data, lines, and errors with a remedy."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.datafile import items, line_of, load, only, read_once, take, wrong
from bot.errors import DataError, StartupError

GOOD = """\
# A comment.
name: Nindy
code: "029018"
count: 3
share: 0.5
shut: true
day: 2026-01-31
nothing: null
long: >-
  one
  two
units:
  - {id: 1, title: first}
  - id: 2
    title: second
base: &base {open: "08.00"}
other:
  <<: *base
  close: "16.00"
flag: &flag true
again: *flag
"""
Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def _write(text: str) -> Path:
        path = tmp_path / "some.yml"
        path.write_text(text, encoding="utf-8")
        return path

    return _write


def test_data_are_plain(write: Write) -> None:
    data = load(write(GOOD))
    assert data == {
        "name": "Nindy",
        "code": "029018",
        "count": 3,
        "share": 0.5,
        "shut": True,
        "day": date(2026, 1, 31),
        "nothing": None,
        "long": "one two",
        "units": [{"id": 1, "title": "first"}, {"id": 2, "title": "second"}],
        "base": {"open": "08.00"},
        "other": {"open": "08.00", "close": "16.00"},
        "flag": True,
        "again": True,
    }
    kinds = {type(data[key]) for key in ("name", "code", "count", "share", "shut", "day", "long")}
    assert kinds == {str, int, float, bool, date}
    assert type(data["flag"]) is bool
    assert json.loads(json.dumps(data["units"])) == data["units"]
    twin = copy.deepcopy(data)
    assert twin == data
    assert line_of(twin["units"], 1) == 14


@pytest.mark.parametrize(
    ("walk", "key", "line"),
    [
        ((), "name", 2),
        ((), "day", 7),
        ((), "units", 12),
        (("units",), 0, 13),
        (("units",), 1, 14),
        (("units", 0), "title", 13),
        (("units", 1), "title", 15),
        (("units", 1), None, 14),
        (("other",), "close", 19),
        (("other",), "open", 18),
        ((), "again", 21),
        ((), "absent", 2),
    ],
)
def test_every_key_has_its_line(
    write: Write, walk: tuple[str | int, ...], key: str | int | None, line: int
) -> None:
    node: Any = load(write(GOOD))
    for step in walk:
        node = node[step]
    assert line_of(node, key) == line


def test_ordinary_data_have_no_line() -> None:
    assert line_of({"a": 1}, "a") == 0
    assert line_of("text") == 0


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("a: 1\nb: [1", 2, "broken YAML"),
        ("a: 1\nb: c: d\n", 2, "mapping values are not allowed"),
        ("a: 1\nb: 2\na: 3\n", 3, "duplicate key"),
        ("a: 1\nb: *nowhere\n", 2, "undefined alias"),
        ("a: 1\n---\nb: 2\n", 2, "another document"),
        ("a: 1\n\tb: 2\n", 2, "broken YAML"),
        ("a:\n  - day: 2026-02-30\n", 2, "day is out of range"),
        ("a: 1\nb: \x01\n", 2, "control character"),
        ("a: 1\nsatker: 029018\n", 2, "quotes"),
        ("a: 1\nlist:\n  - 029018\n", 3, "quotes"),
        ("a: 1\nat: 2026-01-01T08:00:00+07:00\n", 2, "quotes"),
        ("a: 1\nb: !secret x\n", 2, "tag"),
        ("", 0, "restore"),
        ("# only a comment\n", 0, "restore"),
        ("just words\n", 0, "restore"),
    ],
)
def test_a_broken_file_gives_file_line_and_remedy(
    write: Write, text: str, line: int, says: str
) -> None:
    path = write(text)
    with pytest.raises(DataError) as caught:
        load(path)
    assert (caught.value.path, caught.value.line) == (str(path), line)
    assert says in caught.value.problem
    assert isinstance(caught.value, StartupError)


def test_a_missing_file_and_a_folder_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"absent\.yml: the file is missing"):
        load(tmp_path / "absent.yml")
    with pytest.raises(DataError, match="cannot be read"):
        load(tmp_path)


def test_another_encoding_gives_the_line(tmp_path: Path) -> None:
    path = tmp_path / "latin.yml"
    path.write_bytes(b"a: 1\nb: caf\xe9\n")
    with pytest.raises(DataError, match=r"latin\.yml:2: not UTF-8"):
        load(path)


def test_a_byte_order_mark_and_windows_lines_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "windows.yml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: x\r\n")
    data = load(path)
    assert data == {"a": 1, "b": "x"}
    assert line_of(data, "b") == 2


def test_take_checks_presence_and_type(write: Write) -> None:
    data = load(write(GOOD))
    assert take(data, "name", str) == "Nindy"
    assert take(data, "units", list) is data["units"]
    assert take(data, "base", dict) is data["base"]
    assert take(data, "nothing", str, "x") == "x"
    assert take(data, "absent", bool, False) is False
    for key, kind, line, says in [
        ("absent", str, 2, "'absent' is missing; add it"),
        ("nothing", str, 8, "'nothing' is missing; add it"),
        ("count", str, 4, "'count' must be text (in quotes), not a whole number"),
        ("shut", int, 6, "'shut' must be a whole number, not true or false"),
        ("name", list, 2, "'name' must be a list, not text (in quotes)"),
        ("units", dict, 12, "'units' must be a mapping, not a list"),
    ]:
        with pytest.raises(DataError) as caught:
            take(data, key, kind)
        assert (caught.value.line, caught.value.problem) == (line, says)
    with pytest.raises(DataError, match=r"some\.yml:13: a mapping with the key 'name' is wanted"):
        take(data["units"], "name", str)


def test_items_checks_every_item(write: Write) -> None:
    data = load(write("good:\n  - a\n  - b\nbad:\n  - a\n  - 2\nmaps:\n  - {a: 1}\n  - none\n"))
    assert items(data, "good", str) == ["a", "b"]
    with pytest.raises(DataError, match=r"some.yml:6: an item of 'bad' must be text"):
        items(data, "bad", str)
    with pytest.raises(DataError, match=r"some.yml:9: an item of 'maps' must be a mapping"):
        items(data, "maps", dict)


def test_unknown_keys_are_refused(write: Write) -> None:
    data = load(write("a: 1\nestimted: true\n"))
    only(data, ("a", "estimted"))
    with pytest.raises(DataError, match=r"some.yml:2: unknown key 'estimted'; allowed: a, b"):
        only(data, ("a", "b"))


def test_wrong_points_at_a_key_or_the_node(write: Write) -> None:
    data = load(write(GOOD))
    assert str(wrong(data["units"][1], "no", "title")).endswith("some.yml:15: no")
    assert str(wrong(data["units"], "no", 1)).endswith("some.yml:14: no")
    assert str(wrong(data["units"][1], "no")).endswith("some.yml:14: no")


def test_within_a_block_a_file_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "x.yml"
    path.write_text("a: 1\n")
    with read_once():
        assert load(path) == {"a": 1}
        path.write_text("a: 2\n")
        assert load(path) == {"a": 1}
    assert load(path) == {"a": 2}
