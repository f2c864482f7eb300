"""A file is what its content says; what may run, hide or unfold is not taken."""

from __future__ import annotations

import errno
import io
import struct
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.attachments import archive as archives
from bot.attachments import kinds
from bot.attachments.kinds import Kind, sniff
from bot.errors import FileRefused
from tests import filing
from tests.filing import DOCX_PARTS, XLSX_PARTS, archive, docx, open_document


def of(content: bytes, name: str = "surat.pdf") -> Kind:
    return sniff(io.BytesIO(content), name)


def refused(content: bytes, name: str = "surat.pdf") -> str:
    with pytest.raises(FileRefused) as caught:
        of(content, name)
    return caught.value.reason


@pytest.mark.parametrize(
    "content, kind",
    [
        (filing.PDF, kinds.PDF),
        (filing.JPEG, kinds.JPEG),
        (filing.PNG, kinds.PNG),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 ", kinds.WEBP),
        (filing.VOICE, kinds.OGG),
        (b"ID3\x04\x00", kinds.MP3),
        (b"\xff\xfb\x90\x44", kinds.MP3),
        (b"\xff\xf1\x50\x80", kinds.AAC),
        (b"#!AMR\n\x3c", kinds.AMR),
        (b"\x00\x00\x00\x20ftypM4A \x00", kinds.M4A),
        (b"\x00\x00\x00\x20ftypmp42\x00", kinds.MP4),
        (b"SPM ditolak, kode 0315", kinds.TEXT),
        ("Pagu minus – sudah dicek".encode(), kinds.TEXT),
        (archive(DOCX_PARTS), kinds.DOCX),
        (archive(XLSX_PARTS), kinds.XLSX),
        (open_document(kinds.ODS.type), kinds.ODS),
        (open_document(kinds.ODT.type), kinds.ODT),
    ],
)
def test_what_is_on_the_list_is_told_by_its_content(content: bytes, kind: Kind) -> None:
    assert of(content, "apa-saja.exe") is kind


def test_every_kind_of_the_list_has_a_type_and_an_ending_of_its_own() -> None:
    assert len({one.type for one in kinds.KINDS}) == len(kinds.KINDS)
    assert len({one.extension for one in kinds.KINDS}) == len(kinds.KINDS)


def test_a_name_decides_only_between_text_and_table() -> None:
    assert of(b"satker;nilai\n1;2", "data.CSV") is kinds.CSV
    assert of(filing.PDF, "data.csv") is kinds.PDF


@pytest.mark.parametrize(
    "content",
    [
        b"MZ\x90\x00\x03",
        b"\x7fELF\x02\x01",
        b"<html><script>alert(1)</script>",
        b"\n\t <!doctype html>",
        b"\xef\xbb\xbf<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<?xml version='1.0'?><svg/>",
        b"#!/bin/sh\nrm -rf /",
        b"{\\rtf1\\object}",
        b"%!PS-Adobe-3.0",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"Rar!\x1a\x07",
        b"\x1f\x8b\x08",
        b"GIF89a\x01\x00\x01\x00",
        b"RIFF\x24\x00\x00\x00WAVEfmt ",
        b"CWS\x08\x00",
        b"teks\x00biner",
        archive({"surat.txt": b"hai"}),
        open_document("application/vnd.oasis.opendocument.graphics"),
    ],
)
def test_what_is_not_on_the_list_is_refused(content: bytes) -> None:
    assert refused(content) == "type"


def test_html_that_hides_a_signature_further_in_is_refused() -> None:
    assert refused(b"<html><!-- %PDF-1.7 --><script>alert(1)</script>") == "type"
    assert refused(b"\x00" * 100 + filing.PDF) == "type"


class Failing(io.BytesIO):
    """A file on a disk that fails where the first part of an archive begins."""

    def __init__(self, content: bytes, code: int) -> None:
        super().__init__(content)
        self._code = code

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() == 0 and size == archives._HEADER:
            raise OSError(self._code, "read")
        return super().read(size)


def test_a_disk_that_fails_is_not_the_documents_fault() -> None:
    with pytest.raises(OSError, match="read") as caught:
        sniff(Failing(docx(), errno.EIO), "surat.docx")
    assert caught.value.errno == errno.EIO
    with pytest.raises(FileRefused):
        sniff(Failing(docx(), errno.EINVAL), "surat.docx")


def test_an_empty_file_is_refused() -> None:
    assert refused(b"") == "empty"


