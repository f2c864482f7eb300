from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.catalogue import Catalogue
from bot.errors import DataError
from bot.faq import Bank
from bot.faq.check import categories, problems
from tests.conftest import PROJECT

FAQ = PROJECT / "data" / "faq"
TODAY = date(2026, 11, 23)
BUTTONS = categories(PROJECT / "domain.yml")

ENTRY = """\
  - id: {id}
    question: "{question}"
    answer: >-
      {answer}
    source: Katalog
    source_label: Katalog
    confidence: {confidence}
    service: 8
    variants: ["{variant}"]
"""


def write(folder: Path, *entries: dict[str, str], name: str = "uji.yml") -> Path:
    filled = []
    for number, entry in enumerate(entries):
        values = {
            "id": f"entri-{number}",
            "question": f"Tanya {number}?",
            "answer": "Jawab.",
            "confidence": "high",
            "variant": f"nanya {number}",
        }
        filled.append(ENTRY.format(**(values | entry)))
    path = folder / name
    path.write_text("entries:\n" + "".join(filled), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def bank() -> Bank:
    return Bank.load(FAQ)


def test_the_bank_holds_all_facts(bank: Bank) -> None:
    assert len(bank) == len({entry.id for entry in bank.entries}) >= 143 + 60
    entry = bank.get("lama-terbit-sp2d")
    assert entry.topic == "spm_sp2d"
    assert entry.phrasings[0] == entry.question
    assert "lama-terbit-sp2d" in bank
    assert "tidak-ada" not in bank


def test_every_entry_reads_well(bank: Bank) -> None:
    for entry in bank.entries:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", entry.id)
        assert len(entry.variants) >= 8, entry.id
        assert len(entry.source_label) <= 45, entry.id
        assert "http" not in entry.source_label


def test_rasa_does_not_take_the_bank_for_training_data() -> None:
    for path in FAQ.glob("*.yml"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"^\s*(- )?(nlu|responses|rules|stories):", text, re.M), path


def test_an_unknown_id_is_a_key_error(bank: Bank) -> None:
    with pytest.raises(KeyError):
        bank.get("tidak-ada")


@pytest.mark.parametrize("member", ["question", "answer", "source_label", "confidence", "variants"])
def test_a_missing_member_is_named_with_its_line(tmp_path: Path, member: str) -> None:
    path = write(tmp_path, {}, {})
    text = path.read_text(encoding="utf-8")
    head, cut, tail = text.rpartition(f"    {member}:")
    rest = tail.partition("\n")[2]
    if member == "answer":
        rest = rest.partition("\n")[2]
    assert cut
    path.write_text(head + rest, encoding="utf-8")
    with pytest.raises(DataError, match=f"'{member}' is missing") as caught:
        Bank.load(tmp_path)
    assert caught.value.path == str(path)
    assert caught.value.line > 8


def test_an_id_may_stand_once_over_all_files(tmp_path: Path) -> None:
    write(tmp_path, {"id": "sama"}, name="a.yml")
    other = {"question": "Lain?", "variant": "lain lagi"}
    write(tmp_path, other, {"id": "sama"}, name="b.yml")
    with pytest.raises(DataError, match=r"b\.yml:11: id 'sama' stands already at .*a\.yml:2"):
        Bank.load(tmp_path)


@pytest.mark.parametrize("key", ["question", "variant"])
def test_a_question_may_belong_to_one_entry(tmp_path: Path, key: str) -> None:
    write(tmp_path, {}, {key: "TANYA  0"})
    with pytest.raises(DataError, match="question 'tanya 0' stands already"):
        Bank.load(tmp_path)


@pytest.mark.parametrize(
    ("wrong", "problem", "line"),
    [
        ({"confidence": "sure"}, "confidence 'sure'", 8),
        ({"answer": "a" * 1001}, "answer has 1001 characters", 4),
        ({"question": " "}, "'question' is empty", 3),
        ({"variant": " "}, "a variant must be a sentence", 10),
        ({"id": "Entri_1"}, "id 'Entri_1'; use at most 64", 2),
    ],
)
def test_a_wrong_member_is_refused(
    tmp_path: Path, wrong: dict[str, str], problem: str, line: int
) -> None:
    write(tmp_path, wrong)
    with pytest.raises(DataError, match=problem) as caught:
        Bank.load(tmp_path)
    assert caught.value.line == line


def test_an_answer_of_a_thousand_characters_is_allowed(tmp_path: Path) -> None:
    write(tmp_path, {"answer": "a" * 1000})
    assert len(Bank.load(tmp_path).get("entri-0").answer) == 1000


def test_unknown_keys_and_empty_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no \.yml file"):
        Bank.load(tmp_path)
    path = write(tmp_path, {})
    path.write_text(path.read_text(encoding="utf-8") + "    tpoic: x\n", encoding="utf-8")
    with pytest.raises(DataError, match="unknown key 'tpoic'"):
        Bank.load(tmp_path)


def test_every_service_has_entries_of_its_own(bank: Bank) -> None:
    assert {entry.service for entry in bank.entries} == set(range(1, 21))


def test_an_answer_out_of_date_must_be_confirmed(bank: Bank) -> None:
    aging = next(
        entry for entry in bank.entries if entry.valid_until and entry.confidence == "high"
    )
    assert aging.valid_until is not None
    assert not aging.needs_confirmation(aging.valid_until)
    assert aging.needs_confirmation(aging.valid_until + timedelta(days=1))


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue(PROJECT / "data/catalogue")


def test_the_bank_has_no_problem_today(catalogue: Catalogue) -> None:
    assert list(problems(FAQ, TODAY, catalogue, BUTTONS)) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("valid_until: 2026-11-22", "expired on 2026-11-22; ask {unit} for a review"),
        ("related: [entri-0, hilang]", "relates to hilang, which does not exist; remove it"),
        ("category: menu", "leads to category menu, which has no button; use one of {buttons}"),
    ],
)
def test_what_an_entry_lacks_is_told_with_its_place(
    tmp_path: Path, catalogue: Catalogue, line: str, said: str
) -> None:
    path = write(tmp_path, {}, {})
    before = list(problems(tmp_path, TODAY, catalogue, BUTTONS))
    path.write_text(path.read_text(encoding="utf-8") + f"    {line}\n", encoding="utf-8")
    (new,) = set(problems(tmp_path, TODAY, catalogue, BUTTONS)) - set(before)
    said = said.format(unit=catalogue.unit(8), buttons=", ".join(sorted(BUTTONS)))
    assert new == f"{path}:20: entri-1 {said}"


def test_an_entry_with_few_variants_is_told(tmp_path: Path, catalogue: Catalogue) -> None:
    path = write(tmp_path, {})
    (few,) = problems(tmp_path, TODAY, catalogue, BUTTONS)
    assert few == f"{path}:10: entri-0 has 1 variants; write at least 8"


def test_an_entry_lasts_until_its_last_day(tmp_path: Path, catalogue: Catalogue) -> None:
    path = write(tmp_path, {})
    path.write_text(path.read_text(encoding="utf-8") + f"    valid_until: {TODAY}\n", "utf-8")
    assert not [line for line in problems(tmp_path, TODAY, catalogue, BUTTONS) if "expired" in line]
