"""Nothing personal is in the database's bytes."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.broadcast import recipients
from bot.broadcast.changes import record
from bot.broadcast.life import State
from bot.channels.message import (
    Choice,
    Delivery,
    IdentityChange,
    Inbound,
    Kind,
    Media,
    Reply,
    Sender,
)
from bot.channels.message import Status as News
from bot.ledger import (
    agents,
    alarms,
    announcements,
    api_answers,
    api_clients,
    chat,
    chat_sessions,
    consents,
    duties,
    handover,
    logins,
    people,
    receipts,
    tables,
    unit_of_work,
)
from bot.ledger.agents import Agent, Role
from bot.ledger.alarms import Alarm
from bot.ledger.api_answers import Answer, Asked
from bot.ledger.api_clients import Scope
from bot.ledger.database import Ledger
from bot.ledger.feedback import CHOICE, NONE_OF_THESE, Feedback
from bot.ledger.fetches import PATIENCE
from bot.ledger.tickets import Content, NewTicket
from bot.ledger.unit_of_work import UnitOfWork
from bot.privacy import Vault
from tests.kit import START, claimed, receive

PLANTED = {
    "phone": "6281234509876",
    "new phone": "6287799911122",
    "user id": "ID.MARKERUSER77",
    "new user id": "ID.MARKERMOVED88",
    "name": "Markisa Penanda",
    "text": "rahasiapenanda",
    "nik": "3174019988776655",
    "email": "penanda.unik@kemenkeu.go.id",
    "message id": "wamid.MARKERIN",
    "sent id": "wamid.MARKEROUT",
    "choice": "n1:/markerchoice",
    "slot": "markerslotvalue",
    "event": "markereventtext",
    "reply": "markerreplytext",
    "subject": "markersubject",
    "question": "markerquestiontext",
    "totp secret": "MARKERTOTPSECRET",
    "receipt": "markerreceipt",
    "draft": "markerdrafttext",
    "file name": "markerfilename.pdf",
    "media id": "markermediaid",
    "notice": "markernoticetext",
    "note": "markernotetext",
    "listed phone": "6285277766655",
    "session": "markersessionid-00000",
    "host user": "host:MARKERHOSTUSER",
    "rating word": "markerratingword",
    "client reference": "markerclientreference",
    "api answer": "markerapianswer",
    "draft of an entry": "markerfaqdraft",
    "note on an entry": "markerfaqnote",
}


def plant(ledger: Ledger) -> None:
    p = PLANTED
    sender = Sender(p["user id"], p["phone"], p["name"])
    receive(
        ledger,
        Inbound(
            "whatsapp", "1", p["message id"], sender, START, Kind.CHOICE,
            f"{p['text']} {p['nik']} {p['email']}", p["choice"], p["message id"], "text",
            Media(p["media id"], p["file name"]),
        ),
    )  # fmt: skip
    state = {"slots": {"nik": p["nik"], "x": p["slot"]}, "loop": None}
    work = UnitOfWork(claimed(ledger, now=START + PATIENCE), START, state=state, misses=[p["nik"]])
    work.events = [{"event": "user", "text": p["event"], "email": p["email"]}]
    work.replies = [Reply(f"{p['reply']} {p['nik']}", (Choice(p["name"], p["choice"]),))]
    content = Content(p["subject"], p["text"], p["name"], p["email"], p["nik"])
    due = START + timedelta(hours=16)
    work.tickets = [NewTicket("20261123-ABCDEF", "tiket", 3, content, START, due)]
    asked = f"{p['question']} {p['nik']} {p['email']}"
    work.feedback = [Feedback(CHOICE, "a", NONE_OF_THESE, 0.5, ("a", "b"), "nindy-1", asked)]
    ledger.transact(unit_of_work.commit, work, "w1", START)
    (taken,) = ledger.transact(handover.take, "s1", START, 9)
    ledger.transact(handover.sent, taken, p["sent id"], START)
    news = News("whatsapp", "1", p["sent id"], Delivery.READ, START)
    assert ledger.transact(receipts.apply_status, news, START)
    plant_desk(ledger)
    plant_chat(ledger)
    plant_doors(ledger)
    plant_faq(ledger)
    moved = Sender(p["new user id"], p["new phone"])
    assert ledger.transact(duties.take, "retention", "w1", START)
    change = IdentityChange("whatsapp", "1", p["message id"], sender, moved, START)
    assert ledger.transact(people.change_identity, change, START)


def plant_desk(ledger: Ledger) -> None:
    agent = ledger.transact(agents.add, "budi", "Budi", Role.AGENT, "", "a-hash", START)
    assert agent is not None
    ledger.transact(agents.set_totp, agent.id, PLANTED["totp secret"], 0, START)
    PLANTED["session token"] = ledger.transact(logins.succeeded, agent.id, START)
    with ledger.engine.begin() as connection:
        ticket = connection.execute(sa.select(tables.ticket.c.id)).scalar_one()
        connection.execute(
            tables.ticket_forward.insert().values(
                ticket_id=ticket, to_unit="Sekretariat DJPb", outside=False, sent_at=START,
                sent_by=agent.id, sealed_receipt=ledger.vault.seal(PLANTED["receipt"]),
            )
        )  # fmt: skip
        connection.execute(
            tables.ticket_draft.insert().values(
                ticket_id=ticket, agent_id=agent.id, updated_at=START,
                sealed_text=ledger.vault.seal(PLANTED["draft"]),
            )
        )  # fmt: skip
    plant_broadcast(ledger, ticket, agent)


def plant_broadcast(ledger: Ledger, ticket: str, author: Agent) -> None:
    with ledger.engine.begin() as connection:
        heard = connection.execute(sa.select(tables.inbox)).first()
    assert heard is not None
    ledger.transact(consents.say, heard.conversation_id, heard.id, True, START)

    def write(connection: Connection, vault: Vault) -> None:
        reply = asdict(Reply(PLANTED["notice"]))
        made = tables.broadcast.insert().values(
            ticket_id=ticket, author_id=author.id, state=State.DRAFT.value, version=1,
            sealed_reply=vault.seal(reply), created_at=START, updated_at=START,
        )  # fmt: skip
        (id,) = connection.execute(made).inserted_primary_key
        record(connection, vault, id, State.DRAFT, author.actor, START, PLANTED["note"])
        recipients.choose(connection, vault, id, [PLANTED["phone"], PLANTED["listed phone"]])

    ledger.transact(write)


def plant_chat(ledger: Ledger) -> None:
    p = PLANTED
    user = Sender(user_id=p["host user"], name=p["name"])
    ledger.transact(chat_sessions.make, p["session"], user, START)
    session = ledger.transact(chat_sessions.find, p["session"])
    assert session is not None
    ledger.transact(chat.rate, session.conversation_id, 5, p["rating word"], START)


def plant_doors(ledger: Ledger) -> None:
    p = PLANTED
    scopes = frozenset({Scope.WRITE, Scope.READ_ALL})
    made = ledger.transact(
        api_clients.add, "portal", "Portal", scopes, "https://contoh.go.id/kait", START
    )
    assert made is not None
    p["client secret"], p["signing secret"] = made

    def opened(connection: Connection, vault: Vault) -> None:
        row = connection.execute(sa.select(tables.ticket)).first()
        kind = announcements.OPENED
        announcements.announce(connection, vault, row._mapping, kind, START)

    ledger.transact(opened)
    asked = Asked("portal", "kunci-uji", p["client reference"])
    answer = Answer(201, {"number": p["api answer"]})
    ledger.transact(api_answers.once, asked, START, lambda _connection, _vault: answer)
    alarm = Alarm("whatsapp", "account_update:RESTRICTION", 0, stops=True)
    ledger.transact(alarms.sound, alarm, START)


def plant_faq(ledger: Ledger) -> None:
    with ledger.engine.begin() as connection:
        agent = connection.execute(sa.select(tables.agent.c.id)).scalar_one()
        fields = {"question": PLANTED["draft of an entry"]}
        connection.execute(
            tables.faq_revision.insert().values(
                entry_id="uji", number=1, author_id=agent, created_at=START,
                sealed_fields=ledger.vault.seal(fields),
            )
        )  # fmt: skip
        connection.execute(
            tables.faq_event.insert().values(
                entry_id="uji", number=1, revision=1, state="draft", agent_id=agent, at=START,
                sealed_note=ledger.vault.seal(PLANTED["note on an entry"]),
            )
        )  # fmt: skip


def everything(ledger: Ledger, folder: Path) -> bytes:
    """The raw files of SQLite; on PostgreSQL every column of every table and every index key."""
    if ledger.engine.dialect.name == "sqlite":
        return b"".join(path.read_bytes() for path in folder.glob("ledger.db*"))
    out = b""
    with ledger.engine.begin() as connection:
        for name in sa.inspect(connection).get_table_names():
            for row in connection.execute(sa.text(f'SELECT * FROM "{name}"')):
                for value in row:
                    raw = isinstance(value, (bytes, memoryview))
                    out += bytes(value) if raw else str(value).encode()
                    out += b"\n"
    return out


def test_no_marker_is_in_the_bytes(ledger: Ledger, tmp_path: Path) -> None:
    plant(ledger)
    found = everything(ledger, tmp_path)
    assert b"whatsapp" in found and b"20261123-ABCDEF" in found
    leaked = {
        what
        for what, marker in PLANTED.items()
        for form in (marker.encode(), marker.encode("utf-16-le"), marker.encode().hex().encode())
        if form in found
    }
    assert leaked == set()


def test_every_table_was_planted(ledger: Ledger) -> None:
    plant(ledger)
    with ledger.engine.begin() as connection:
        for name, table in tables.metadata.tables.items():
            assert connection.execute(sa.select(table)).first() is not None, name
