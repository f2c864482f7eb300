"""The people who hold a phone in the sandbox."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

WINDOW = timedelta(hours=24)
MAX_PEOPLE = 20_000
MAX_OFFERS = 1_000
SLUG = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
DEFAULT_PEOPLE = ("siti", "budi", "maria")


@dataclass(frozen=True)
class Offer:
    """A choice that was shown to a person.

    Attributes:
        wamid: The message that shows it.
        kind: ``list_reply``, ``button_reply``, or ``button`` beneath a template.
    """

    wamid: str
    kind: str
    title: str
    description: str = ""


@dataclass
class Person:
    """One phone, with its invented number and business-scoped user id."""

    id: str
    name: str
    phone: str
    user_id: str
    hides_phone: bool = False
    """With a user name switched on, Meta leaves the number out."""
    last_wrote: datetime | None = None
    unread: int = 0
    offers: dict[str, Offer] = field(default_factory=dict)

    def window_open(self, now: datetime) -> bool:
        """Whether a free-form message may still be sent to this person."""
        return self.last_wrote is not None and now - self.last_wrote < WINDOW

    def offer(self, choice_id: str, offer: Offer) -> None:
        """Remember a choice; the oldest are forgotten."""
        self.offers.pop(choice_id, None)
        self.offers[choice_id] = offer
        while len(self.offers) > MAX_OFFERS:
            del self.offers[next(iter(self.offers))]


class UnknownSlugError(ValueError):
    """The id is no slug, or there are too many people."""


class People:
    """Everybody the sandbox knows, found by slug, number or user id."""

    def __init__(self) -> None:
        self._by_id: dict[str, Person] = {}
        self._by_phone: dict[str, Person] = {}
        self._by_user_id: dict[str, Person] = {}
        self.reset()

    def reset(self) -> None:
        """Forget everybody but the people of the phone page."""
        self._by_id.clear()
        self._by_phone.clear()
        self._by_user_id.clear()
        for slug in DEFAULT_PEOPLE:
            self.get_or_add(slug)

    def all(self) -> list[Person]:
        """Everybody, in order of appearance."""
        return list(self._by_id.values())

    def get(self, slug: str) -> Person | None:
        """Find a person by slug."""
        return self._by_id.get(slug)

    def get_or_add(self, slug: str, name: str | None = None) -> Person:
        """Find a person, or invent one whose number stays the same over restarts.

        Raises:
            UnknownSlugError: The id cannot be used.
        """
        if found := self._by_id.get(slug):
            found.name = name or found.name
            return found
        if not SLUG.fullmatch(slug):
            raise UnknownSlugError("id: 1 to 64 of a-z 0-9 . _ -")
        if len(self._by_id) >= MAX_PEOPLE:
            raise UnknownSlugError(f"more than {MAX_PEOPLE} people; POST /sandbox/reset")
        digest = int.from_bytes(hashlib.sha256(slug.encode()).digest(), "big")
        phone = self._free_phone(digest)
        user_id = f"ID.{digest % 10**20:020d}"
        person = Person(slug, name or slug.replace("-", " ").title(), phone, user_id)
        self._by_id[slug] = self._by_phone[phone] = self._by_user_id[user_id] = person
        return person

    def by_address(self, to: str | None, recipient: str | None) -> Person | None:
        """Find the addressee of a message; as with Meta, `to` wins over `recipient`."""
        if to is not None:
            digits = re.sub(r"[\s()+-]", "", to)
            return self._by_phone.get(digits)
        return self._by_user_id.get(recipient or "")

    def _free_phone(self, digest: int) -> str:
        while (phone := f"62800{digest % 10**9:09d}") in self._by_phone:
            digest += 1
        return phone
