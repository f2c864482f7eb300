"""The states of a broadcast, who may take it from one to the next, and why that may be refused.

draft ──submit──> submitted ──approve──> approved ──first wave──> sending ──> done
  ↑ │                 │ └─reject──> rejected ─┐       │               │
  └─┼─────── draft ───┼────────────────────────┘       │               │
    └──────stop───────┴───────────────────────────────┴───────────────┴──> stopped
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from bot.errors import NindyError
from bot.ledger.agents import Role

SERVICE = 13
"""The catalogue's service of broadcasts (E.13)."""
AUTHORS = (Role.AGENT, Role.SUPERVISOR, Role.ADMIN)
"""Who drafts, submits and stops: agents of HAI-DJPb itself."""
APPROVERS = (Role.SUPERVISOR, Role.ADMIN)
"""The service manager, without whom there is no broadcast (E.13)."""


class State(str, Enum):
    """How far a broadcast is."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    """It waits for a second person."""
    REJECTED = "rejected"
    APPROVED = "approved"
    SENDING = "sending"
    STOPPED = "stopped"
    DONE = "done"


WRITABLE = (State.DRAFT, State.REJECTED)
STOPPABLE = (*WRITABLE, State.SUBMITTED, State.APPROVED, State.SENDING)
GOING = (State.APPROVED, State.SENDING)
"""Waves go out."""


class Reach(str, Enum):
    """Whether a recipient gets it; from queued on the bubble tells the rest."""

    WAITING = "waiting"
    QUEUED = "queued"
    SKIPPED = "skipped"


class Skip(str, Enum):
    """Why a recipient is passed over."""

    UNKNOWN = "unknown"
    """Nobody has ever written to us from this number."""
    NO_CONSENT = "no_consent"
    REVOKED = "revoked"
    """Taken back after the list was made."""
    STOPPED = "stopped"


@dataclass(frozen=True)
class Seen:
    """Which broadcast a change is for, and who makes it.

    Attributes:
        id: The broadcast; None begins a new one.
        version: The version that its maker saw.
        agent_id: Who.
        now: The moment.
    """

    id: int | None
    version: int
    agent_id: str
    now: datetime


class BroadcastRefused(NindyError):
    """A broadcast does not allow a change.

    Args:
        reason: ``unknown`` broadcast; ``changed`` since it was read; the ``role`` of the maker
            does not allow it; it is their ``own``; no such ``step``; its ``ticket`` is no open
            request for a broadcast; the ``group`` that asks is not entitled (D.2); the
            ``template`` is unknown or has changed, or its ``fields`` are not filled in or too
            long; the ``list`` holds something that is no phone number, ``many`` or nobody who may
            be written to (``nobody``); a ``note`` is missing or too ``long``.
        line: The line of the list that is meant, counted from 1.
    """

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
