"""Files in the ledger: whose they are, with which message, on which ticket, fetched once."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.attachments.files import Kept
from bot.channels.message import Inbound, Kind, Media, Reply
from bot.errors import TurnLost
from bot.ledger import attachments, claims, fetches, handover, outbox, tables, tickets
from bot.ledger.attachments import (
    EXPECTED,
    KEPT,
    LOST,
    RECENT,
    REJECTED,
    WAITING,
    Attachment,
)
from bot.ledger.database import Ledger
from bot.ledger.fetches import LEASE, PATIENCE, Fetch
from bot.ledger.tickets import Content, NewTicket
from bot.tickets.sheet import read_sheet
from tests.kit import START, answer, claim, claimed, message, receive, rows, sibling, siti, together

PHOTO = Media("1003000000000001", "layar.jpg", "c2hhMjU2")


def photo(number: object = 1, text: str = "", **more: Any) -> Inbound:
    return replace(message(number, text=text, kind=Kind.MEDIA, **more), media=PHOTO)


def stored(clean: bool = True, name: str = "surat.pdf") -> Kept:
    return Kept(str(uuid.uuid4()), name, "application/pdf", 1234, clean)


def upload(ledger: Ledger, person: str = "siti", sender: str = "user", **more: Any) -> str:
    """A file that the person's web chat uploaded; returns its id."""
    kept = stored(**more)
    conversation = conversation_of(ledger, person)
    ledger.transact(attachments.add, kept, conversation, sender, START)
    return kept.id


def conversation_of(ledger: Ledger, person: str = "siti") -> str:
    receive(ledger, message(f"first-{person}", siti(person)))
    key = ledger.vault.key("message", "whatsapp", "1", f"wamid.first-{person}")
    return next(
        str(row.conversation_id) for row in rows(ledger, tables.inbox) if row.message_key == key
    )


def the(ledger: Ledger, id: str) -> Attachment:
    found = ledger.transact(attachments.find, id)
    assert found is not None
    return found


def only(ledger: Ledger) -> Attachment:
    (row,) = rows(ledger, tables.attachment)
    return the(ledger, row.id)


def take(ledger: Ledger, at: Any = START, limit: int = 10) -> list[Fetch]:
    return ledger.transact(fetches.take, at, limit)


def open_ticket(ledger: Ledger, at: Any = START) -> str:
    """Open a ticket with the oldest message; returns its id."""
    new = NewTicket(tickets.new_number(at), "tiket", None, Content("s", "k"), at, at)
    answer(ledger, now=at, tickets=[new])
    return next(str(r.id) for r in rows(ledger, tables.ticket) if r.number == new.number)


def test_a_message_with_a_file_is_stored_with_what_is_to_be_fetched(ledger: Ledger) -> None:
    assert receive(ledger, photo(), photo()) == [True, False]
    file = only(ledger)
    assert (file.state, file.sender, file.size) == (EXPECTED, "user", 0)
    (fetch,) = take(ledger)
    assert (fetch.id, fetch.media, fetch.channel) == (file.id, PHOTO, "whatsapp")
    work = claimed(ledger, now=START + PATIENCE)
    assert work.message.attachments == (file.id,) and work.message.media is None


def test_nothing_of_a_file_is_in_the_clear(ledger: Ledger) -> None:
    receive(ledger, photo())
    for row in rows(ledger, tables.attachment):
        shown = " ".join(str(value) for value in row)
        assert "layar" not in shown and PHOTO.id not in shown


def test_a_fetch_is_given_to_one_and_again_when_its_taker_died(ledger: Ledger) -> None:
    receive(ledger, photo())
    with sibling(ledger) as other:
        both = together([lambda one=one: take(one) for one in (ledger, other)])
    assert sorted(len(found) for found in both) == [0, 1]
    assert take(ledger, START + LEASE - timedelta(seconds=1)) == []
    (again,) = take(ledger, START + LEASE)
    assert again.attempts == 2


