from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from bot.nlu.knowledge import Knowledge
from bot.nlu.matcher import Engine, Thresholds
from bot.nlu.training import Fitted, train

SMOKE = Path(__file__).parents[2] / "data" / "matcher_smoke.tsv"

CONTROL = [
    ("batal", "cancel"),
    ("batal aja kak", "cancel"),
    ("eh gak jadi deh", "cancel"),
    ("BATALLLL", "cancel"),
    ("menu", "menu"),
    ("mneu", "menu"),
    ("balik ke awal dong", "menu"),
    ("petugas", "agent"),
    ("mau ngomong sama orang dong", "agent"),
    ("tolong sambungin saya ke admin", "agent"),
    ("mau lapor pegawai kppn minta uang", "complaint"),
    ("skip", "skip"),
    ("-", "skip"),
    ("ga ada kak", "skip"),
    ("iya kak", "affirm"),
    ("👍", "affirm"),
    ("ga kak", "deny"),
    ("tidak, terima kasih", "deny"),
    ("halo kak", "greet"),
    ("makasih ya kak 🙏", "thank"),
    ("halo halo", "greet"),
    ("halo, menu dong", "menu"),
    ("ya batal", "cancel"),
    ("ok makasih", "thank"),
    ("ga kak, makasih ya", "deny"),
]
FORM = [
    ("mau tanya dong kak", "tanya_nindy"),
    ("mau lacak tiket", "lacak_tiket"),
    ("mau cek sp2d", "info_sp2d"),
    ("sp2d sy udah cair blm", "info_sp2d"),
    ("cek sp2d 260261301000123 rek 0012345678", "info_sp2d"),
    ("cek status supplier", "status_supplier"),
    ("cek nrk kontrak SPK-01/PPK/2026", "register_kontrak"),
    ("akun digit keblokir", "akun_digit"),
    ("reset sakti dong", "reset_sakti"),
    ("mfa sakti ilang ganti hp", "reset_sakti"),
    ("lupa pasword sakti", "reset_sakti"),
    ("1", "tanya_nindy"),
    ("2", "lacak_tiket"),
    ("no 3", "info_sp2d"),
    ("nomor 3", "info_sp2d"),
    ("pilih 3", "info_sp2d"),
    ("3.", "info_sp2d"),
    ("yang ketiga kak", "info_sp2d"),
    ("7", "reset_sakti"),
]
QUESTIONS = [
    ("apa syarat cek sp2d?", "syarat-info-sp2d"),
    ("berapa lama sp2d terbit?", "lama-terbit-sp2d"),
    ("kapan batas lpj bendahara", "batas-lpj-bendahara"),
    ("apa itu HAI-CSO?", "apa-itu-hai-cso"),
]
DATA_ONLY = [
    "260261301000123",
    "budi@contoh.go.id",
    "0012-01-000123-30-5",
    "nik saya 3174012345678901",
    "012345",
    "8",
    "3174 0123 4567 8901",
]
NOTHING = ["", "   ", ".", "?!", "asdfghjkl", "cuaca jakarta besok gimana", "\n", "🐟"]


@pytest.mark.parametrize(("text", "intent"), CONTROL)
def test_control_words_alone(engine: Engine, text: str, intent: str) -> None:
    match = engine.match(text)
    assert (match.intent, match.decision, match.faq) == (intent, "control", None)
    assert match.probability >= 0.5


@pytest.mark.parametrize(
    "text",
    ["cara batal SPM", "menu cetak karwas dimana", "kapan selesai rekon gaji", "batas stop spm"],
)
def test_control_words_inside_a_question_do_not_win(engine: Engine, text: str) -> None:
    assert engine.match(text).decision != "control"


@pytest.mark.parametrize(("text", "intent"), FORM)
def test_wishes_start_the_form_of_their_category(engine: Engine, text: str, intent: str) -> None:
    match = engine.match(text)
    assert (match.intent, match.decision) == (intent, "form")


@pytest.mark.parametrize(("text", "id"), QUESTIONS)
def test_questions_about_a_category_are_answered(engine: Engine, text: str, id: str) -> None:
    match = engine.match(text)
    assert (match.intent, match.faq, match.decision) == ("faq", id, "answer")
    assert match.alternatives[0] == (id, match.probability)


@pytest.mark.parametrize("text", DATA_ONLY)
def test_bare_data_is_only_data(engine: Engine, text: str) -> None:
    match = engine.match(text)
    assert (match.intent, match.decision, match.probability) == ("inform", "ticket", 0.0)


