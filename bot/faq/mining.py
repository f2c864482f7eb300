"""What people asked in vain, grouped: the questions that the FAQ should answer next.

Complaints (service 20) are never among them: neither their tickets, nor a question that the
matcher takes for one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.faq.likeness import Likeness
from bot.ledger.feedback import CHOICE, HELPED, NO, NONE_OF_THESE, UNANSWERED
from bot.ledger.tables import COMPLAINTS, faq_event, feedback, ticket
from bot.nlu.edition import Edition
from bot.nlu.matcher import FALLBACK, FAQ, Match
from bot.privacy import Vault

K = TypeVar("K", bound=Hashable)

TICKET = "ticket"
"""Kind of a question that its asker made a ticket of; the others are those of feedback."""
MOST = 600
"""Questions that are looked at, the newest ones."""
_QUESTION = "tanya_nindy"
"""Category of a ticket that began with a question, which is its subject."""
_NEAR = 3
_COMPLAINT = 0.1
"""Probability of a complaint from which on a question is left to those who handle them."""


@dataclass(frozen=True)
class Question:
    """Something that was asked in vain.

    Attributes:
        text: In the person's words.
        at: When.
        who: The conversation.
        kind: `UNANSWERED`, `CHOICE` (none of those shown), `HELPED` (it did not) or `TICKET`.
        faq: The entry that was no answer, or was nearest; may be empty.
    """

    text: str
    at: datetime
    who: str
    kind: str
    faq: str = ""


@dataclass(frozen=True)
class Group:
    """Questions that are alike, the newest first.

    Attributes:
        questions: At least one.
        service: The catalogue's service to which they most likely belong.
        near: The entries that come nearest.
    """

    questions: tuple[Question, ...]
    service: int | None
    near: tuple[str, ...]

    @property
    def people(self) -> int:
        """How many asked."""
        return len({question.who for question in self.questions})

    @property
    def newest(self) -> datetime:
        """When it was asked last."""
        return self.questions[0].at


@dataclass(frozen=True)
class Asked:
    """What the ledger gives for `Miner.groups`.

    Attributes:
        questions: The newest first.
        changed: When each entry was published or withdrawn last.
    """

    questions: tuple[Question, ...]
    changed: Mapping[str, datetime]


def read(connection: Connection, vault: Vault, since: datetime) -> Asked:
    """Return what was asked in vain since a moment."""
    judged = sa.or_(
        feedback.c.kind == UNANSWERED,
        sa.and_(feedback.c.kind == HELPED, feedback.c.label == NO),
        sa.and_(feedback.c.kind == CHOICE, feedback.c.label == NONE_OF_THESE),
    )
    found = [
        Question(vault.open(row.sealed_question), row.at, row.conversation_id, row.kind, row.faq)
        for row in connection.execute(
            sa.select(feedback)
            .where(judged, feedback.c.at >= since)
            .order_by(feedback.c.id.desc())
            .limit(MOST)
        )
    ]
    for row in connection.execute(
        sa.select(ticket)
        .where(
            ticket.c.category == _QUESTION,
            ticket.c.created_at >= since,
            sa.or_(ticket.c.service.is_(None), ticket.c.service != COMPLAINTS),
        )
        .order_by(ticket.c.created_at.desc())
        .limit(MOST)
    ):
        if all(service != COMPLAINTS or p < _COMPLAINT for service, p in row.candidates):
            text = vault.open(row.sealed_content)["subject"]
            found.append(Question(text, row.created_at, row.conversation_id, TICKET))
    found.sort(key=lambda question: question.at, reverse=True)
    changed = connection.execute(
        sa.select(faq_event.c.entry_id, sa.func.max(faq_event.c.at).label("at"))
        .where(faq_event.c.state.in_(("published", "withdrawn")))
        .group_by(faq_event.c.entry_id)
    )
    return Asked(tuple(found[:MOST]), {row.entry_id: row.at for row in changed})


class Miner:
    """Groups questions; remembers what the matcher made of each until it knows something else."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._edition: Edition | None = None
        self._matches: dict[str, Match] = {}
        self._likeness = Likeness(())

    def groups(
        self, edition: Edition, asked: Asked, sees: Callable[[int | None], bool]
    ) -> list[Group]:
        """Return the groups, those of most people first, then the newest (some seconds at first).

        Args:
            edition: What Nindy knows; what she would answer by now is left out.
            asked: The questions.
            sees: Whether the reader may see the questions of a service.
        """
        with self._lock:
            return self._groups(edition, asked, sees)

    def _groups(
        self, edition: Edition, asked: Asked, sees: Callable[[int | None], bool]
    ) -> list[Group]:
        if edition is not self._edition:
            self._edition, self._matches = edition, {}
            phrases = (text for entry in edition.bank.entries for text in entry.phrasings)
            self._likeness = Likeness([" ".join(edition.engine.words(text)) for text in phrases])
        open_ones = [one for one in asked.questions if self._is_open(edition, one, asked.changed)]
        # A question that was judged, and then became a ticket, was asked once.
        once = {(one.who, one.text.casefold()): one for one in reversed(open_ones)}
        questions = [one for one in open_ones if once[one.who, one.text.casefold()] is one]
        questions = [one for one in questions if sees(self._match(edition, one).service)]
        texts = [" ".join(edition.engine.words(one.text)) for one in questions]
        found = [
            self._group(edition, [questions[place] for place in places])
            for places in self._likeness.groups(texts)
        ]
        return sorted(found, key=lambda group: (-group.people, -group.newest.timestamp()))

    def _is_open(
        self, edition: Edition, question: Question, changed: Mapping[str, datetime]
    ) -> bool:
        match = self._match(edition, question)
        if match.intent not in (FAQ, FALLBACK) or _is_of_complaints(edition, question.faq):
            return False
        if any(service == COMPLAINTS and p >= _COMPLAINT for service, p in match.services):
            return False
        if match.decision != "answer":
            return True
        mended = changed.get(question.faq)
        same = question.kind == HELPED and match.faq == question.faq
        return same and (mended is None or mended < question.at)

    def _match(self, edition: Edition, question: Question) -> Match:
        text = question.text
        if text not in self._matches:
            self._matches[text] = edition.engine.match(text)
        return self._matches[text]

    def _group(self, edition: Edition, questions: list[Question]) -> Group:
        matches = [self._match(edition, one) for one in questions]
        near = _summed(pair for match in matches for pair in match.alternatives)
        services = _summed(pair for match in matches for pair in match.services)
        known = tuple(id for id in near if id in edition.bank)
        return Group(tuple(questions), next(iter(services), None), known[:_NEAR])


def _is_of_complaints(edition: Edition, id: str) -> bool:
    return id in edition.bank and edition.bank.get(id).service == COMPLAINTS


def _summed(pairs: Iterable[tuple[K, float]]) -> list[K]:
    """Return the keys by the sum of their probabilities, the largest first."""
    totals: dict[K, float] = {}
    for key, probability in pairs:
        totals[key] = totals.get(key, 0.0) + probability
    return sorted(totals, key=lambda key: -totals[key])
