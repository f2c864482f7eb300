"""A file's name is a label: it leads nowhere, hides nothing and ends as the content does."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.attachments.kinds import KINDS, PDF, TEXT, Kind
from bot.attachments.names import LONGEST, disposition, safe_name


@pytest.mark.parametrize(
    "claimed, name",
    [
        ("Surat tugas.pdf", "Surat tugas.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\siti\\surat.docx", "surat.pdf"),
        ("gaji\u202efdp.exe", "gajifdp.pdf"),
        ("a\r\nSet-Cookie: x", "a Set-Cookie x.pdf"),
        ("", "berkas.pdf"),
        ("...", "berkas.pdf"),
        (".pdf", "berkas.pdf"),
        ("CON", "_CON.pdf"),
        ('x"; filename=evil.exe', "x filename=evil.pdf"),
        ("laporan.2026.final.pdf", "laporan.2026.final.pdf"),
        ("résumé – akhir.pdf", "résumé – akhir.pdf"),
    ],
)
def test_names(claimed: str, name: str) -> None:
    assert safe_name(claimed, PDF) == name


def test_a_program_that_is_text_becomes_a_text() -> None:
    assert safe_name("hapus.bat", TEXT) == "hapus.txt"


@given(st.text(max_size=300), st.sampled_from(KINDS))
def test_any_name_is_harmless(claimed: str, kind: Kind) -> None:
    name = safe_name(claimed, kind)
    assert name.endswith(f".{kind.extension}") and not name.startswith(".")
    assert len(name) <= LONGEST + 7
    assert not re.search(r'[/\\<>:"|?*;%\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]', name)
    header = disposition(name)
    assert header.isascii() and header.isprintable() and header.count('"') == 2
    assert header.startswith("attachment; ")
