"""The store: nothing in the clear, nothing half, nothing that the scanner does not like."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import time
import uuid
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot.attachments import sealed
from bot.attachments.files import LEAST_ROOM, Files
from bot.attachments.scanner import Scanner, Verdict
from bot.errors import FileLost, FileRefused, StartupError
from bot.privacy import Vault
from tests import filing
from tests.filing import content_of, docx, keep, store
from tests.kit import vault

SCANNER = """
import sys
content = sys.stdin.buffer.read()
if content == b"away":
    sys.exit(2)
sys.exit(1 if content.startswith(b"X5O!P") and b"EICAR" in content else 0)
"""


@pytest.fixture
def scanner(tmp_path: Path) -> str:
    program = tmp_path / "scanner.py"
    program.write_text(SCANNER)
    return f"{sys.executable} '{program}'"


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return store(tmp_path, vault())


def on_disk(folder: Path) -> list[Path]:
    return [path for path in (folder / "files").rglob("*") if path.is_file()]


async def test_what_is_kept_comes_back_whole(files: Files) -> None:
    for size in (1, sealed.PIECE - 1, sealed.PIECE, sealed.PIECE + 1, 3 * sealed.PIECE):
        content = (b"%PDF-" + os.urandom(size))[: max(size, 5)]
        kept = await keep(files, content, "surat.pdf")
        assert (kept.name, kept.type, kept.size) == ("surat.pdf", "application/pdf", len(content))
        assert kept.clean
        assert await content_of(files, kept.id) == content


async def test_nothing_of_it_is_readable_on_disk(files: Files, tmp_path: Path) -> None:
    kept = await keep(files, b"NIK 3171010101900001 atas nama Siti" * 50, "rahasia-siti.txt")
    (path,) = on_disk(tmp_path)
    assert path.name == kept.id and "siti" not in str(path.relative_to(tmp_path)).lower()
    assert b"NIK" not in path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_too_large_a_file_is_refused_while_it_comes(tmp_path: Path) -> None:
    files = store(tmp_path, vault(), largest=100_000)
    taken = 0

    async def endless():  # type: ignore[no-untyped-def]
        nonlocal taken
        while True:
            taken += 1
            yield b"a" * 10_000

    with pytest.raises(FileRefused, match="large"):
        await files.keep(endless(), "a.txt")
    assert taken == 11
    assert on_disk(tmp_path) == []


async def test_files_never_fill_the_disk(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    left = LEAST_ROOM + files.largest
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=left - 1))
    with pytest.raises(OSError, match="No space left"):
        await keep(files, filing.PDF)
    assert on_disk(tmp_path) == []
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=left))
    await keep(files, filing.PDF)


async def test_what_is_refused_leaves_nothing(files: Files, tmp_path: Path) -> None:
    for content in (b"", b"MZ\x90", docx(**{"word/vbaProject.bin": b"x"})):
        with pytest.raises(FileRefused):
            await keep(files, content)
    assert on_disk(tmp_path) == []


async def test_the_scanner_refuses_the_test_virus(tmp_path: Path, scanner: str) -> None:
    files = store(tmp_path, vault(), scanner=scanner)
    with pytest.raises(FileRefused, match="infected"):
        await keep(files, filing.EICAR, "eicar.txt")
    assert on_disk(tmp_path) == []
    kept = await keep(files, filing.PDF)
    assert kept.clean and await content_of(files, kept.id) == filing.PDF


async def test_a_scanner_that_is_away_is_asked_again(tmp_path: Path, scanner: str) -> None:
    files = store(tmp_path, vault(), scanner=scanner)
    kept = await keep(files, b"away", "a.txt")
    assert not kept.clean
    assert await files.scan_again(kept.id) is Verdict.LATER
    (tmp_path / "scanner.py").write_text("import sys; sys.exit(0)")
    assert await files.scan_again(kept.id) is Verdict.CLEAN
    (tmp_path / "scanner.py").write_text("import sys; sys.exit(1)")
    assert await files.scan_again(kept.id) is Verdict.INFECTED


async def test_a_scanner_that_hangs_is_ended_and_knows_no_secret(tmp_path: Path) -> None:
    program = tmp_path / "slow.py"
    program.write_text(
        "import os, sys, time\n"
        "assert not [name for name in os.environ if name.startswith('NINDY')]\n"
        "time.sleep(600)"
    )
    with (tmp_path / "a").open("w+b") as file:
        slow = Scanner(f"{sys.executable} {program}", seconds=0.5)
        assert await slow.scan(file) is Verdict.LATER


@pytest.mark.parametrize("command", ["no-such-program -", "'open", " "])
def test_a_scanner_that_is_not_there_stops_the_start(command: str) -> None:
    with pytest.raises(StartupError, match="NINDY_SCAN_COMMAND"):
        Scanner(command)


def test_a_folder_that_cannot_be_made_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("in the way")
    with pytest.raises(StartupError, match="NINDY_FILES_DIR"):
        store(tmp_path, vault())


async def test_pieces_cannot_be_moved_cut_or_exchanged(files: Files, tmp_path: Path) -> None:
    kept = await keep(files, b"%PDF-" + bytes(3 * sealed.PIECE))
    other = await keep(files, b"%PDF-" + bytes(3 * sealed.PIECE))
    path = next(p for p in on_disk(tmp_path) if p.name == kept.id)
    twin = next(p for p in on_disk(tmp_path) if p.name == other.id)
    whole = path.read_bytes()
    length = 4 + int.from_bytes(whole[:4], "big")
    first, second, rest = whole[:length], whole[length : 2 * length], whole[2 * length :]
    for damaged in (
        second + first + rest,
        first + second,
        first + rest,
        whole + first,
        whole[:-1],
        whole[:2],
        b"",
        b"\xff" * 40,
        twin.read_bytes(),
        bytes([whole[0], whole[1], whole[2], whole[3], whole[4] ^ 1]) + whole[5:],
    ):
        path.write_bytes(damaged)
        with pytest.raises(FileLost):
            await content_of(files, kept.id)


async def test_an_older_key_still_opens_and_a_foreign_one_does_not(tmp_path: Path) -> None:
    old, new = Fernet.generate_key(), Fernet.generate_key()
    kept = await keep(store(tmp_path, Vault([old], b"i")), filing.PDF)
    assert await content_of(store(tmp_path, Vault([new, old], b"i")), kept.id) == filing.PDF
    with pytest.raises(FileLost):
        await content_of(store(tmp_path, Vault([new], b"i")), kept.id)


async def test_an_id_is_no_path(files: Files) -> None:
    for id in ("../../etc/passwd", "", "..", "x" * 36):
        with pytest.raises(ValueError):
            await content_of(files, id)


async def test_a_given_id_replaces_and_a_dropped_file_is_gone(files: Files) -> None:
    id = str(uuid.uuid4())
    await keep(files, filing.PNG, id=id)
    await keep(files, filing.PDF, id=id)
    assert await content_of(files, id) == filing.PDF
    await files.drop(id)
    await files.drop(id)
    with pytest.raises(FileLost):
        await content_of(files, id)


async def test_only_what_is_old_is_stale(files: Files, tmp_path: Path) -> None:
    kept, fresh = await keep(files, filing.PDF), await keep(files, filing.PDF)
    path = next(p for p in on_disk(tmp_path) if p.name == kept.id)
    draft = path.with_name(f"{kept.id}.halb")
    draft.write_bytes(b"left by a killed process")
    long_ago = time.time() - 2 * 24 * 3600
    for one in (path, draft):
        os.utime(one, (long_ago, long_ago))
    assert files.stale() == [kept.id]
    assert not draft.exists()
    assert await content_of(files, fresh.id) == filing.PDF
