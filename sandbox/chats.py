"""What was written in both directions, bounded to the newest messages."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sandbox.files import File

KEEP = 20_000
RANK = {None: 0, "sent": 1, "delivered": 2, "failed": 2, "read": 3}


def new_wamid() -> str:
    """Return a message id that no other run of the sandbox has given."""
    return f"wamid.SANDBOX{uuid4().hex.upper()}"


@dataclass(frozen=True)
class Choice:
    """A button, or a row of a list."""

    id: str
    title: str
    description: str = ""

    def as_json(self) -> dict[str, str]:
        """Shape for the control API."""
        return {"id": self.id, "title": self.title, "description": self.description}


@dataclass(frozen=True)
class Section:
    """A part of a list."""

    title: str
    rows: tuple[Choice, ...]


@dataclass(frozen=True)
class Content:
    """What a bubble shows.

    Attributes:
        menu: The word on the button that opens the list, empty without a list.
        context: The message that this one answers.
        choice_id: What was pressed, in a person's answer.
    """

    type: str
    text: str = ""
    header: str = ""
    footer: str = ""
    buttons: tuple[Choice, ...] = ()
    menu: str = ""
    sections: tuple[Section, ...] = ()
    context: str | None = None
    choice_id: str | None = None
    url: str = ""
    file: File | None = None


@dataclass
class Entry:
    """One bubble of one chat."""

    index: int
    person: str
    sender: str
    """``person`` or ``nindy``."""
    wamid: str
    at: datetime
    content: Content
    callback: str | None = None
    status: str | None = None

    def raise_status(self, status: str) -> bool:
        """Advance the ticks; they never go back."""
        if RANK[status] <= RANK[self.status]:
            return False
        self.status = status
        return True

    def as_json(self) -> dict[str, Any]:
        """Shape for the control API."""
        content = self.content
        return {
            "index": self.index,
            "person": self.person,
            "from": self.sender,
            "wamid": self.wamid,
            "at": self.at.isoformat(),
            "type": content.type,
            "text": content.text,
            "header": content.header,
            "footer": content.footer,
            "buttons": [{"id": b.id, "title": b.title} for b in content.buttons],
            "list": {
                "button": content.menu,
                "sections": [
                    {"title": s.title, "rows": [row.as_json() for row in s.rows]}
                    for s in content.sections
                ],
            }
            if content.menu
            else None,
            "url": content.url or None,
            "file": content.file.as_json() if content.file else None,
            "context": content.context,
            "choice_id": content.choice_id,
            "callback": self.callback,
            "status": self.status,
        }


class Chats:
    """All chats together, numbered in one row from 1."""

    def __init__(self, keep: int = KEEP) -> None:
        self._keep = keep
        self.reset()

    def reset(self) -> None:
        """Forget everything; the numbering goes on, so that old positions stay valid."""
        self._last = getattr(self, "_last", 0)
        self._all: deque[Entry] = deque()
        self._outbound: deque[Entry] = deque()
        self._by_person: defaultdict[str, deque[Entry]] = defaultdict(deque)
        self._by_wamid: dict[str, Entry] = {}
        self._callbacks: dict[str, int] = {}
        self.accepted = 0
        self.duplicates = 0

    @property
    def last(self) -> int:
        """The newest index."""
        return self._last

    def add(
        self,
        person: str,
        sender: str,
        content: Content,
        at: datetime,
        callback: str | None = None,
    ) -> Entry:
        """Append a bubble."""
        self._last += 1
        entry = Entry(self._last, person, sender, new_wamid(), at, content, callback)
        self._all.append(entry)
        self._by_person[person].append(entry)
        self._by_wamid[entry.wamid] = entry
        if sender == "nindy":
            self._outbound.append(entry)
            self._count(callback)
        else:
            entry.status = "sent"
        if len(self._all) > self._keep:
            self._drop_oldest()
        return entry

    def find(self, wamid: str) -> Entry | None:
        """Find a bubble by its id."""
        return self._by_wamid.get(wamid)

    def of(self, person: str, after: int = 0) -> list[Entry]:
        """One person's chat after an index, oldest first."""
        return _newer(self._by_person.get(person, deque()), after)

    def unread_up_to(self, entry: Entry) -> list[Entry]:
        """What the person wrote up to here and the bot has not read."""
        found: list[Entry] = []
        for earlier in reversed(self._by_person.get(entry.person, deque())):
            if earlier.sender != "person" or earlier.index > entry.index:
                continue
            if earlier.status == "read":
                break
            found.append(earlier)
        return found

    def outbound(self, after: int = 0) -> list[Entry]:
        """Every accepted message of the bot after an index, oldest first."""
        return _newer(self._outbound, after)

    def _count(self, callback: str | None) -> None:
        self.accepted += 1
        if callback is None:
            return
        self._callbacks[callback] = self._callbacks.get(callback, 0) + 1
        self.duplicates += self._callbacks[callback] > 1
        if len(self._callbacks) > self._keep:
            del self._callbacks[next(iter(self._callbacks))]

    def _drop_oldest(self) -> None:
        old = self._all.popleft()
        self._by_person[old.person].popleft()
        if not self._by_person[old.person]:
            del self._by_person[old.person]
        if old.sender == "nindy":
            self._outbound.popleft()
        del self._by_wamid[old.wamid]


def _newer(entries: deque[Entry], after: int) -> list[Entry]:
    found: list[Entry] = []
    for entry in reversed(entries):
        if entry.index <= after:
            break
        found.append(entry)
    return found[::-1]
