"""What the matcher costs as the bank grows, beside rapidfuzz over the same phrasings.

As a program (``python -m bench.bank_size SYSTEM ENTRIES``) it measures one and prints JSON.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random

from rapidfuzz import fuzz, process, utils

from bench import matchers
from bench.child import child, memory
from bench.load import percentile
from bench.matchers import Faq
from bench.matching import noised
from bench.processes import NotStarted
from bench.table import Table
from bot.nlu.evaluate import Row

NAME = "bank-size"
#: Entries of the bank, and phrasings of each.
SIZES = {100: 10, 1_000: 10, 10_000: 5, 100_000: 2}
QUICK = (100, 1_000)
SEED = 20261123
LONGEST, LARGEST = 300.0, 6_144.0
_QUESTIONS = 200
_ASKING = 30.0
_COLUMNS = (
    "entries", "phrasings", "system", "build s", "RSS growth MB", "peak RSS MB", "p50 ms",
    "p95 ms", "asked", "right first",
)  # fmt: skip
_NINDY, _FUZZ = "nindy", "rapidfuzz"
SYSTEMS = {_NINDY: "Nindy", _FUZZ: "rapidfuzz extractOne"}
Answer = Callable[[str], str | None]


async def measure(quick: bool) -> Table:
    """Measure both systems at every size, each in a process of its own."""
    table = Table("Bank size: one question, by the number of FAQ entries", _COLUMNS)
    for entries in QUICK if quick else SIZES:
        for system, label in SYSTEMS.items():
            size = (f"{entries:,}", f"{SIZES[entries]} each")
            limits = {"seconds": LONGEST, "megabytes": LARGEST}
            try:
                found = await child("bench.bank_size", system, entries, **limits)
            except NotStarted as error:
                rest = [None] * (len(_COLUMNS) - 3)
                table.rows.append([*size, f"{label}: not finished", *rest])
                table.notes.append(
                    f"{label} at {entries:,} entries: {' '.join(str(error).split())}"
                )
                continue
            costs = [found[name] for name in ("build", "growth", "peak", "p50", "p95")]
            table.rows.append([*size, label, *costs, found["asked"], f"{found['right']:.3f}"])
    table.notes += [
        "Invented entries of the real bank's words, as frequent as there; the questions are "
        f"phrasings that the bank does not hold, with noise as in the table 'matching'. "
        f"{_QUESTIONS} questions, or as many as {_ASKING:.0f} s allow.",
        "rapidfuzz is `process.extractOne` with `token_set_ratio` over all phrasings.",
        f"Who needs over {LONGEST:.0f} s or {LARGEST:,.0f} MB is stopped.",
        "RSS growth: from the libraries and the bank loaded to all questions answered. Peak RSS: "
        "the whole process with its libraries and the bank; Nindy's holds Rasa and TensorFlow.",
    ]
    return table


def bank(entries: int, phrasings: int) -> tuple[dict[str, Sequence[str]], list[Row]]:
    """Invent a bank and questions to it; the same sizes give the same.

    An entry is about three words of its own; each phrasing has two or three of them among
    others, all drawn as often as the real bank has them, and as many as its phrasings have.
    """
    real = [matchers.words(text) for texts in matchers.bank().values() for text in texts]
    chance, counts = Random(SEED), Counter(word for text in real for word in text)
    lengths, vocabulary = [len(text) for text in real], list(counts)
    drawn = _drawn(chance, vocabulary, list(counts.values()))
    about = [chance.sample(vocabulary, 3) for _ in range(entries)]

    def phrasing(core: Sequence[str]) -> str:
        kept = chance.sample(core, chance.choice((2, 3)))
        others = [next(drawn) for _ in range(max(chance.choice(lengths) - len(kept), 1))]
        return " ".join(chance.sample([*kept, *others], len(kept) + len(others)))

    faq: dict[str, Sequence[str]] = {}
    for at, core in enumerate(about):
        faq[f"entry-{at}"] = [phrasing(core) for _ in range(phrasings)]
    asked = [chance.randrange(entries) for _ in range(_QUESTIONS)]
    return faq, noised([Row(phrasing(about[at]), f"entry-{at}") for at in asked])


def _drawn(chance: Random, words: Sequence[str], counts: Sequence[int]) -> Iterator[str]:
    while True:
        # One word at a time would look for its place among the counts anew.
        yield from chance.choices(words, counts, k=10_000)


def _nindy(faq: Faq) -> Callable[[], Answer]:
    build = matchers.nindy(faq)

    def make() -> Answer:
        engine = build()

        def answer(text: str) -> str | None:
            alternatives = engine.match(text).alternatives
            return alternatives[0][0] if alternatives else None

        return answer

    return make


def _rapidfuzz(faq: Faq) -> Callable[[], Answer]:
    pairs = [(text, id) for id, texts in faq.items() for text in texts]

    def make() -> Answer:
        phrasings = [utils.default_process(text) for text, _ in pairs]

        def answer(text: str) -> str | None:
            asked = utils.default_process(text)
            found = process.extractOne(asked, phrasings, scorer=fuzz.token_set_ratio)
            return pairs[found[2]][1]

        return answer

    return make


def main() -> None:
    """Measure one system at one size and print it."""
    parser = argparse.ArgumentParser(prog="python -m bench.bank_size")
    parser.add_argument("system", choices=SYSTEMS)
    parser.add_argument("entries", type=int, choices=SIZES)
    parser.add_argument("--output", type=Path, default=Path("/dev/stdout"), help="for the JSON")
    options = parser.parse_args()
    faq, rows = bank(options.entries, SIZES[options.entries])
    make = (_nindy if options.system == _NINDY else _rapidfuzz)(faq)
    before, began = memory(), time.perf_counter()
    answer = make()
    build = time.perf_counter() - began
    # Who is stopped later has at least said this.
    print(f"built in {build:.1f} s", flush=True)
    for texts in list(faq.values())[:5]:
        answer(texts[0])
    spent, right, end = list[float](), 0, time.perf_counter() + _ASKING
    for row in rows:
        start = time.perf_counter()
        right += answer(row.text) == row.expected
        spent.append(1000 * (time.perf_counter() - start))
        if time.perf_counter() > end:
            break
    found = {
        "build": build,
        "growth": memory() - before,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "p50": percentile(spent, 50),
        "p95": percentile(spent, 95),
        "asked": len(spent),
        "right": right / len(spent),
    }
    options.output.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
