"""No two entries, services or intents may claim the same phrase."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.errors import DataError
from bot.phrase_check import problems
from tests.conftest import PROJECT

FAQ = """\
entries:
- id: jam-layanan
  question: "Jam berapa KPPN buka?"
  variants: ["kppn buka jam brp", "jadwal loket kppn"]
- id: {id}
  question: "Apa itu retur?"
  variants:
  - "arti retur"
  - "{variant}"
"""
EXAMPLES = """\
examples:
- service: 3
  questions: ["retur kami belum selesai juga"]
- service: {service}
  questions:
  - "laporan aset kami beda"
  - "{question}"
"""
NLU = """\
version: "3.1"
nlu:
  - intent: greet
    examples: |
      - halo
      - pagi

  - intent: menu
    examples: |
      - menu
      - {example}
"""
IN_ORDER = {
    "id": "apa-itu-retur",
    "variant": "retur tuh apa sih",
    "service": "7",
    "question": "neraca kami minus",
    "example": "pilihan layanan",
}


def data(folder: Path, **wrong: str) -> Path:
    """Write a small project's data, some of it wrong."""
    said = IN_ORDER | wrong
    for name in ("faq", "catalogue", "nlu"):
        (folder / name).mkdir()
    (folder / "faq/uji.yml").write_text(FAQ.format(**said))
    (folder / "catalogue/examples.yml").write_text(EXAMPLES.format(**said))
    (folder / "nlu/uji.yml").write_text(NLU.format(**said))
    shutil.copytree(PROJECT / "data/lexicon", folder / "lexicon")
    return folder


def test_our_own_phrases_can_be_told_apart() -> None:
    assert list(problems(PROJECT / "data")) == []


def test_what_differs_passes(tmp_path: Path) -> None:
    assert list(problems(data(tmp_path))) == []


@pytest.mark.parametrize(
    ("wrong", "place", "said"),
    [
        (
            {"variant": "Loket KPPN jadwal?"},
            "faq/uji.yml:9",
            "'Loket KPPN jadwal?' of apa-itu-retur is nearly 'jadwal loket kppn' of jam-layanan "
            "(…/faq/uji.yml:4); change one",
        ),
        (
            {"question": "jadwal loketnya kppn"},
            "catalogue/examples.yml:7",
            "'jadwal loketnya kppn' of service 7 is nearly 'jadwal loket kppn' of jam-layanan "
            "(…/faq/uji.yml:4); change one",
        ),
        (
            {"question": "retur kami blm selesai juga"},
            "catalogue/examples.yml:7",
            "'retur kami blm selesai juga' of service 7 is nearly 'retur kami belum selesai juga' "
            "of service 3 (…/catalogue/examples.yml:3); change one",
        ),
        (
            {"question": "Laporan aset kami beda?"},
            "catalogue/examples.yml:7",
            "'Laporan aset kami beda?' of service 7 is nearly 'laporan aset kami beda' of "
            "service 7 (…/catalogue/examples.yml:6); change one",
        ),
        (
            {"example": "Pagiii"},
            "nlu/uji.yml:11",
            "'Pagiii' of intent menu says the same as 'pagi' of intent greet "
            "(…/nlu/uji.yml:6); keep one",
        ),
        (
            {"example": "kppn buka jam berapa"},
            "nlu/uji.yml:11",
            "'kppn buka jam berapa' of intent menu says the same as 'kppn buka jam brp' of "
            "jam-layanan (…/faq/uji.yml:4); keep one",
        ),
        (
            {"example": "laporan aset kami beda"},
            "nlu/uji.yml:11",
            "'laporan aset kami beda' of intent menu says the same as 'laporan aset kami beda' of "
            "service 7 (…/catalogue/examples.yml:6); keep one",
        ),
    ],
)
def test_a_phrase_of_two_is_told_with_both_places(
    tmp_path: Path, wrong: dict[str, str], place: str, said: str
) -> None:
    (found,) = problems(data(tmp_path, **wrong))
    assert found == f"{tmp_path}/{place}: {said.replace('…', str(tmp_path))}"


def test_close_variants_of_one_entry_and_close_examples_of_intents_pass(tmp_path: Path) -> None:
    wrong = {"variant": "retur artinya", "example": "halo menu pagi"}
    assert list(problems(data(tmp_path, **wrong))) == []


@pytest.mark.parametrize(
    ("service", "problem"),
    [("21", "service 21; use 1 to 20"), ("0", "service 0"), ("3", "service 3 is listed twice")],
)
def test_a_wrong_service_of_the_questions_stops(tmp_path: Path, service: str, problem: str) -> None:
    with pytest.raises(DataError, match=problem) as caught:
        list(problems(data(tmp_path, service=service)))
    assert (caught.value.path, caught.value.line) == (f"{tmp_path}/catalogue/examples.yml", 4)
