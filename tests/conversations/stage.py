"""The stage on which a scenario is played: the real turn with a held clock and the sandbox."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import aiohttp
import sqlalchemy as sa
from aiohttp.test_utils import TestServer
from sqlalchemy.engine import Connection

from actions import services as action_services
from actions.clients import Clients, connect
from actions.registry import hand_out
from actions.services import Services
from bot.attachments.files import Files
from bot.channels import pages
from bot.channels.choice_ids import issue
from bot.channels.message import Choice, Inbound, Kind, Media, Reply, Sender
from bot.channels.whatsapp.render import render
from bot.clock import JAKARTA
from bot.errors import Permanent
from bot.ledger import attachments, feedback, migrate, outbox, spoken, tables
from bot.ledger.database import Ledger
from bot.ledger.feedback import Feedback
from bot.ledger.fetches import PATIENCE
from bot.ledger.handover import Outgoing
from bot.live.owner import Owner
from bot.live.wake import Wake
from bot.privacy import Vault, new_key
from bot.settings import Settings
from bot.tickets.changes import Changes
from bot.tickets.record import Seen
from bot.tickets.sheet import read_sheet
from bot.tickets.takeover import Takeover
from bot.turn.apology import Apology
from bot.turn.dialogue import Dialogue
from bot.turn.failpoints import Failpoints
from bot.turn.fetcher import Fetcher
from bot.turn.file_words import FileWords
from bot.turn.held import Held
from bot.turn.intake import Delivery, Intake
from bot.turn.late import Late
from bot.turn.paged import Paged
from bot.turn.sender import Sender as OutboxSender
from bot.turn.titled import Titled
from bot.turn.unread import Unread
from bot.turn.with_files import WithFiles
from bot.turn.worker import Worker
from bot.words import Words
from sandbox.app import create_app
from tests import wire
from tests.filing import LARGEST

CHOICE_KEY = b"stage"
AGENT = "rina"


class Stage:
    """Plays what people do and keeps what Nindy answered."""

    def __init__(self, ledger: Ledger, server: TestServer, start: datetime) -> None:
        self.ledger = ledger
        self.now = start
        self.bubbles: list[Outgoing] = []
        self.worker: Worker
        self.sender: OutboxSender
        self.intake: Intake
        self.session: aiohttp.ClientSession
        self.fetcher: Fetcher
        self.changes: Changes
        self.takeover: Takeover
        self.clients: Clients
        self.at_whatsapp: dict[str, bytes] = {}
        self._server = server
        self._ids = itertools.count(1)
        self.person = "siti"
        self.delay = timedelta()
        """How long ago what comes now was written."""
        self.channel = "whatsapp"

    def clock(self) -> datetime:
        """The scenario's time; each look moves it on a little, as in life."""
        self.now += timedelta(milliseconds=1)
        return self.now

    async def say(
        self,
        text: str = "",
        kind: Kind = Kind.TEXT,
        choice: str | None = None,
        quoting: str = "",
        first: Sequence[str] = (),
        **file: Any,
    ) -> Reply:
        """Let the person send something and return the one bubble that answers.

        Args:
            text: The words.
            kind: What is sent.
            choice: What is pressed.
            quoting: Words of the bubble that it replies to.
            first: Words of bubbles that had waited and come before the answer, one each.
            file: Of a file, as `send` takes it.
        """
        seen = len(self.bubbles)
        await self.send(text, kind, choice, quoting, **file)
        *waited, last = [bubble.reply for bubble in self.bubbles[seen:]]
        assert len(waited) == len(first), f"one bubble per turn, not {len(waited) + 1}"
        for words, reply in zip(first, waited, strict=True):
            assert words.casefold() in reply.text.casefold(), reply.text
        return last

    async def send(
        self,
        text: str = "",
        kind: Kind = Kind.TEXT,
        choice: str | None = None,
        quoting: str = "",
        type: str = "text",
        content: bytes | None = None,
        late: bool = False,
    ) -> None:
        """Let the person send something, perhaps as a reply to the last bubble with some words.

        A `type` other than text brings its `content` as a file, which WhatsApp has or (None) has
        lost; it is fetched before the message is answered, unless it is `late`.
        """
        quoted = [
            f"out.{place}"
            for place, bubble in enumerate(self.bubbles, 1)
            if quoting and quoting in bubble.reply.text
        ]
        assert bool(quoted) == bool(quoting), f"no bubble says {quoting!r}"
        number = next(self._ids)
        media = Media(f"file{number}", f"kiriman-{number}") if kind is Kind.MEDIA else None
        if media is not None and content is not None:
            self.at_whatsapp[media.id] = content
        message = Inbound(
            self.channel,
            "1",
            f"wamid.{number}",
            Sender(user_id=f"ID.{self.person}", phone=f"62{abs(hash(self.person)) % 10**10}"),
            self.clock() - self.delay,
            kind,
            text,
            choice,
            quoted[-1] if quoted else None,
            type,
            media,
        )
        await self.intake.store(Delivery((message,), (), ()))
        if late:
            self.now += PATIENCE
        else:
            await self.fetcher.drain()
        await self.worker.drain()
        await self._deliver()

    async def fetch(self) -> None:
        """Let what came late be fetched, and the news of it go out."""
        await self.fetcher.drain()
        await self._deliver()

    async def source(self, media: Media, _strict: bool) -> AsyncGenerator[bytes, None]:
        """What WhatsApp gives out for a file."""
        if media.id not in self.at_whatsapp:
            raise Permanent(0, "gone")
        yield self.at_whatsapp[media.id]

    async def desk(self, deed: str, number: str, **values: Any) -> None:
        """Let an agent change a ticket, by default the newest, and the news of it go out."""
        number = number or self.tickets()[-1]["number"]
        seen = Seen(number, None, f"agent:{AGENT}", self.clock())
        change = getattr(self.changes, deed, None) or getattr(self.takeover, deed)
        await self.ledger.run(partial(change, seen=seen, **values))
        await self._deliver()

    async def _deliver(self) -> None:
        """Let bubbles go out, and read those that wait here for who reads them."""
        await self.sender.drain()
        known = {bubble.id for bubble in self.bubbles}
        for bubble in await self.ledger.run(_read_here):
            if bubble.id not in known:
                self.bubbles.append(bubble)

    async def press(self, title: str, old: bool = False) -> Reply:
        """Press a button or row of the last bubble, or of an older one, whoever got it."""
        for bubble in reversed(self.bubbles[:-1] if old else self.bubbles[-1:]):
            for choice in bubble.reply.choices:
                if choice.title == title:
                    reference = issue(CHOICE_KEY, bubble.conversation_id, choice.payload)
                    return await self.say(title, Kind.CHOICE, reference)
        raise AssertionError(f"{title!r} was not offered: {self.bubbles[-1].reply.choices}")

    async def faults(self, switches: dict[str, Any]) -> None:
        """Turn the sandbox's switches."""
        url = self._server.make_url("/sandbox/faults")
        async with self.session.put(url, json=switches) as response:
            assert response.status == 200, await response.text()

    async def calls(self) -> list[dict[str, Any]]:
        """What the outside systems executed."""
        async with self.session.get(self._server.make_url("/sandbox/upstream-calls")) as response:
            return list((await response.json())["calls"])

    def tickets(self) -> list[dict[str, Any]]:
        """All tickets with their content opened."""

        def read(connection: Any, vault: Vault) -> list[dict[str, Any]]:
            order = tables.ticket.c.created_at
            rows = connection.execute(sa.select(tables.ticket).order_by(order)).all()
            return [
                {
                    **dict(row._mapping),
                    **vault.open(row.sealed_content),
                    **_history(connection, vault, row.number),
                    "files": [
                        f"{file.name} {file.state}"
                        for file in attachments.of_ticket(connection, vault, row.id)
                    ],
                    "word": vault.open(row.sealed_rating)["text"] if row.sealed_rating else None,
                }
                for row in rows
            ]

        return self.ledger.transact(read)

    def consents(self) -> list[list[Any]]:
        """Who wanted broadcasts and who wanted none any more, in the order in which it was said."""

        def read(connection: Connection, vault: Vault) -> list[list[Any]]:
            found = sa.select(tables.consent, tables.person.c.sealed_address).join(tables.person)
            rows = connection.execute(found.order_by(tables.consent.c.id)).all()
            said = [vault.open(row.sealed_address)["user_id"] for row in rows]
            return [
                [id.removeprefix("ID."), row.agreed] for id, row in zip(said, rows, strict=True)
            ]

        return self.ledger.transact(read)

    def feedback(self) -> list[Feedback]:
        """All judgements of answers with their questions opened."""
        return self.ledger.transact(feedback.read)


