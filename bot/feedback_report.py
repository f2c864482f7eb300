"""What `nindy feedback` prints: labelled questions for `nindy evaluate`, and how right we were."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time

from cryptography.fernet import InvalidToken

from bot.clock import JAKARTA
from bot.errors import StartupError
from bot.ledger import migrate
from bot.ledger.feedback import CHOICE, HELPED, Feedback, read
from bot.privacy import redact
from bot.settings import Settings

_BINS = 10


def report(settings: Settings, since: date | None) -> tuple[list[str], str]:
    """Read the ledger and return its labelled questions and one line of counts.

    Args:
        settings: Where the ledger is.
        since: The first day (in Jakarta) that is read; None reads all.

    Raises:
        StartupError: The keys or the database cannot be used.
    """
    begin = datetime.combine(since, time(), JAKARTA) if since else None
    try:
        with migrate.opened(settings) as ledger:
            found = ledger.transact(read, begin)
    except InvalidToken:
        raise StartupError(
            "the questions were sealed with other keys; add those to NINDY_ENCRYPTION_KEYS"
        ) from None
    return list(lines(found)), counts(found)


def lines(found: Iterable[Feedback]) -> Iterator[str]:
    """Give each question whose entry the person told as ``text<TAB>expected``, masked.

    An answer that the person had chosen is left out: the choice has told its question already.
    """
    for one in found:
        text = _one_line(one.question)
        if text and one.expected is not None and not one.follows_choice:
            yield f"{text}\t{one.expected}"


def counts(found: Iterable[Feedback]) -> str:
    """Return one line: number and positive share of each kind, and the right ones by probability.

    The bins are as wide as those of the matcher's calibration error: ``0.8 9/10`` says that of
    ten entries with a probability from 0.8 to 0.9 nine were right. An answer that the person had
    chosen is in no bin, because there the matcher did not decide.
    """
    listed = list(found)
    right, asked = [0] * _BINS, [0] * _BINS
    for one in listed:
        if not one.follows_choice:
            place = min(int(one.probability * _BINS), _BINS - 1)
            asked[place] += 1
            right[place] += one.is_right
    bins = (f"{i / _BINS:.1f} {right[i]}/{asked[i]}" for i in range(_BINS))
    kinds = (_share(kind, [o for o in listed if o.kind == kind]) for kind in (CHOICE, HELPED))
    return f"{'; '.join(kinds)}; right by probability: {', '.join(bins)}"


def _share(kind: str, of_kind: list[Feedback]) -> str:
    positive = sum(one.expected is not None for one in of_kind)
    share = f"{positive / len(of_kind):.0%}" if of_kind else "-"
    return f"{kind} {len(of_kind)}, positive {share}"


def _one_line(text: str) -> str:
    # A line that begins with # is a comment of the file.
    return redact(" ".join(text.split())).lstrip("# ")