@pytest.mark.parametrize(
    "name",
    [
        "word/vbaProject.bin",
        "xl/macrosheets/sheet1.xml",
        "word/activeX/activeX1.xml",
        "word/embeddings/oleObject1.bin",
        "Basic/Standard/Module1.xml",
        "Scripts/python/a.py",
        "word/media/setup.EXE",
        "word/more.zip",
        "../../etc/cron.d/x",
        "/absolute.xml",
        "word\\..\\x.xml",
        "C:/x.xml",
    ],
)
def test_a_document_with_something_that_runs_or_goes_elsewhere_is_unsafe(name: str) -> None:
    assert refused(docx(**{name: b"x"})) == "unsafe"


def test_a_macro_document_under_another_name_is_unsafe() -> None:
    types = (
        b'<Types><Override ContentType="application/vnd.ms-word.macroEnabled.main+xml"/></Types>'
    )
    assert refused(docx(**{"[Content_Types].xml": types}), "surat.docx") == "unsafe"


def test_a_bomb_that_unfolds_too_far_is_unsafe() -> None:
    bomb = docx(**{"word/media/besar.xml": b"\x00" * (archives.LARGEST + 1)})
    assert len(bomb) < 100_000
    assert refused(bomb) == "unsafe"


def test_a_part_that_lies_about_its_size_is_unsafe() -> None:
    honest = bytearray(docx(**{"word/media/besar.xml": b"\x00" * 5_000_000}))
    place = honest.rfind(b"word/media/besar.xml") - 46
    assert honest[place : place + 4] == b"PK\x01\x02"
    struct.pack_into("<I", honest, place + 24, 1_000)
    assert refused(bytes(honest)) == "unsafe"


def test_parts_that_share_their_bytes_are_unsafe() -> None:
    shared = io.BytesIO()
    with zipfile.ZipFile(shared, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in DOCX_PARTS.items():
            file.writestr(name, content)
        file.writestr("word/a.xml", b"\x00" * 100_000)
        file.filelist += [_again(file.filelist[-1], f"word/{n}.xml") for n in range(50)]
        file._didModify = True  # type: ignore[attr-defined]
    assert refused(shared.getvalue()) == "unsafe"


def _again(part: zipfile.ZipInfo, name: str) -> zipfile.ZipInfo:
    twin = zipfile.ZipInfo(name)
    for field in ("header_offset", "compress_size", "file_size", "CRC", "compress_type"):
        setattr(twin, field, getattr(part, field))
    return twin


def test_too_many_parts_and_twins_are_unsafe() -> None:
    many = docx(**{f"word/{number}.xml": b"" for number in range(archives.MOST_PARTS)})
    assert refused(many) == "unsafe"
    made = io.BytesIO(archive(DOCX_PARTS))
    with pytest.warns(UserWarning), zipfile.ZipFile(made, "a") as file:
        file.writestr("word/document.xml", b"other")
    assert refused(made.getvalue()) == "unsafe"


def test_an_encrypted_part_is_unsafe() -> None:
    made = bytearray(archive(DOCX_PARTS))
    place = made.rfind(b"word/document.xml") - 46
    struct.pack_into("<H", made, place + 8, 1)
    assert refused(bytes(made)) == "unsafe"


def test_a_broken_part_is_unsafe() -> None:
    content = zlib.compress(b"x" * 1000)
    made = bytearray(docx(**{"word/media/a.bin": content}))
    place = made.find(b"word/media/a.bin") + len("word/media/a.bin")
    made[place + 2] ^= 0xFF
    assert refused(bytes(made)) == "unsafe"


_TRUE = (filing.PDF, filing.PNG, filing.VOICE, archive(DOCX_PARTS), open_document(kinds.ODS.type))


@given(st.sampled_from(_TRUE), st.lists(st.tuples(st.integers(0, 999), st.binary(max_size=4))))
def test_whatever_is_changed_it_is_a_kind_or_refused(
    content: bytes, changes: list[tuple[int, bytes]]
) -> None:
    made = bytearray(content)
    for place, piece in changes:
        made[place : place + len(piece)] = piece
    try:
        assert of(bytes(made)) in kinds.KINDS
    except FileRefused as error:
        assert error.reason in ("empty", "type", "unsafe")


@given(st.binary(max_size=300))
def test_any_bytes_are_a_kind_or_refused(content: bytes) -> None:
    try:
        assert of(content) in kinds.KINDS
    except FileRefused as error:
        assert error.reason in ("empty", "type", "unsafe")
