"""What one webhook body brought, and what is to be logged about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from bot.channels.message import IdentityChange, Inbound, Status


class About(str, Enum):
    """What a note is about."""

    ACCOUNT = "account"
    """Trouble of our account or number: somebody should look."""
    FIELD = "field"
    """News that is no trouble, or of a kind that Nindy does not use."""
    ITEM = "item"
    """One thing in the body that could not be used, or only in part."""


@dataclass(frozen=True)
class Note:
    """Something for the log; never personal data.

    Attributes:
        about: What it is about.
        word: Meta's or our own word for it.
        code: Meta's error code, or 0.
    """

    about: About
    word: str
    code: int = 0


@dataclass(frozen=True)
class Delivered:
    """Everything that one webhook body brought, each thing once."""

    messages: tuple[Inbound, ...] = ()
    statuses: tuple[Status, ...] = ()
    identity: tuple[IdentityChange, ...] = ()
    notes: tuple[Note, ...] = ()