@pytest.mark.parametrize("text", NOTHING)
def test_nonsense_gets_neither_an_answer_nor_a_form(engine: Engine, text: str) -> None:
    match = engine.match(text)
    assert (match.intent, match.decision, match.faq) in (
        ("nlu_fallback", "ticket", None),
        ("off_topic", "control", None),
    )


def test_every_phrase_of_the_bank_finds_its_entry(engine: Engine, knowledge: Knowledge) -> None:
    lost = [
        text
        for id, texts in knowledge.faq.items()
        for text in texts
        if engine.match(text).faq != id and engine.match(text).decision != "form"
    ]
    assert not lost


def test_an_example_belongs_to_one_intent(engine: Engine, knowledge: Knowledge) -> None:
    for intent, texts in knowledge.examples.items():
        assert {text for text in texts if engine.match(text).intent != intent} == set()


def test_the_thresholds_part_answer_clarify_and_ticket(
    knowledge: Knowledge, fitted: Fitted
) -> None:
    text = "up tunai minimal kepakai berapa dulu"
    probability = Engine(knowledge, fitted).match(text).alternatives[0][1]
    for answer, clarify, decision in (
        (probability - 0.01, 0.0, "answer"),
        (1.0, probability - 0.01, "clarify"),
        (1.0, probability + 0.01, "ticket"),
    ):
        engine = Engine(knowledge, fitted, Thresholds(answer, clarify))
        assert engine.match(text).decision == decision


def test_alternatives_are_at_most_three_and_fall(engine: Engine) -> None:
    match = engine.match("syarat void bast gimana ya")
    chances = [probability for _, probability in match.alternatives]
    assert 1 <= len(chances) <= 3
    assert chances == sorted(chances, reverse=True)


def test_fields_come_from_the_finder_handed_in(knowledge: Knowledge, fitted: Fitted) -> None:
    engine = Engine(knowledge, fitted, find_fields=lambda text: {"nomor_sp2d": text[-15:]})
    match = engine.match("cek sp2d 260261301000123")
    assert match.slots == {"nomor_sp2d": "260261301000123"}


def test_the_shape_is_the_one_of_nindy_match(engine: Engine) -> None:
    shape = json.loads(json.dumps(engine.match("berapa lama sp2d terbit?").as_dict()))
    assert list(shape) == [
        "text", "intent", "probability", "decision", "faq", "alternatives", "service", "slots",
    ]  # fmt: skip
    assert shape["alternatives"][0] == {
        "id": "lama-terbit-sp2d",
        "probability": shape["probability"],
    }
    assert shape["service"] == 2
    assert shape["slots"] == {}


def test_what_the_model_stores_gives_the_same_engine(
    knowledge: Knowledge, fitted: Fitted, engine: Engine, tmp_path: Path
) -> None:
    fitted.save(tmp_path / "fitted.npz")
    stored = Knowledge.from_dict(json.loads(json.dumps(knowledge.as_dict())))
    again = Engine(stored, Fitted.load(tmp_path / "fitted.npz"))
    for text in ("batal aja", "berapa lama sp2d terbit", "cek tiket", "xyz"):
        mine, its = engine.match(text), again.match(text)
        assert (its.intent, its.decision, its.faq) == (mine.intent, mine.decision, mine.faq)
        assert its.probability == pytest.approx(mine.probability, abs=1e-4)


def test_an_engine_without_knowledge_still_answers(knowledge: Knowledge) -> None:
    empty = Knowledge(knowledge.lexicon, {}, {})
    match = Engine(empty, train(empty)).match("apa itu retur")
    assert (match.intent, match.decision, match.alternatives) == ("nlu_fallback", "ticket", ())


def test_a_very_long_message_is_matched(engine: Engine) -> None:
    match = engine.match("sp2d saya kenapa retur ya kak " * 500)
    assert "penyebab-retur" in [id for id, _ in match.alternatives]


def test_smoke_set(engine: Engine) -> None:
    with SMOKE.open(encoding="utf-8") as file:
        rows = [row for row in csv.reader(file, delimiter="\t") if not row[0].startswith("#")]
    questions, others, strange = [], [], []
    for text, intent, id in rows:
        match = engine.match(text)
        if intent == "faq" and id:
            questions.append(match.faq == id)
            assert match.decision not in ("control", "refuse"), text
            assert match.decision != "answer" or match.faq == id, text
        elif intent == "nlu_fallback":
            strange.append(match.decision == "ticket" or match.intent == "off_topic")
            assert match.decision not in ("form", "answer"), text
        else:
            others.append(match.intent == intent)
    assert len(questions) >= 80
    assert len(strange) >= 40
    assert sum(questions) / len(questions) >= 0.85
    assert sum(strange) / len(strange) >= 0.85
    assert sum(others) / len(others) >= 0.95