def _read_here(connection: Connection, vault: Vault) -> list[Outgoing]:
    rows = connection.execute(
        sa.select(tables.outbox, tables.person.c.channel, tables.person.c.sealed_address)
        .join(tables.conversation, tables.conversation.c.id == tables.outbox.c.conversation_id)
        .join(tables.person, tables.person.c.id == tables.conversation.c.person_id)
        .where(tables.person.c.channel.in_(outbox.READ_HERE))
        .order_by(tables.outbox.c.position)
    )
    return [
        Outgoing(
            row.id,
            row.conversation_id,
            row.channel,
            Sender(**vault.open(row.sealed_address)),
            spoken.read_reply(vault.open(row.sealed_body)),
            None,
            row.attempts,
        )
        for row in rows.all()
    ]


def _history(connection: Any, vault: Vault, number: str) -> dict[str, Any]:
    found = read_sheet(connection, vault, number)
    assert found is not None
    heard = [event.detail["text"] for event in found.events if event.kind == "user_message"]
    said = [line.text for line in (*found.transcript, *found.said)]
    return {"events": [event.kind for event in found.events], "heard": heard, "said": said}


@lru_cache(maxsize=1)
def _data() -> Services:
    """The data files, read once for all scenarios; each puts its own ledger and clients in."""
    folder = Path(tempfile.mkdtemp())
    ledger = Ledger(f"sqlite:///{folder}/unused.db", Vault([new_key().encode()], b"unused"))
    return action_services.build(Settings(var_dir=folder), ledger, None)  # type: ignore[arg-type]


