"""What a state in the CRM means here: one of the changes that an agent could have made."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.engine import Connection

from bot.api.reading import Members
from bot.privacy import Vault
from bot.tickets.changes import Changes
from bot.tickets.life import Resolution, State
from bot.tickets.record import Seen

ACTOR = "crm"
MEMBERS = ("version", "state", "text", "resolution")
_STATES = (State.IN_PROGRESS, State.WAITING, State.RESOLVED, State.CLOSED)
_LONGEST = 3500
_VERSIONS = range(1_000_000_000)


@dataclass(frozen=True)
class Standing:
    """How a ticket stands in the CRM.

    Attributes:
        version: Of the ticket here, as the CRM knows it.
        state: ``in_progress``, ``waiting``, ``resolved`` or ``closed``.
        text: What the person is told; required with ``waiting``.
        resolution: The indicator of catalogue F.3; required with ``resolved``.
    """

    version: int
    state: State
    text: str
    resolution: Resolution | None

    def apply(self, connection: Connection, vault: Vault, changes: Changes, seen: Seen) -> None:
        """Make the change.

        Raises:
            ChangeRefused: The ticket does not allow it.
        """
        if self.state is State.CLOSED:
            changes.close(connection, vault, seen)
        elif self.resolution is not None:
            changes.resolve(connection, vault, seen, self.resolution, self.text)
        elif self.text:
            changes.reply(connection, vault, seen, self.text, self.state is State.WAITING)
        else:
            changes.resume(connection, vault, seen)


def read(members: Members) -> Standing:
    """Read the members; `Members.checked` then says what is wrong with them."""
    state = members.one_of("state", [one.value for one in _STATES])
    text = members.text("text", 1, _LONGEST, required=state == State.WAITING.value, lines=True)
    resolution = None
    if state == State.RESOLVED.value:
        resolution = members.one_of("resolution", [one.value for one in Resolution])
    return Standing(
        members.number("version", _VERSIONS) or 0,
        State(state) if state else State.CLOSED,
        text,
        Resolution(resolution) if resolution else None,
    )
