"""Sentences that WhatsApp has approved beforehand, for when it takes no free text.

``data/whatsapp/templates.yml`` has one for each occasion. Where something waits to be read, the
template has a button that fetches it; any other message of the person does so too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from bot.channels.message import Choice, Reply, Template
from bot.datafile import items, load, only, take, wrong

SHOW = "/lihat_balasan"
"""What the button of a template asks for."""
CATEGORIES = ("utility", "marketing")
"""Meta's kinds, which differ in price; authentication has a form of its own."""
KEYS = ("name", "language", "category", "body", "button")
LONGEST = 1_024
"""Characters of a template, with what is filled in."""
_BUTTON = 25
_NAME = re.compile(r"[a-z0-9_]{1,512}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2})?")
_GAP = re.compile(r"\{([a-z_]*)\}")


class Occasion(str, Enum):
    """What a person is told."""

    ANSWERED = "answered"
    NEED_INFORMATION = "need_information"
    FORWARDED = "forwarded"
    RESOLVED = "resolved"
    MESSAGE = "message"
    """Anything else that could not be sent in time."""


REPLIES = (Occasion.ANSWERED, Occasion.NEED_INFORMATION, Occasion.MESSAGE)
"""What an agent may announce a reply with."""
_GAPS: dict[Occasion, frozenset[str]] = {
    Occasion.ANSWERED: frozenset({"nomor"}),
    Occasion.NEED_INFORMATION: frozenset({"nomor"}),
    Occasion.FORWARDED: frozenset({"nomor", "unit"}),
    Occasion.RESOLVED: frozenset({"nomor"}),
    Occasion.MESSAGE: frozenset(),
}
_SAYS_ALL = (Occasion.FORWARDED,)
"""Where nothing waits behind the template."""


@dataclass(frozen=True)
class Approved:
    """A template as we know it.

    Attributes:
        occasion: When it is sent; None for a broadcast's (`bot.broadcast.texts`).
        name: Its name in our WhatsApp account.
        language: Its language there, such as ``id``.
        category: Meta's kind, which decides the price.
        body: Its words; ``{gap}`` is filled in.
        button: The title of its button, empty without one.
    """

    occasion: Occasion | None
    name: str
    language: str
    category: str
    body: str
    button: str

    @property
    def gaps(self) -> tuple[str, ...]:
        """What is filled in, in the order of the words."""
        return tuple(_GAP.findall(self.body))

    def reply(self, values: Mapping[str, str]) -> Reply:
        """Return it as a bubble; what the words do not ask for is left out."""
        # WhatsApp refuses line breaks and runs of blanks in what is filled in.
        filled = {gap: " ".join(values[gap].split()) for gap in self.gaps}
        choices = (Choice(self.button, SHOW),) if self.button else ()
        template = Template(self.name, self.language, filled)
        return Reply(self.body.format(**filled), choices, template=template)


class Templates:
    """The templates by occasion.

    Args:
        approved: One for each occasion.
    """

    def __init__(self, approved: dict[Occasion, Approved]) -> None:
        self._approved = approved

    @classmethod
    def load(cls, path: Path) -> Templates:
        """Read the file.

        Raises:
            DataError: A template is wrong or missing; the message names file, line and remedy.
        """
        data = load(path)
        only(data, ("templates",))
        found: dict[Occasion, Approved] = {}
        for node in items(data, "templates", dict):
            occasion = _occasion(node)
            if occasion in found:
                raise wrong(node, f"occasion '{occasion.value}' is there already", "occasion")
            one = read(node, occasion, _GAPS[occasion], waits=occasion not in _SAYS_ALL)
            if any(one.name == other.name for other in found.values()):
                raise wrong(node, f"name '{one.name}' is there already; change one", "name")
            found[occasion] = one
        for occasion in Occasion:
            if occasion not in found:
                raise wrong(data, f"no template for '{occasion.value}'; add it", "templates")
        return cls(found)

    @property
    def every(self) -> tuple[Approved, ...]:
        """All of them."""
        return tuple(self._approved.values())

    def reply(self, occasion: Occasion, **values: str) -> Reply:
        """Return the template of an occasion as a bubble.

        Args:
            occasion: What the person is told.
            values: What can be filled in; what the words do not ask for is left out.
        """
        return self._approved[occasion].reply(values)

    def replies(self, number: str) -> list[tuple[Approved, str]]:
        """Return what an agent may announce a reply with, and how each reads for a ticket."""
        return [(self._approved[one], self.reply(one, nomor=number).text) for one in REPLIES]


def _occasion(node: dict[str, Any]) -> Occasion:
    only(node, ("occasion", *KEYS))
    try:
        return Occasion(take(node, "occasion", str))
    except ValueError:
        known = ", ".join(one.value for one in Occasion)
        raise wrong(node, f"unknown occasion; use one of: {known}", "occasion") from None


def read(
    node: dict[str, Any], occasion: Occasion | None, gaps: Collection[str], waits: bool
) -> Approved:
    """Read the `KEYS` of a template.

    Args:
        node: Where they stand.
        occasion: When it is sent.
        gaps: What may be filled in.
        waits: Whether something waits behind it, which its button fetches.

    Raises:
        DataError: Meta would refuse it, or it fits neither gaps nor `waits`.
    """
    one = Approved(
        occasion,
        take(node, "name", str),
        take(node, "language", str),
        take(node, "category", str),
        take(node, "body", str).strip(),
        take(node, "button", str, "").strip(),
    )
    if not _NAME.fullmatch(one.name):
        raise wrong(node, "use 1 to 512 of a-z, 0-9 and underscore", "name")
    if not _LANGUAGE.fullmatch(one.language):
        raise wrong(node, "use a language code like id or en_US", "language")
    if one.category not in CATEGORIES:
        raise wrong(node, f"use one of: {', '.join(CATEGORIES)}", "category")
    _check_words(node, one, gaps)
    if not waits and one.button:
        raise wrong(node, "nothing waits behind this one; remove the button", "button")
    if waits and not 0 < len(one.button) <= _BUTTON:
        raise wrong(node, f"give the button a title of 1 to {_BUTTON} characters", "button")
    return one


def _check_words(node: dict[str, Any], one: Approved, allowed: Collection[str]) -> None:
    if not one.body or len(one.body) > LONGEST:
        raise wrong(node, f"use 1 to {LONGEST} characters", "body")
    plain = _GAP.sub("", one.body)
    if not set(one.gaps) <= set(allowed) or "{" in plain or "}" in plain:
        gaps = ", ".join(f"{{{gap}}}" for gap in sorted(allowed)) or "none"
        raise wrong(node, f"for this occasion the gaps are: {gaps}", "body")
    if len(set(one.gaps)) != len(one.gaps):
        raise wrong(node, "each gap may stand there once", "body")
    if re.search(r"^\s*\{|\}\s*$|\}\s*\{", one.body):
        # Meta refuses such a template.
        raise wrong(node, "put words before, between and after the gaps", "body")
