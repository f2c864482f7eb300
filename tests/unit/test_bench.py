"""The parts of the bench that other figures rest on: the compared matchers, and invented banks."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench import ablation, bank_size, bubbles, matchers
from bench.matchers import Bm25, LinearSvc, Ranked, TokenSet
from bench.matching import clipped
from bench.paths import PROJECT, environment
from bench.processes import NotStarted, Program
from bot.nlu.component import Matcher
from bot.nlu.evaluate import Outcome, Row
from bot.nlu.knowledge import Knowledge
from bot.nlu.lexicon import Lexicon
from bot.nlu.similarity import MEASURES, Similarity

FAQ = {
    "retur": ["apa itu retur sp2d", "kenapa sp2d saya diretur bank"],
    "lupa-password": ["lupa password sakti", "cara ganti password aplikasi sakti"],
    "jam-layanan": ["jam layanan kppn", "kppn buka sampai jam berapa"],
    "libur": ["apakah kppn buka di hari libur"],
}


@pytest.mark.parametrize("method", [TokenSet, Bm25, LinearSvc])
@pytest.mark.parametrize(
    ("asked", "id"),
    [("password SAKTI lupa!", "lupa-password"), ("jam layanan berapa", "jam-layanan")],
)
def test_an_obvious_match_comes_first(
    method: type[TokenSet | Bm25 | LinearSvc], asked: str, id: str
) -> None:
    ranked = method(FAQ).rank(asked)
    assert ranked[0][0] == id
    scores = [score for _, score in ranked]
    assert len(ranked) == matchers.SHOWN and scores == sorted(scores, reverse=True)


def test_bm25_scores_the_best_phrasing_not_their_sum() -> None:
    once = Bm25({"a": ["jam layanan", "retur"], "b": ["jam layanan", "jam layanan"]})
    scores = dict(once.rank("jam layanan"))
    assert scores["a"] == pytest.approx(scores["b"])


def test_bm25_is_the_textbook_formula() -> None:
    # Two documents of two words, "retur" in one: idf ln(1 + 1.5/1.5), tf 1 at average length.
    name, score = Bm25({"a": ["retur bank"], "b": ["jam buka"]}).rank("retur")[0]
    assert name == "a"
    assert score == pytest.approx(0.6931, abs=1e-4)


def test_bm25_says_nothing_where_it_knows_no_word() -> None:
    assert Bm25(FAQ).rank("pizza") == []


@pytest.mark.parametrize(("score", "shown"), [(-0.4, 0.0), (0.3, 0.3), (17.2, 1.0)])
def test_a_score_is_clipped_as_it_is(score: float, shown: float) -> None:
    def rank(text: str) -> Ranked:
        return [("retur", score)]

    match = matchers.as_match(rank)("apa itu retur")
    (outcome,) = clipped([Outcome(Row("apa itu retur", "retur"), match, 1.0)])
    assert match.alternatives == (("retur", score),)
    assert outcome.match.alternatives == (("retur", shown),)


def test_an_invented_bank_is_the_same_each_time_and_does_not_hold_its_questions() -> None:
    faq, rows = bank_size.bank(100, 3)
    assert (faq, rows) == bank_size.bank(100, 3)
    assert len(faq) == 100 and {len(texts) for texts in faq.values()} == {3}
    known = {text for texts in faq.values() for text in texts}
    assert {row.expected for row in rows} <= set(faq)
    assert known.isdisjoint(row.text for row in rows)


@pytest.mark.parametrize(
    ("limits", "over"), [({"seconds": 0.0}, "0 s"), ({"seconds": 60.0, "megabytes": 1.0}, "1 MB")]
)
def test_a_program_that_takes_too_much_is_stopped(
    tmp_path: Path, limits: dict[str, float], over: str
) -> None:
    waiting = (sys.executable, "-c", "import signal; signal.pause()")
    program = Program.start("greedy", waiting, tmp_path, environment())
    with pytest.raises(NotStarted, match=f"greedy took over {over}"):
        program.finish(**limits)
    assert not program.alive


def test_a_blind_similarity_lacks_one_measure_and_no_other() -> None:
    groups = {id: [matchers.words(text) for text in texts] for id, texts in FAQ.items()}
    asked = [["jam", "layanan", "kppn"]]
    for column, name in enumerate(MEASURES):
        seen = Similarity(groups).measure(asked)
        blind = ablation.without(name)(groups).measure(asked)
        assert seen[..., column].any() and not blind[..., column].any()
        seen[..., column] = 0.0
        assert (blind == seen).all()


def test_a_part_is_taken_away_from_training_and_from_the_engine_but_not_for_good() -> None:
    variants = {variant.label: variant for variant in ablation.variants()}
    config = Matcher.get_default_config()
    faq = {"retur": ["apa itu retur", "arti retur"], "jam": ["jam buka kppn", "jadwal loket"]}
    knowledge = Knowledge(Lexicon.load(PROJECT / "data/lexicon"), {"menu": ["menu"]}, faq)
    rows = [Row("retur itu apa", "retur"), Row("kurs dolar", "oos-near")]
    before = [getattr(owner, name) for each in variants.values() for owner, name, _ in each.swaps]
    mended = ablation.build(variants["as it is"], config, knowledge, rows)
    verbatim = ablation.build(variants["no spelling"], config, knowledge, rows)
    assert mended.match("artii returr").alternatives[0][0] == "retur"
    assert (mended.scores("rettur") == mended.scores("retur")).all()
    assert not (verbatim.scores("rettur") == verbatim.scores("retur")).all()
    for variant in variants.values():
        engine = ablation.build(variant, config, knowledge, rows)
        assert engine.match("apa itu retur").faq == "retur", variant.label
    raw = ablation.build(variants["slope 1, shift 0"], config, knowledge, rows).thresholds
    assert (raw.slope, raw.shift) == (1.0, 0.0)
    after = [getattr(owner, name) for each in variants.values() for owner, name, _ in each.swaps]
    assert before == after


def test_bubbles_are_parted_at_empty_lines_and_cost_beyond_the_free_ones() -> None:
    said = [{"text": "satu\n\ndua"}, {"text": " "}, {"text": None}, {"text": "tiga\nempat"}]
    assert bubbles.parts(said) == 3
    assert bubbles.price(999, 0.02, 1000) == 0
    assert bubbles.price(10_000, 0.02, 1000) == pytest.approx(180)
