"""Every change of a ticket: one transaction, one event, and word to the person it concerns.

Each function runs through `Ledger.run`. A change names the version that its maker saw; when the
ticket has moved on since, it is refused, so two agents never overwrite each other.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.catalogue import Catalogue
from bot.channels.message import Choice, Reply
from bot.ledger import attachments, people
from bot.ledger.people import ANONYMOUS
from bot.ledger.tables import COMPLAINTS, inbox, ticket_forward
from bot.ledger.window import is_open
from bot.privacy import Vault
from bot.templates import Occasion, Templates
from bot.tickets.life import (
    ChangeRefused,
    Clock,
    Priority,
    Resolution,
    State,
    check_step,
    warning,
)
from bot.tickets.record import USER, Seen, lock, tell, write
from bot.tickets.takeover import free, held_for
from bot.words import Words
from bot.worktime import WorkCalendar

RATINGS = (5, 4, 3, 2, 1)
"""From very satisfied to not at all."""
_DONE = (State.RESOLVED, State.CLOSED)


class Changes:
    """What can be done to a ticket.

    Args:
        calendar: Working hours.
        catalogue: Services with unit and SLA.
        words: What the person is told.
        templates: What they are told while their channel takes no free text.
    """

    def __init__(
        self, calendar: WorkCalendar, catalogue: Catalogue, words: Words, templates: Templates
    ) -> None:
        self._calendar = calendar
        self._catalogue = catalogue
        self._words = words
        self._templates = templates

    def claim(self, connection: Connection, vault: Vault, seen: Seen) -> None:
        """Take a ticket that nobody holds.

        Raises:
            ChangeRefused: Somebody else holds it.
        """
        row = lock(connection, seen)
        if row.owner_id not in (None, seen.agent_id):
            raise ChangeRefused("owned")
        values: dict[str, Any] = {"owner_id": seen.agent_id}
        if row.state == State.NEW:
            values["state"] = State.IN_PROGRESS.value
        write(connection, vault, row, seen, "claimed", values)

    def hand_over(
        self, connection: Connection, vault: Vault, seen: Seen, owner_id: str | None
    ) -> None:
        """Give a ticket to another agent, or back to the queue (None)."""
        row = lock(connection, seen)
        values: dict[str, Any] = {"owner_id": owner_id}
        if owner_id is None and row.state == State.IN_PROGRESS:
            values["state"] = State.NEW.value
        write(connection, vault, row, seen, "assigned", values, {"owner": owner_id})

    def reply(
        self,
        connection: Connection,
        vault: Vault,
        seen: Seen,
        text: str,
        wait: bool = False,
        files: tuple[str, ...] = (),
        announce: Occasion | None = None,
    ) -> None:
        """Answer the person, and if asked wait for their answer: the clock stands still then.

        Args:
            connection: The open transaction.
            vault: Seals what is written.
            seen: Which ticket, and who answers.
            text: The answer; the first file goes beneath it.
            wait: Whether the person is to answer.
            files: Ids of files that this agent has uploaded; each further one is a bubble with
                its name.
            announce: The template that goes out while the channel takes no free text; the answer
                then waits until the person writes.

        Raises:
            ChangeRefused: The ticket is closed, the person has gone, the channel takes no free text
                now and nothing was named to announce the answer with, a file is not there
                (``file``), or nobody could be sent one (``anonymous``).
        """
        row = lock(connection, seen)
        if row.state == State.CLOSED:
            raise ChangeRefused("closed")
        if people.is_gone(connection, row.conversation_id):
            raise ChangeRefused("gone")
        if files and row.channel == ANONYMOUS:
            raise ChangeRefused("anonymous")
        if announce is None:
            if not is_open(connection, row.channel, row.conversation_id, seen.now, row.id):
                raise ChangeRefused("window")
            announce = Occasion.NEED_INFORMATION if wait else Occasion.ANSWERED
        sent = attachments.send(connection, vault, row.id, row.conversation_id, seen.actor, files)
        if len(sent) != len(files):
            raise ChangeRefused("file")
        otherwise = self._templates.reply(announce, nomor=row.number)
        said = self._words.text("utter_balasan_petugas", nomor=row.number, isi=text)
        told = []
        for place, caption in enumerate([said, *(file.name for file in sent[1:])]):
            bubble = Reply(caption, attachments=files[place : place + 1], otherwise=otherwise)
            told.append(tell(connection, vault, row, bubble, seen.now, seen.agent_id))
        values: dict[str, Any] = {"owner_id": row.owner_id or seen.agent_id}
        if row.first_reply_at is None:
            values["first_reply_at"] = seen.now
        after = State.WAITING if wait else State.IN_PROGRESS
        if row.state not in (after, State.RESOLVED):
            values |= self._step(row, after, seen.now)
        detail = {"text": text, "wait": wait, **told[0]}
        write(connection, vault, row, seen, "reply", values, detail)

    def note(self, connection: Connection, vault: Vault, seen: Seen, text: str) -> None:
        """Write down something that only the desk reads."""
        row = lock(connection, seen)
        write(connection, vault, row, seen, "note", {}, {"text": text})

    def resume(self, connection: Connection, vault: Vault, seen: Seen) -> None:
        """Go on with a ticket that waited, was forwarded, resolved or closed."""
        row = lock(connection, seen)
        kind = "reopened" if row.state in _DONE else "resumed"
        write(connection, vault, row, seen, kind, self._go_on(row, seen.now))

    def answered(
        self, connection: Connection, vault: Vault, seen: Seen, text: str, inbox_id: int | None
    ) -> None:
        """Put a message of the person onto their ticket; it goes on if it waited or was done."""
        row = lock(connection, seen)
        goes_on = row.state in (State.WAITING, *_DONE)
        values = self._go_on(row, seen.now) if goes_on else {}
        connection.execute(inbox.update().where(inbox.c.id == inbox_id).values(matter=row.id))
        detail = {"text": text, "inbox": inbox_id}
        write(connection, vault, row, seen, "user_message", values, detail)
        if inbox_id is not None:
            attachments.put_onto(connection, row.id, inbox_id)

    def heard(
        self,
        connection: Connection,
        vault: Vault,
        conversation_id: str,
        text: str,
        inbox_id: int,
        now: datetime,
    ) -> None:
        """Put a message onto the ticket that an agent has taken the conversation over for."""
        number = held_for(connection, conversation_id)
        if number is not None:
            seen = Seen(number, None, USER, now)
            self.answered(connection, vault, seen, text, inbox_id)

    def forward(
        self,
        connection: Connection,
        vault: Vault,
        seen: Seen,
        to_unit: str,
        outside: bool,
        note: str,
    ) -> None:
        """Hand a ticket to another unit or an outside help desk (F.3.c), and tell the person."""
        row = lock(connection, seen)
        values = self._step(row, State.FORWARDED, seen.now)
        if not outside:
            values |= {"unit": to_unit, "owner_id": None}
        connection.execute(
            ticket_forward.insert().values(
                ticket_id=row.id,
                to_unit=to_unit,
                outside=outside,
                sent_at=seen.now,
                sent_by=seen.agent_id,
            )
        )
        news = (Occasion.FORWARDED, "utter_kabar_diteruskan")
        told = self._tell(connection, vault, row, seen.now, *news, unit=to_unit)
        detail = {"to": to_unit, "outside": outside, "text": note, **told}
        write(connection, vault, row, seen, "forwarded", values, detail)

    def accept(self, connection: Connection, vault: Vault, seen: Seen, receipt: str) -> None:
        """Write down that the unit took a forwarded ticket: by whom, or under which number.

        Raises:
            ChangeRefused: Nothing is waiting to be accepted.
        """
        row = lock(connection, seen)
        latest = (
            sa.select(ticket_forward.c.id)
            .where(ticket_forward.c.ticket_id == row.id, ticket_forward.c.accepted_at.is_(None))
            .order_by(ticket_forward.c.id.desc())
            .limit(1)
        )
        forward_id = connection.execute(latest).scalar()
        if forward_id is None:
            raise ChangeRefused("no-forward")
        connection.execute(
            ticket_forward.update()
            .where(ticket_forward.c.id == forward_id)
            .values(accepted_at=seen.now, sealed_receipt=vault.seal({"text": receipt}))
        )
        write(connection, vault, row, seen, "accepted", {}, {"text": receipt})

    def resolve(
        self,
        connection: Connection,
        vault: Vault,
        seen: Seen,
        resolution: Resolution,
        text: str = "",
    ) -> None:
        """Finish a ticket by one of the catalogue's indicators, and ask how it was.

        A conversation that was taken over for it is handed back with the same bubble.
        """
        row = lock(connection, seen)
        values = self._step(row, State.RESOLVED, seen.now) | {
            "resolution": resolution.value,
            "resolved_at": seen.now,
            "owner_id": row.owner_id or seen.agent_id,
            # Asked anew: what was thought of an earlier end stands in its event.
            "rating": None,
            "sealed_rating": None,
        }
        freed = free(connection, row.id)
        name = "utter_kabar_selesai_isi" if text else "utter_kabar_selesai"
        ratings = tuple(
            Choice(
                self._words.text(f"utter_nilai_{rating}"),
                f'/nilai{{"tiket":"{row.number}","nilai":"{rating}"}}',
            )
            for rating in RATINGS
        )
        after = (self._words.text("utter_kabar_petugas_keluar"),) if freed else ()
        told = self._tell(
            connection, vault, row, seen.now, Occasion.RESOLVED, name, ratings, after, isi=text
        )
        detail = {"resolution": resolution.value, "text": text, "handed_back": freed, **told}
        write(connection, vault, row, seen, "resolved", values, detail)

    def close(self, connection: Connection, vault: Vault, seen: Seen) -> None:
        """Close what is resolved."""
        row = lock(connection, seen)
        values = self._step(row, State.CLOSED, seen.now) | {"closed_at": seen.now}
        write(connection, vault, row, seen, "closed", values)
        if free(connection, row.id):
            self._say_free(connection, vault, row, seen.now)

    def rate(self, connection: Connection, vault: Vault, seen: Seen, rating: int) -> None:
        """Keep what the person thinks of it (1 to 5); a resolved ticket is closed by it.

        Raises:
            ChangeRefused: The ticket is not finished, or was rated.
        """
        row = lock(connection, seen)
        if row.state not in _DONE:
            raise ChangeRefused("unfinished")
        if row.rating is not None:
            raise ChangeRefused("rated")
        values: dict[str, Any] = {"rating": rating}
        if row.state == State.RESOLVED:
            values |= self._step(row, State.CLOSED, seen.now) | {"closed_at": seen.now}
        write(connection, vault, row, seen, "rated", values, {"rating": rating})

    def comment(self, connection: Connection, vault: Vault, seen: Seen, word: str) -> None:
        """Keep the person's word on their rating, where it came after it.

        Raises:
            ChangeRefused: The ticket has no rating.
        """
        row = lock(connection, seen)
        if row.rating is None:
            raise ChangeRefused("unrated")
        values = {"sealed_rating": vault.seal({"text": word})}
        write(connection, vault, row, seen, "commented", values, {"text": word})

    def route(self, connection: Connection, vault: Vault, seen: Seen, service: int | None) -> None:
        """Say which service a ticket belongs to: its unit and due time follow.

        Who works on it does not follow into the complaints' lane or out of it: the ticket is
        nobody's, and a conversation that was taken over for it is handed back.
        """
        row = lock(connection, seen)
        clock = self._clock(row, service)
        reached = warning(clock.used(self._calendar, seen.now))
        values = {
            "service": service,
            "unit": self._catalogue.unit(service),
            "due_at": clock.due(self._calendar),
            # What the new SLA has not reached is warned of again, what was warned of is not.
            "warned": min(row.warned, reached),
        }
        changes_lane = (service == COMPLAINTS) != (row.service == COMPLAINTS)
        if changes_lane:
            values["owner_id"] = None
        detail = {"from": row.service, "to": service}
        write(connection, vault, row, seen, "routed", values, detail)
        if changes_lane and free(connection, row.id):
            self._say_free(connection, vault, row, seen.now)

    def prioritise(
        self, connection: Connection, vault: Vault, seen: Seen, priority: Priority
    ) -> None:
        """Say how urgent a ticket is."""
        row = lock(connection, seen)
        values = {"priority": priority.value}
        write(connection, vault, row, seen, "prioritised", values, values)

    def _step(self, row: Any, after: State, now: datetime) -> dict[str, Any]:
        check_step(State(row.state), after)
        values: dict[str, Any] = {"state": after.value}
        clock = self._clock(row, row.service)
        if after is State.WAITING:
            values["paused_at"] = now
        elif after is not State.CLOSED and clock.paused_at is not None:
            paused = clock.paused_until(self._calendar, now)
            resumed = Clock(clock.created_at, clock.hours, paused)
            values |= {
                "paused_at": None,
                "paused_minutes": paused,
                "due_at": resumed.due(self._calendar),
            }
        return values

    def _go_on(self, row: Any, now: datetime) -> dict[str, Any]:
        values = self._step(row, State.IN_PROGRESS, now)
        if row.state in _DONE:
            values |= {
                "reopened": row.reopened + 1,
                "resolution": None,
                "resolved_at": None,
                "closed_at": None,
            }
        return values

    def _clock(self, row: Any, service: int | None) -> Clock:
        # From its answer on a ticket costs no time either, should it be reopened.
        stands_since = row.paused_at or row.resolved_at
        hours = self._catalogue.hours(service)
        return Clock(row.created_at, hours, row.paused_minutes, stands_since)

    def _say_free(self, connection: Connection, vault: Vault, row: Any, now: datetime) -> None:
        tell(connection, vault, row, Reply(self._words.text("utter_kabar_petugas_keluar")), now)

    def _tell(
        self,
        connection: Connection,
        vault: Vault,
        row: Any,
        now: datetime,
        occasion: Occasion,
        name: str,
        choices: tuple[Choice, ...] = (),
        after: tuple[str, ...] = (),
        **values: str,
    ) -> dict[str, str]:
        values["nomor"] = row.number
        otherwise = self._templates.reply(occasion, **values)
        text = "\n\n".join((self._words.text(name, **values), *after))
        return tell(connection, vault, row, Reply(text, choices, otherwise=otherwise), now)