def test_its_message_waits_a_little_and_no_longer(ledger: Ledger) -> None:
    receive(ledger, photo())
    assert claim(ledger) is None
    assert claim(ledger, now=START + PATIENCE - timedelta(seconds=1)) is None
    assert claim(ledger, now=START + PATIENCE) is not None


def test_its_message_goes_on_as_soon_as_the_file_is_there(ledger: Ledger) -> None:
    receive(ledger, photo())
    (fetch,) = take(ledger)
    ledger.transact(fetches.kept, fetch, replace(stored(), id=fetch.id), START)
    file = only(ledger)
    assert (file.state, file.name, file.type, file.size) == (
        KEPT,
        "surat.pdf",
        "application/pdf",
        1234,
    )
    assert rows(ledger, tables.attachment)[0].sealed_source is None
    assert claim(ledger) is not None


def test_a_file_ends_nobody_elses_pause(ledger: Ledger) -> None:
    receive(ledger, message())
    work = claimed(ledger)
    receive(ledger, photo(2))
    (fetch,) = take(ledger)
    until = START + timedelta(minutes=1)
    ledger.transact(claims.give_back, work, "w1", until)
    ledger.transact(fetches.kept, fetch, replace(stored(), id=fetch.id), START)
    assert claim(ledger, now=until - timedelta(seconds=1)) is None
    assert claim(ledger, now=until) is not None


def test_what_waits_for_the_scanner_is_taken_again(ledger: Ledger) -> None:
    receive(ledger, photo())
    (fetch,) = take(ledger)
    ledger.transact(fetches.kept, fetch, replace(stored(clean=False), id=fetch.id), START)
    assert only(ledger).state == WAITING
    (again,) = take(ledger)
    assert again.media is None and again.id == fetch.id
    ledger.transact(fetches.clean, again)
    assert only(ledger).state == KEPT
    assert take(ledger, START + timedelta(days=1)) == []


@pytest.mark.parametrize("promised", [True, False])
def test_who_was_promised_a_file_is_told_when_it_does_not_come(
    ledger: Ledger, promised: bool
) -> None:
    receive(ledger, photo())
    (fetch,) = take(ledger)
    if promised:
        ledger.transact(fetches.promise, (fetch.id,))
    assert ledger.transact(fetches.gone, fetch, REJECTED, "large") is promised
    assert (only(ledger).state, only(ledger).reason) == (REJECTED, "large")
    assert take(ledger, START + timedelta(days=1)) == []


def test_nobody_is_told_while_an_agent_holds_the_conversation(ledger: Ledger) -> None:
    receive(ledger, photo())
    (fetch,) = take(ledger)
    ledger.transact(fetches.promise, (fetch.id,))
    with ledger.engine.begin() as connection:
        connection.execute(tables.conversation.update().values(holder_id="budi"))
    assert ledger.transact(fetches.gone, fetch, REJECTED, "large") is False


def test_a_promise_that_comes_too_late_undoes_its_turn(ledger: Ledger) -> None:
    receive(ledger, photo())
    (fetch,) = take(ledger)
    assert not ledger.transact(fetches.gone, fetch, LOST)
    with pytest.raises(TurnLost):
        ledger.transact(fetches.promise, (fetch.id,))
    assert not rows(ledger, tables.attachment)[0].promised


def test_a_fetch_that_failed_comes_again_later(ledger: Ledger) -> None:
    receive(ledger, photo())
    (fetch,) = take(ledger)
    ledger.transact(fetches.postpone, fetch, START + timedelta(seconds=5))
    assert take(ledger) == []
    assert len(take(ledger, START + timedelta(seconds=5))) == 1


def test_an_upload_belongs_to_the_message_that_names_it(ledger: Ledger) -> None:
    id = upload(ledger)
    assert the(ledger, id).state == KEPT
    receive(ledger, replace(message("m"), attachments=(id,)))
    assert answer(ledger).claim.message.attachments == ()
    assert claimed(ledger).message.attachments == (id,)


