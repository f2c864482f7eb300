"""Answers messages that bring files; every other message goes straight to the dialogue.

A file of somebody whose ticket is open goes onto it, with its caption. Else the caption is what
the dialogue answers, a form that is under way asks on, and a file alone is offered a ticket; what
became of the file is said first, in the same bubble.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

from sqlalchemy.engine import Connection

from bot.channels.message import Kind, Reply
from bot.ledger import attachments, fetches
from bot.ledger.attachments import KEPT, RECENT, Attachment
from bot.ledger.database import Ledger
from bot.ledger.unit_of_work import UnitOfWork
from bot.privacy import Vault
from bot.tickets import in_turn, own
from bot.tickets.changes import Changes
from bot.turn.file_words import FileWords

Respond = Callable[[UnitOfWork], Awaitable[None]]


class WithFiles:
    """Fills a unit of work.

    Args:
        ledger: Where files are looked up.
        changes: What can be done to a ticket.
        words: What is said about files.
        respond: The dialogue.
    """

    def __init__(
        self, ledger: Ledger, changes: Changes, words: FileWords, respond: Respond
    ) -> None:
        self._ledger = ledger
        self._changes = changes
        self._words = words
        self._respond = respond

    async def __call__(self, work: UnitOfWork) -> None:
        """Answer the message."""
        message = work.claim.message
        if not message.attachments and message.kind is not Kind.MEDIA:
            return await self._respond(work)
        files, found = await self._ledger.run(_look, work)
        there = [file for file in files if file.is_there]
        form = _form(work)
        if not there and not message.text.strip() and form is None:
            work.state = work.claim.state
            work.replies = [Reply(self._missing(files))]
        elif there and found is not None and form is None:
            work.state, work.matter = work.claim.state, found.id
            in_turn.add(
                work,
                self._changes.answered,
                seen=in_turn.by_person(work, found.number),
                text=message.text,
                inbox_id=work.claim.inbox_id,
            )
            said = [self._words.on_ticket(found.number), *self._refusals(files)]
            work.replies = [Reply("\n\n".join(said))]
        else:
            await self._respond(work)
            received = [self._words.received(there, form)] if there else []
            missing = self._refusals(files) if there else [self._missing(files)]
            text = "\n\n".join([*received, *missing, work.replies[0].text])
            work.replies[0] = replace(work.replies[0], text=text)
        open_ends = tuple(file.id for file in there if file.state != KEPT)
        if open_ends:
            work.writes.append(partial(fetches.promise, ids=open_ends))

    def _missing(self, files: list[Attachment]) -> str:
        return "\n\n".join(self._refusals(files)) or self._words.lost()

    def _refusals(self, files: list[Attachment]) -> list[str]:
        return list(dict.fromkeys(filter(None, map(self._words.refused, files))))


def _look(
    connection: Connection, vault: Vault, work: UnitOfWork
) -> tuple[list[Attachment], own.Own | None]:
    message, id = work.claim.message, work.claim.conversation_id
    meant = own.awaiting(connection, vault, id, message, work.now)
    files = attachments.of(connection, vault, message.attachments)
    return files, meant or own.newest_open(connection, vault, id)


def _form(work: UnitOfWork) -> str | None:
    last, state = work.claim.last_turn_at, work.claim.state
    if state is None or last is None or work.now - last > RECENT:
        return None
    form: str | None = state["loop"]
    return form
