"""The search for planted data finds it however it was written; else it could not fail."""

from __future__ import annotations

import base64
import gzip
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.markers import leaks, tree

MARKERS = {"nik": "3174015512870077", "email": "penanda@contoh.go.id", "name": "Markisa Wati"}


@pytest.mark.parametrize("marker", list(MARKERS.values()))
@pytest.mark.parametrize("beside", ["", "x", "xy", "xyz"])
@pytest.mark.parametrize(
    "write",
    [
        str.encode,
        lambda text: text.upper().encode(),
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("utf-16-be"),
        lambda text: base64.b64encode(text.encode()),
        lambda text: base64.urlsafe_b64encode(text.encode()),
        lambda text: quote(text, safe="").encode(),
        lambda text: text.encode().hex().encode(),
    ],
)
def test_it_is_found_in_every_form(marker: str, beside: str, write: object) -> None:
    content = b"head " + write(beside + marker + beside) + b" tail"  # type: ignore[operator]
    assert {what for _, what in leaks([("log", content)], MARKERS)} == {
        name for name, one in MARKERS.items() if one == marker
    }


@pytest.mark.parametrize(
    "written", ["3174 0155 1287 0077", "3174.0155.1287.0077", "3174-01-5512870077"]
)
def test_digits_are_found_with_anything_between_them(written: str) -> None:
    assert leaks([("log", written.encode())], MARKERS) == {("log", "nik")}


def test_what_is_not_there_is_not_found() -> None:
    content = b"31740155128700 penanda@contoh.co.id Markisa W " + gzip.compress(b"x" * 99)
    assert leaks([("log", content)], MARKERS) == set()


def test_names_of_files_are_searched(tmp_path: Path) -> None:
    (tmp_path / "penanda@contoh.go.id.txt").write_text("x")
    assert {what for _, what in leaks(tree("var", tmp_path), MARKERS)} == {"email"}