def test_a_message_brings_nobody_elses_files_and_none_twice(ledger: Ledger) -> None:
    theirs, agents = upload(ledger, "budi"), upload(ledger, sender="agent:ani")
    mine, used = upload(ledger), upload(ledger)
    receive(ledger, replace(message("m1"), attachments=(used,)))
    named = (theirs, agents, used, mine, mine, "unknown")
    receive(ledger, replace(message("m2"), attachments=named))
    bodies = [ledger.vault.open(row.sealed_body) for row in rows(ledger, tables.inbox)]
    assert [body["attachments"] for body in bodies][-2:] == [[used], [mine]]


def test_a_new_ticket_takes_what_was_sent_lately(ledger: Ledger) -> None:
    early = START - RECENT
    receive(ledger, photo("old", at=early), now=early)
    receive(ledger, photo("new"), photo("other", sender=siti("budi")))
    unsent = upload(ledger)
    for _ in range(3):
        answer(ledger, now=START + PATIENCE)
    ticket_id = open_ticket(ledger, START + timedelta(minutes=1))
    ids = {row.id: row.ticket_id for row in rows(ledger, tables.attachment)}
    assert list(ids.values()).count(ticket_id) == 1 and ids[unsent] is None
    (file,) = ledger.transact(attachments.of_ticket, ticket_id)
    assert file.created_at == START


def test_a_second_ticket_takes_nothing_of_the_first(ledger: Ledger) -> None:
    receive(ledger, photo())
    first = open_ticket(ledger, START + PATIENCE)
    receive(ledger, message(2))
    second = open_ticket(ledger, START + timedelta(minutes=2))
    assert len(ledger.transact(attachments.of_ticket, first)) == 1
    assert ledger.transact(attachments.of_ticket, second) == []


def test_a_person_has_their_own_files_and_what_was_sent_to_them(ledger: Ledger) -> None:
    mine, theirs = upload(ledger), upload(ledger, "budi")
    draft, sent = upload(ledger, sender="agent:ani"), upload(ledger, sender="agent:ani")
    conversation, ticket_id = conversation_of(ledger), open_ticket(ledger)
    own = (conversation, "agent:ani", (sent, theirs, mine))
    assert [one.id for one in ledger.transact(attachments.send, ticket_id, *own)] == [sent]
    for id, found in ((mine, True), (sent, True), (draft, False), (theirs, False)):
        assert bool(ledger.transact(attachments.of_person, conversation, id)) is found
    assert ledger.transact(attachments.sent_since, conversation, START - RECENT) == 1
    assert ledger.transact(attachments.sent_since, conversation, START) == 0


def test_the_transcript_names_the_files(ledger: Ledger) -> None:
    receive(ledger, photo())
    open_ticket(ledger, START + PATIENCE)
    (row,) = rows(ledger, tables.ticket)
    found = ledger.transact(read_sheet, row.number)
    assert found is not None
    assert [said.files for said in found.transcript] == [(only(ledger).id,)]


def test_files_of_a_complaint_go_onto_no_other_ticket(ledger: Ledger) -> None:
    receive(ledger, photo())
    answer(ledger, "received", now=START + PATIENCE, matter="given-up")
    receive(ledger, message(2))
    ordinary = open_ticket(ledger, START + timedelta(minutes=1))
    assert ledger.transact(attachments.of_ticket, ordinary) == []


def test_files_of_a_complaint_without_a_name_are_forgotten(ledger: Ledger) -> None:
    receive(ledger, photo())
    answer(ledger, "received", now=START + PATIENCE, matter="m1", left="(gone)")
    assert rows(ledger, tables.attachment) == []
    body = ledger.vault.open(rows(ledger, tables.inbox)[0].sealed_body)
    assert (body["media"], body["attachments"]) == (None, [])


def test_a_bubble_carries_its_file(ledger: Ledger) -> None:
    conversation = conversation_of(ledger)
    reply = Reply("Ini panduannya.", attachments=("an-id",))
    ledger.transact(outbox.enqueue, conversation, None, reply, START)
    (outgoing,) = ledger.transact(handover.take, "s1", START, 1)
    assert outgoing.reply == reply