@asynccontextmanager
async def stage(
    tmp_path: Path, dialogue: Dialogue, executor: Any, start: datetime, budget: float = 0.8
) -> AsyncIterator[Stage]:
    """Set the stage; a look-up has `budget` seconds."""
    vault = Vault([new_key().encode()], b"index")
    ledger = Ledger(f"sqlite:///{tmp_path}/ledger.db", vault)
    migrate.upgrade(ledger)
    sandbox = create_app(
        webhook_url="http://127.0.0.1:9/", app_secret="s", access_token="t", phone_number_id="1"
    )
    server = TestServer(sandbox)
    await server.start_server()
    owner = Owner(tmp_path / "running")
    async with aiohttp.ClientSession() as session:
        base = str(server.make_url("")).rstrip("/")
        settings = Settings(
            span_url=f"{base}/span",
            sakti_url=f"{base}/sakti",
            digit_url=f"{base}/digit",
            upstream_budget=budget,
            var_dir=tmp_path,
        )
        play = Stage(ledger, server, start.replace(tzinfo=JAKARTA))
        services = replace(
            _data(),
            ledger=ledger,
            clients=connect(settings, session),
            clock=play.clock,
            judge=dialogue.judge,
        )
        hand_out(services, executor)
        wake, failpoints = Wake(), Failpoints()

        async def keep(outgoing: Outgoing) -> str:
            content = render(
                outgoing.reply,
                lambda choice: issue(CHOICE_KEY, "x", choice.payload),
                menu_word="Pilih",
                more=partial(_more, services.words, outgoing.id),
            )
            wire.check(wire.message(content))
            play.bubbles.append(_first_page(services.words, outgoing))
            return f"out.{len(play.bubbles)}"

        with ledger.engine.begin() as connection:
            connection.execute(
                tables.agent.insert().values(
                    id=AGENT, login="rina", name="Rina Contoh", role="agent", created_at=play.now
                )
            )
        play.changes, play.takeover = services.changes, services.takeover
        play.clients = services.clients
        play.session = session
        play.intake = Intake(ledger, wake, play.clock)
        apology = Apology(services.words, services.calendar, services.catalogue.unit(None))
        file_words = FileWords(services.words, LARGEST)
        play.fetcher = Fetcher(
            ledger,
            Files(tmp_path / "files", vault, LARGEST, None),
            {"whatsapp": play.source},
            file_words,
            wake,
            play.clock,
        )
        titled = Titled(ledger, dialogue.engine, CHOICE_KEY, dialogue.respond)
        unread = Unread(ledger, titled)
        with_files = WithFiles(ledger, services.changes, file_words, unread)
        late = Late(ledger, services.changes, apology, dialogue.parse, with_files)
        paged = Paged(ledger, services.words, CHOICE_KEY, late)
        play.worker = Worker(
            ledger,
            paged,
            apology,
            Held(services.changes, services.words, paged, dialogue.parse, CHOICE_KEY),
            owner,
            wake,
            play.clock,
            failpoints,
        )
        play.sender = OutboxSender(
            ledger,
            {"whatsapp": keep, "webchat": keep},
            owner,
            wake,
            play.clock,
            failpoints,
            timedelta(seconds=60),
        )
        try:
            yield play
        finally:
            owner.close()
            await server.close()
            ledger.close()


def _more(words: Words, outbox_id: str, shown: int, left: int) -> Choice:
    title = words.text("utter_lainnya_button")
    return Choice(title, pages.turn_to(outbox_id, shown), f"{left} lagi")


def _first_page(words: Words, outgoing: Outgoing) -> Outgoing:
    """What the person sees of a bubble whose choices do not fit."""
    offered, shown = outgoing.reply.choices, pages.first(outgoing.reply.choices, outgoing.channel)
    if shown == len(offered):
        return outgoing
    page = (*offered[:shown], _more(words, outgoing.id, shown, len(offered) - shown))
    return replace(outgoing, reply=replace(outgoing.reply, choices=page))
