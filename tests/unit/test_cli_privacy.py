"""``nindy privacy``: whom it is about comes from standard input, and what it says names nobody."""

from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path

import pytest

from bot import cli
from bot.ledger import tables
from bot.ledger.database import Ledger
from bot.privacy import Vault, open_vault
from bot.settings import load
from tests.kit import Clock, answer, message, receive, rows, siti
from tests.services.test_retention import talked
from tests.ticketing import Desk

PHONE = "081234509876"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in os.environ:
        if name.startswith("NINDY_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("NINDY_VAR_DIR", str(tmp_path / "var"))
    monkeypatch.setattr("bot.cli.privacy._STORING", 0.0)
    run("privacy", "report", monkeypatch=monkeypatch)
    return tmp_path


def run(*words: str, monkeypatch: pytest.MonkeyPatch, said: str = "") -> None:
    monkeypatch.setattr("sys.argv", ["nindy", *words])
    monkeypatch.setattr("sys.stdin", io.StringIO(said))
    cli.main()


def opened(vault: Vault | None = None) -> Ledger:
    read = load()
    return Ledger(read.database_url, vault or open_vault(read))


def refused(
    *words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], said: str = ""
) -> str:
    with pytest.raises(SystemExit) as ended:
        run(*words, monkeypatch=monkeypatch, said=said)
    assert ended.value.code == 2
    return capsys.readouterr().err


def write_in(name: str = "siti") -> str:
    """Let a person with a number open a ticket; return its number."""
    ledger = opened()
    try:
        who = siti(name)
        receive(ledger, message("m", type(who)(who.user_id, "6281234509876", "Siti Penanda")))
        answer(ledger)
        talked(ledger, "lain")
        return Desk(ledger).open(person=name)
    finally:
        ledger.close()


def test_a_person_gets_a_copy_and_is_erased(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    number = write_in()
    path = folder / "out.zip"
    run("privacy", "export", "--phone", "--to", str(path), monkeypatch=monkeypatch, said=PHONE)
    told = capsys.readouterr()
    with zipfile.ZipFile(path) as archive:
        assert "Siti Penanda" in archive.read("data.json").decode()
        assert json.loads(archive.read("data.json"))["held"]["ticket"][0]["number"] == number
    run_erase = ("privacy", "erase", "--ticket", "--yes")
    error = refused(*run_erase, monkeypatch=monkeypatch, capsys=capsys, said=number)
    assert number in error and "close these tickets first" in error
    ledger = opened()
    with ledger.engine.begin() as connection:
        connection.execute(tables.ticket.update().values(state="closed", closed_at=Clock()()))
    ledger.close()
    run(*run_erase, monkeypatch=monkeypatch, said=number)
    told_last = capsys.readouterr()
    assert "ticket kept without names and words: The record of a public service" in told_last.out
    for marker in ("Siti", PHONE, "6281234509876", "siti@contoh.id"):
        assert marker not in told.out + told.err + told_last.out + told_last.err
    error = refused(
        *("privacy", "erase", "--phone", "--yes"),
        monkeypatch=monkeypatch, capsys=capsys, said=PHONE,
    )  # fmt: skip
    assert error == "nindy: nobody is known by this phone\n"


def test_erasing_is_asked_for_once_more(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    number = write_in()
    words = ("privacy", "erase", "--ticket")
    error = refused(*words, monkeypatch=monkeypatch, capsys=capsys, said=number)
    assert "cannot be undone; say --yes" in error


def test_of_several_one_is_chosen(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_in()
    ledger = opened()
    desk = Desk.__new__(Desk)
    desk.ledger, desk._numbers = ledger, iter(range(100, 200))
    desk.open(person="budi")
    people = {row.id for row in rows(ledger, tables.person)}
    ledger.close()
    words = ("privacy", "export", "--email", "--to", str(folder / "x.zip"))
    with pytest.raises(SystemExit):
        run(*words, monkeypatch=monkeypatch, said="siti@contoh.id")
    told = capsys.readouterr()
    assert "2 persons are known by it; choose one with --person" in told.err
    listed = [line.split()[0] for line in told.out.splitlines() if " whatsapp " in line]
    assert len(listed) == 2 and set(listed) <= people
    assert not (folder / "x.zip").exists()


def test_nobody_is_named_on_the_command_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("privacy", "erase", "--phone", PHONE)
    assert "unrecognized arguments" in refused(*words, monkeypatch=monkeypatch, capsys=capsys)


def test_the_key_file_is_rotated_in_two_steps(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error = refused("privacy", "rotate-key", "--finish", monkeypatch=monkeypatch, capsys=capsys)
    assert "there is one key only" in error
    write_in()
    path = folder / "var/keys.json"
    (old,) = json.loads(path.read_text())["encryption"]
    running = open_vault(load())
    sealed = running.seal("x")
    run("privacy", "rotate-key", monkeypatch=monkeypatch)
    new, kept = json.loads(path.read_text())["encryption"]
    assert kept == old != new and path.stat().st_mode & 0o777 == 0o600
    # A process that has run all along seals with the new key at once, and opens both.
    assert Vault([new.encode()], b"").open(running.seal("y")) == "y" and running.open(sealed) == "x"
    run("privacy", "rotate-key", "--finish", monkeypatch=monkeypatch)
    assert json.loads(path.read_text())["encryption"] == [new]
    ledger = opened(Vault([new.encode()], running._index_key))
    assert ledger.vault.open(rows(ledger, tables.ticket)[0].sealed_content)["name"] == "Siti"
    ledger.close()


def test_an_old_key_that_is_still_used_is_not_dropped(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_in()
    path = folder / "var/keys.json"
    (old,) = json.loads(path.read_text())["encryption"]
    run("privacy", "rotate-key", monkeypatch=monkeypatch)
    ledger = opened()
    late = Vault([old.encode()], b"").seal({"subject": "x"})
    with ledger.engine.begin() as connection:
        connection.execute(tables.ticket.update().values(sealed_content=late))
    ledger.close()
    words = ("privacy", "rotate-key", "--finish")
    assert "still sealed with an older key" in refused(
        *words, monkeypatch=monkeypatch, capsys=capsys
    )
    assert len(json.loads(path.read_text())["encryption"]) == 2
    run(*words, monkeypatch=monkeypatch)
    assert len(json.loads(path.read_text())["encryption"]) == 1


def test_keys_of_the_settings_are_rotated_by_whoever_sets_them(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = json.loads((folder / "var/keys.json").read_text())
    monkeypatch.setenv("NINDY_ENCRYPTION_KEYS", keys["encryption"][0])
    monkeypatch.setenv("NINDY_INDEX_KEY", keys["index"])
    error = refused("privacy", "rotate-key", monkeypatch=monkeypatch, capsys=capsys)
    assert "put a fresh key (`nindy key`) in front" in error


def test_what_is_over_is_removed_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run("privacy", "expire", monkeypatch=monkeypatch)
    assert "0 rows were older than their period." in capsys.readouterr().out
    run("privacy", "report", monkeypatch=monkeypatch)
    assert "retention was last applied: 20" in capsys.readouterr().out
