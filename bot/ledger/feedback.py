"""What people said about the matcher's answers: labels on real questions.

A row is written with the turn in which a person judged. It is kept from `at` on for as long as
``data/privacy/retention.yml`` says, twelve months (a matcher is measured on at most one fiscal
year of talk); `bot.personal.expiry` deletes it, or earlier the erasure of its person. The
question may hold personal data, so it is sealed; everything else is an id, a number or one of the
words below.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.ledger.database import insert_once
from bot.ledger.tables import feedback
from bot.privacy import Vault

CHOICE = "choice"
"""Kind: the person was asked which entry is meant; the label is its id or `NONE_OF_THESE`."""
HELPED = "helped"
"""Kind: the person was asked whether an answer helped; the label is `YES` or `NO`."""
UNANSWERED = "unanswered"
"""Kind: nothing was judged: the matcher knew no answer. The label is `NO`; `faq` is the nearest
entry, or empty."""

NONE_OF_THESE = "none-of-these"
YES, NO = "yes", "no"


@dataclass(frozen=True)
class Feedback:
    """A person's judgement of one match.

    Attributes:
        kind: `CHOICE` or `HELPED`.
        faq: The entry that is judged: the answered one, or the first of those offered.
        label: What the person said.
        probability: What the matcher gave to `faq`, 0..1.
        shown: The entries among which the person was asked to choose, the likeliest first; empty
            when the answer was given outright.
        model: The model that matched the question.
        question: The question in the person's words.
    """

    kind: str
    faq: str
    label: str
    probability: float
    shown: tuple[str, ...]
    model: str
    question: str

    @property
    def expected(self) -> str | None:
        """The entry that the question is about, as far as the person told."""
        if self.kind == CHOICE:
            return None if self.label == NONE_OF_THESE else self.label
        return self.faq if self.label == YES else None

    @property
    def is_right(self) -> bool:
        """Whether the matcher's entry was the right one."""
        return self.expected == self.faq

    @property
    def follows_choice(self) -> bool:
        """Whether the judged answer was chosen by the person, so that the choice tells its id."""
        return self.kind == HELPED and bool(self.shown)


def write(
    connection: Connection,
    vault: Vault,
    new: Feedback,
    conversation_id: str,
    inbox_id: int,
    at: datetime,
) -> bool:
    """Write a judgement unless this message has given one of its kind; say whether it went in."""
    return insert_once(
        connection,
        feedback,
        {
            "at": at,
            "conversation_id": conversation_id,
            "inbox_id": inbox_id,
            "kind": new.kind,
            "faq": new.faq,
            "label": new.label,
            "probability": new.probability,
            "shown": list(new.shown),
            "model": new.model,
            "sealed_question": vault.seal(new.question),
        },
    )


def read(connection: Connection, vault: Vault, since: datetime | None = None) -> list[Feedback]:
    """Return all judgements, or those since a moment, oldest first."""
    query = sa.select(feedback).where(feedback.c.kind != UNANSWERED).order_by(feedback.c.id)
    if since is not None:
        query = query.where(feedback.c.at >= since)
    return [
        Feedback(
            kind=row.kind,
            faq=row.faq,
            label=row.label,
            probability=row.probability,
            shown=tuple(row.shown),
            model=row.model,
            question=vault.open(row.sealed_question),
        )
        for row in connection.execute(query)
    ]
