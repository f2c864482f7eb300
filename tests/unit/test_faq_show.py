"""What ``nindy faq show`` prints: above all who answers for an entry."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import pytest

from bot import cli
from bot.catalogue import Catalogue
from bot.faq import Bank
from tests.conftest import PROJECT

Run = Callable[..., str]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["nindy", "faq", "show", *arguments])
        cli.main()
        return capsys.readouterr().out

    return call


def test_an_entry_as_json(run: Run) -> None:
    found = json.loads(run("jadwal-pemutakhiran-rpd-hal3", "--json"))
    entry = Bank.load(PROJECT / "data/faq").get("jadwal-pemutakhiran-rpd-hal3")
    assert found["unit"] == Catalogue(PROJECT / "data/catalogue").unit(entry.service)
    assert found["unit"] == "Direktorat Pelaksanaan Anggaran"
    assert (found["topic"], found["service"]) == ("ikpa_caput_revisi", 2)
    assert found["valid_until"] == "2026-12-31"
    assert found["answer"] == entry.answer
    assert tuple(found["variants"]) == entry.variants
    assert tuple(found["related"]) == entry.related


def test_an_entry_to_read(run: Run) -> None:
    said = run("jadwal-pemutakhiran-rpd-hal3")
    assert said.startswith("Kapan pemutakhiran RPD Halaman III DIPA?\n")
    for line in (
        "jadwal-pemutakhiran-rpd-hal3 (data/faq/ikpa_caput_revisi.yml)",
        "  service: 2 Layanan Konsultasi Teknis Pelaksanaan Anggaran",
        "  unit: Direktorat Pelaksanaan Anggaran",
        "  confidence: medium",
        "  valid until: 2026-12-31",
        "  - jadwal hal III",
        "  - wewenang-revisi-kanwil: Apa wewenang Kanwil DJPb dalam revisi anggaran?",
    ):
        assert line in said.splitlines()
    assert "valid until" not in run("apa-itu-retur")


def test_an_unknown_id_is_one_line_and_exit_code_2(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        run("tidak-ada")
    assert stopped.value.code == 2
    assert capsys.readouterr().err == (
        "nindy: FAQ entry tidak-ada is not known; search data/faq for its id\n"
    )
