"""Answers and sentences name units and services as the catalogue does."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from bot import data_check
from bot.catalogue import Catalogue
from bot.name_check import problems
from tests.conftest import PROJECT

DOMAIN = "responses:\n  utter_a:\n  - text: {}\n"


def check(folder: Path, catalogue: Catalogue, answer: str, sentence: str = "Halo") -> list[str]:
    (folder / "faq").mkdir()
    (folder / "faq/a.yml").write_text(f"entries:\n- id: a\n  answer: >-\n    {answer}\n")
    (folder / "domain.yml").write_text(DOMAIN.format(sentence))
    return list(problems(folder / "faq", folder / "domain.yml", catalogue))


def test_our_own_sentences_use_the_names_of_the_catalogue(catalogue: Catalogue) -> None:
    assert list(problems(PROJECT / "data/faq", PROJECT / "domain.yml", catalogue)) == []


@pytest.mark.parametrize(
    "answer",
    [
        "Ke Direktorat Pelaksanaan Anggaran.",
        "Ke Direktorat SITP, lewat TIK.1 Layanan Konsultasi TIK.",
        "Ke Layanan Konsultasi Teknis Manajemen\n    Kas (nama lama).",
        "Dahulu Badan Pengelola Dana Perkebunan Kelapa Sawit.",
        "Tanyakan ke direktorat yang membidangi di Direktorat Jenderal Perbendaharaan.",
    ],
)
def test_right_names_pass(tmp_path: Path, catalogue: Catalogue, answer: str) -> None:
    assert check(tmp_path, catalogue, answer) == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("Ke Direktorat Kas.", "Direktorat Kas."),
        ("Ke Direktorat SITPX.", "Direktorat SITPX."),
        ("Ke Layanan Konsultasi\n    Manajemen Kas.", "Layanan Konsultasi Manajemen Kas."),
        ("Ke TIK.6 Layanan Baru.", "TIK.6 Layanan Baru."),
        ("Ke KPPN Khusus Hibah.", "KPPN Khusus Hibah."),
    ],
)
def test_a_wrong_name_is_told_with_its_place(
    tmp_path: Path, catalogue: Catalogue, answer: str, said: str
) -> None:
    (found,) = check(tmp_path, catalogue, answer)
    assert found.startswith(f"{tmp_path}/faq/a.yml:3: '{said} ...' is no name of the catalogue")


def test_responses_are_looked_at_too(tmp_path: Path, catalogue: Catalogue) -> None:
    (found,) = check(tmp_path, catalogue, "Halo", "Ke Direktorat Perbankan")
    assert found.startswith(f"{tmp_path}/domain.yml:3: 'Direktorat Perbankan ...'")


def test_nindy_check_tells_wrong_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_check, "now", lambda: datetime(2026, 11, 23, tzinfo=timezone.utc))
    monkeypatch.setattr(data_check.faq_check, "problems", lambda *_: ["of the bank"])
    monkeypatch.setattr(data_check.phrase_check, "problems", lambda *_: ["of a phrase"])
    monkeypatch.setattr(data_check.name_check, "problems", lambda *_: ["of a name"])
    assert data_check.check_data()[-3:] == ["of the bank", "of a phrase", "of a name"]
