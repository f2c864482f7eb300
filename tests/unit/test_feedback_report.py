"""`nindy feedback`: what it prints can be measured, and shows nobody's numbers."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.errors import StartupError
from bot.feedback_report import counts, lines, report
from bot.ledger import migrate
from bot.ledger.database import Ledger
from bot.ledger.feedback import CHOICE, HELPED, NO, NONE_OF_THESE, YES, Feedback
from bot.nlu import evaluate
from bot.privacy import open_vault
from bot.settings import Settings
from tests.conftest import PROJECT
from tests.kit import START, answer, message, receive


def chose(label: str, question: str = "void bast", probability: float = 0.55) -> Feedback:
    return Feedback(CHOICE, "a", label, probability, ("a", "b"), "nindy-1", question)


def helped(
    label: str, question: str = "jam buka", probability: float = 0.93, shown: tuple[str, ...] = ()
) -> Feedback:
    return Feedback(HELPED, "a", label, probability, shown, "nindy-1", question)


def test_only_positive_labels_are_printed() -> None:
    told = [chose("b"), chose(NONE_OF_THESE), helped(YES), helped(NO)]
    assert list(lines(told)) == ["void bast\tb", "jam buka\ta"]


def test_a_question_is_printed_once_though_choice_and_answer_were_judged() -> None:
    told = [chose("a"), helped(YES, "void bast", 0.55, ("a", "b"))]
    assert list(lines(told)) == ["void bast\ta"]


@pytest.mark.parametrize(
    ("question", "printed"),
    [
        ("NIK 3174012345678901 ditolak", "NIK <n> ditolak"),
        ("0812-3456-7890 atau\nsiti@contoh.go.id?", "<n> atau <email>?"),
        ("nomor 3174\n0123\t4567", "nomor <n>"),
        ("baris satu\r\n\tbaris  dua", "baris satu baris dua"),
        ("# bukan komentar", "bukan komentar"),
    ],
)
def test_a_question_is_one_masked_line(question: str, printed: str) -> None:
    assert list(lines([helped(YES, question)])) == [f"{printed}\ta"]


def test_a_question_of_which_nothing_is_left_is_not_printed() -> None:
    assert list(lines([helped(YES, "##")])) == []


def test_what_is_printed_can_be_measured(tmp_path: Path) -> None:
    told = [helped(YES, '"jam\tbuka'), chose("b", "#void bast"), helped(YES, "text")]
    file = tmp_path / "talk.tsv"
    file.write_text("\n".join(lines(told)) + "\n", encoding="utf-8")
    assert evaluate.read(file) == [
        evaluate.Row('"jam buka', "a"),
        evaluate.Row("void bast", "b"),
        evaluate.Row("text", "a"),
    ]


def test_counts_tell_kinds_and_bins() -> None:
    told = [
        chose("a"), chose("b"), chose(NONE_OF_THESE, probability=0.5), chose("a", probability=0.4),
        helped(YES), helped(NO, probability=1.0), helped(YES, probability=0.8),
        helped(NO, probability=0.55, shown=("a", "b")),
    ]  # fmt: skip
    assert counts(told) == (
        "choice 4, positive 75%; helped 4, positive 50%; right by probability: "
        "0.0 0/0, 0.1 0/0, 0.2 0/0, 0.3 0/0, 0.4 1/1, 0.5 1/3, 0.6 0/0, 0.7 0/0, 0.8 1/1, 0.9 1/2"
    )


def test_counts_of_nothing() -> None:
    assert counts([]).startswith("choice 0, positive -; helped 0, positive -; right by")


def talk(folder: Path) -> Settings:
    """A ledger with a judgement on START's day and one a day later."""
    settings = Settings(var_dir=folder, database_url=f"sqlite:///{folder}/ledger.db")
    ledger = Ledger(settings.database_url, open_vault(settings))
    migrate.upgrade(ledger)
    for n, one in enumerate([helped(YES, "SP2D 260261301000999?"), chose("b")]):
        at = START + timedelta(days=n)
        receive(ledger, message(n, at=at), now=at)
        answer(ledger, "ya", now=at, feedback=[one])
    ledger.close()
    return settings


def test_a_day_begins_in_jakarta(tmp_path: Path) -> None:
    settings = talk(tmp_path)
    both = ["SP2D <n>?\ta", "void bast\tb"]
    assert report(settings, None)[0] == both
    assert report(settings, date(2026, 11, 23))[0] == both
    assert report(settings, date(2026, 11, 24))[0] == both[1:]
    assert report(settings, date(2026, 11, 25))[0] == []


def test_other_keys_stop_it(tmp_path: Path) -> None:
    settings = talk(tmp_path)
    (tmp_path / "keys.json").unlink()
    with pytest.raises(StartupError, match="NINDY_ENCRYPTION_KEYS"):
        report(settings, None)


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("NINDY_")}
    environment |= {
        "NINDY_VAR_DIR": str(folder),
        "NINDY_DATABASE_URL": f"sqlite:///{folder}/ledger.db",
    }
    nindy = str(Path(sys.executable).parent / "nindy")
    return subprocess.run(
        [nindy, "feedback", *options], cwd=PROJECT, env=environment, capture_output=True, text=True
    )


def test_the_command_prints_rows_and_counts_apart(tmp_path: Path) -> None:
    talk(tmp_path)
    done = run(tmp_path)
    assert (done.returncode, done.stdout) == (0, "SP2D <n>?\ta\nvoid bast\tb\n")
    assert done.stderr.startswith("choice 1, positive 100%; helped 1, positive 100%; right by")
    assert done.stderr.count("\n") == 1
    assert run(tmp_path, "--since", "2026-11-24").stdout == "void bast\tb\n"


def test_the_command_names_a_day_it_cannot_read(tmp_path: Path) -> None:
    done = run(tmp_path, "--since", "kemarin")
    assert done.returncode == 2
    assert "'kemarin' is not a day; write YYYY-MM-DD" in done.stderr
