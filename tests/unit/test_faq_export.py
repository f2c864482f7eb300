"""What the desk published goes back into the files, and nothing else in them changes."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import cli
from bot.cli import faq as faq_commands
from bot.errors import StartupError
from bot.faq import Bank, Entry
from bot.faq.export import export, render
from bot.ledger import migrate
from bot.ledger.database import Ledger
from bot.privacy import open_vault
from bot.settings import Settings
from desk.faq_form import line
from tests.faq_desk import BANK, NEW, OLD, Agents
from tests.unit.test_faq import FAQ


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(FAQ, tmp_path / "faq")
    return tmp_path / "faq"


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in sorted(folder.iterdir())}


def read(folder: Path, text: str) -> Entry:
    (folder / "satu.yml").write_text("entries:\n" + text, encoding="utf-8")
    (entry,) = Bank.load(folder).entries
    return entry


@pytest.mark.parametrize("entry", BANK.entries, ids=lambda entry: entry.id)
def test_every_entry_can_be_written_and_read_again(entry: Entry, tmp_path: Path) -> None:
    assert replace(read(tmp_path, render(entry)), topic=entry.topic) == entry


shown = st.text(min_size=1, max_size=300).map(line).filter(bool)


@settings(max_examples=50)
@given(shown, shown, st.lists(shown, min_size=1, max_size=3, unique_by=str.casefold))
def test_whatever_people_write_can_be_read_again(
    tmp_path_factory: pytest.TempPathFactory, question: str, answer: str, variants: list[str]
) -> None:
    entry = replace(
        NEW, question=f"q{question}", answer=answer, variants=("x", "y z"), source=answer
    )
    entry = replace(entry, topic="satu", valid_until=date(2027, 1, 1), related=(OLD,))
    text = render(entry)
    assert not re.search(r"^\s*(- )?(nlu|responses|rules|stories):", text, re.M)
    assert read(tmp_path_factory.mktemp("law"), text) == entry


def test_a_line_that_rasa_would_take_for_its_own_is_not_written(tmp_path: Path) -> None:
    entry = replace(NEW, topic="satu", answer=f"{'a' * 90} rules: dan stories: juga.")
    text = render(entry)
    assert "\n      rules:" not in text
    assert read(tmp_path, text) == entry


class TestExport:
    """Changed, added, moved and withdrawn entries."""

    def test_a_changed_entry_changes_its_lines_alone(self, folder: Path) -> None:
        before = texts(folder)
        changed = replace(BANK.get(OLD), answer="Dana yang ditolak bank penerima.")
        assert export(folder, {OLD: changed}) == [f"changed: {OLD} (retur.yml)"]
        after = texts(folder)
        assert {name for name in after if after[name] != before[name]} == {"retur.yml"}
        old, new = before["retur.yml"].splitlines(), after["retur.yml"].splitlines()
        gone = [text for text in old if text not in new]
        assert len(gone) == 2 and "Penolakan/pengembalian dana" in gone[0]
        assert Bank.load(folder).get(OLD) == changed
        assert export(folder, {OLD: changed}) == []
        assert texts(folder) == after

    @pytest.mark.parametrize("id", [BANK.entries[0].id, OLD, BANK.entries[-1].id])
    def test_a_withdrawn_entry_goes_and_its_neighbours_stay(self, folder: Path, id: str) -> None:
        assert export(folder, {id: None})[0].startswith(f"withdrawn: {id}")
        left = [entry for entry in BANK.entries if entry.id != id]
        assert list(Bank.load(folder).entries) == left
        assert export(folder, {id: None}) == []

    def test_a_new_entry_comes_last_in_its_file(self, folder: Path) -> None:
        assert export(folder, {NEW.id: NEW}) == [f"added: {NEW.id} (kontrak.yml)"]
        assert texts(folder)["kontrak.yml"].endswith(f"\n\n{render(NEW)}")
        assert Bank.load(folder).get(NEW.id) == NEW

    def test_an_entry_may_move_to_another_file(self, folder: Path) -> None:
        moved = replace(BANK.get(OLD), topic="spm_sp2d")
        export(folder, {OLD: moved})
        assert Bank.load(folder).get(OLD) == moved
        assert f"id: {OLD}\n" not in texts(folder)["retur.yml"]

    def test_a_file_may_run_empty_and_fill_again(self, folder: Path) -> None:
        ours = {one.id: one for one in BANK.entries if one.topic == "tte"}
        export(folder, dict.fromkeys(ours))
        assert "entries: []" in texts(folder)["tte.yml"]
        export(folder, ours)
        assert {one.id for one in Bank.load(folder).entries if one.topic == "tte"} == set(ours)

    def test_what_would_break_the_files_is_not_written(self, folder: Path) -> None:
        before = texts(folder)
        for wrong in (
            replace(NEW, variants=BANK.get(OLD).variants),
            replace(NEW, answer="dua  blank"),
        ):
            with pytest.raises(StartupError):
                export(folder, {NEW.id: wrong})
            assert texts(folder) == before


@pytest.fixture
def agents(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Agents]:
    """The ledger that the commands find in the settings."""
    monkeypatch.setenv("NINDY_VAR_DIR", str(tmp_path / "var"))
    monkeypatch.setattr(faq_commands, "_DATA", folder.parent)
    chosen = Settings()
    ledger = Ledger(chosen.database_url, open_vault(chosen))
    migrate.upgrade(ledger)
    yield Agents(ledger)
    ledger.close()


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["nindy", "faq", *arguments])
    cli.main()


def test_the_commands(
    agents: Agents,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(monkeypatch, "export")
    assert capsys.readouterr().out == "data/faq is up to date.\n"
    agents.submitted()
    agents.do("reject", "Sebut aturannya.", by="supervisor")
    agents.published(replace(NEW, answer="Unggah di laman resmi."))
    run(monkeypatch, "export")
    assert f"added: {NEW.id} (kontrak.yml)" in capsys.readouterr().out
    assert Bank.load(folder).get(NEW.id).answer == "Unggah di laman resmi."
    run(monkeypatch, "history", NEW.id)
    said = capsys.readouterr().out
    for told in (
        "- 2026-11-23 09:00 version 2 published Nama supervisor",
        "Sebut aturannya.",
        "Version 1, rejected, by Nama agent",
    ):
        assert told in said
    run(monkeypatch, "history", "jam-layanan")
    assert "The desk never changed it" in capsys.readouterr().out
    with pytest.raises(SystemExit) as stopped:
        run(monkeypatch, "history", "tidak-ada")
    assert stopped.value.code == 2
