"""The real turn in one process: intake, worker, dialogue and outbox, without a network.

Run as a program (``python -m bench.turns WHAT ...``) it prints JSON, so that Rasa and its memory
stay out of the process that makes load elsewhere.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import itertools
import json
import logging
import pstats
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
from rasa_sdk.executor import ActionExecutor

import bot.cli  # noqa: F401  its first lines keep Rasa and TensorFlow quiet
from actions import services as action_services
from actions.registry import hand_out
from bench import mix
from bench.load import closed, for_seconds
from bench.paths import PROJECT
from bot import log
from bot.channels import pages
from bot.channels.choice_ids import issue
from bot.channels.message import Choice, Inbound, Kind
from bot.channels.message import Sender as Person
from bot.channels.whatsapp.render import render
from bot.clock import now
from bot.ledger import migrate
from bot.ledger.database import Ledger
from bot.ledger.handover import Outgoing
from bot.ledger.unit_of_work import UnitOfWork
from bot.live.owner import Owner
from bot.live.wake import Wake
from bot.privacy import Vault, new_key
from bot.settings import Settings
from bot.turn import training
from bot.turn.apology import Apology
from bot.turn.dialogue import Dialogue
from bot.turn.failpoints import Failpoints
from bot.turn.held import Held
from bot.turn.intake import Delivery, Intake
from bot.turn.sender import Sender
from bot.turn.worker import Worker

_KEY = b"bench"
WARM_UP = 4 * mix.VISIT


@dataclass
class Timing:
    """Milliseconds of one message.

    Attributes:
        intake: Wall time to store it.
        turn: Wall time to claim it, answer it and commit.
        send: Wall time to take the bubble, render it and settle it.
        cpu: CPU time of all threads together.
    """

    intake: float
    turn: float
    send: float
    cpu: float


@dataclass
class Room:
    """The parts of a turn, wired together."""

    intake: Intake
    worker: BenchWorker
    sender: Sender
    sent: list[str]
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def message(self, person: int, text: str) -> Inbound:
        """Make a person's message."""
        sender = Person(user_id=None, phone=f"62811{person:07d}")
        return Inbound(
            "whatsapp", "1", f"wamid.{next(self.ids)}", sender, now(), Kind.TEXT, text, None
        )

    async def one(self, person: int, text: str) -> Timing:
        """Let one message travel from the intake to the sender."""
        message, sent = self.message(person, text), len(self.sent)
        cpu, began = time.process_time(), time.perf_counter()
        await self.intake.store(Delivery((message,), (), ()))
        stored = time.perf_counter()
        await self.worker.drain()
        answered = time.perf_counter()
        await self.sender.drain()
        done = time.perf_counter()
        used = time.process_time() - cpu
        if len(self.sent) != sent + 1:
            raise RuntimeError(f"{len(self.sent) - sent} answers to {text!r}")
        spans = (stored - began, answered - stored, done - answered, used)
        return Timing(*(1000 * seconds for seconds in spans))


class BenchWorker(Worker):
    """The worker; it also tells whoever waits that a message's turn is committed."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._awaited: dict[str, asyncio.Future[None]] = {}

    def waiting_for(self, external_id: str) -> asyncio.Future[None]:
        """Return what is done after the commit of a message's turn."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._awaited[external_id] = future
        return future

    async def _commit(self, work: UnitOfWork, final_state: str) -> None:
        await super()._commit(work, final_state)
        future = self._awaited.pop(work.claim.message.external_id, None)
        if future is not None:
            future.set_result(None)


@asynccontextmanager
async def room(folder: Path, **settings: str) -> AsyncIterator[Room]:
    """Open a ledger and wire the parts as the composition root does."""
    vault = Vault([new_key().encode()], b"index")
    ledger = Ledger(f"sqlite:///{folder}/ledger.db", vault)
    migrate.upgrade(ledger)
    owner, wake, failpoints = Owner(folder / "running"), Wake(), Failpoints()
    executor, sent = ActionExecutor(), list[str]()
    dialogue = Dialogue(training.model_path(PROJECT), executor, _KEY)

    async def keep(outgoing: Outgoing) -> str:
        render(
            outgoing.reply,
            lambda choice: issue(_KEY, "bench", choice.payload),
            menu_word="Pilih",
            more=lambda shown, left: Choice("Lainnya", pages.turn_to(outgoing.id, shown)),
        )
        sent.append(outgoing.id)
        return f"out.{len(sent)}"

    try:
        async with aiohttp.ClientSession() as session:
            services = action_services.build(
                Settings.parse_obj({"var_dir": folder, **settings}), ledger, session
            )
            hand_out(replace(services, judge=dialogue.judge), executor)
            unit = services.catalogue.unit(None)
            apology = Apology(services.words, services.calendar, unit)
            worker = BenchWorker(
                ledger,
                dialogue.respond,
                apology,
                Held(services.changes, services.words, dialogue.respond, dialogue.parse, _KEY),
                owner,
                wake,
                now,
                failpoints,
            )
            minute = timedelta(minutes=1)
            sender = Sender(ledger, {"whatsapp": keep}, owner, wake, now, failpoints, minute)
            yield Room(Intake(ledger, wake, now), worker, sender, sent)
    finally:
        owner.close()
        ledger.close()


async def growth(folder: Path, last: int) -> list[Timing]:
    """Send messages of one conversation and return the timing of each."""
    texts = mix.questions()
    async with room(folder) as made:
        for text in itertools.islice(mix.messages(texts), WARM_UP):
            await made.one(1, text)
        return [await made.one(2, text) for text in itertools.islice(mix.messages(texts, 7), last)]


async def commit(folder: Path, senders: int, seconds: float) -> dict[str, Any]:
    """Let senders wait for the commit of their turn, one message after the other."""
    texts = mix.questions()
    async with room(folder) as made:
        people = itertools.count(1)
        working = asyncio.create_task(made.worker.run())
        talks = [mix.visits(people, texts, number * 31) for number in range(senders)]

        async def once(sender: int) -> bool:
            person, text = next(talks[sender])
            message = made.message(person, text)
            committed = made.worker.waiting_for(message.external_id)
            await made.intake.store(Delivery((message,), (), ()))
            await asyncio.wait_for(committed, 30)
            return True

        await closed(once, senders, for_seconds(seconds / 4))
        before = time.process_time()
        result = await closed(once, senders, for_seconds(seconds))
        result.cpu = time.process_time() - before
        made.worker.stop()
        await working
        return asdict(result)


def profile(folder: Path, messages: int) -> None:
    """Print the functions that took the most time over some messages.

    The ledger's thread is folded into the one that is watched.
    """

    async def here(self: Ledger, work: Any, *args: Any, **kwargs: Any) -> Any:
        return self.transact(work, *args, **kwargs)

    Ledger.run = here  # type: ignore[method-assign]
    watch = cProfile.Profile()

    async def run() -> None:
        async with room(folder) as made:
            texts = mix.questions()
            for text in itertools.islice(mix.messages(texts), WARM_UP):
                await made.one(1, text)
            watch.enable()
            for text in itertools.islice(mix.messages(texts, 7), messages):
                await made.one(2, text)
            watch.disable()

    asyncio.run(run())
    for order in ("cumulative", "tottime"):
        pstats.Stats(watch, stream=sys.stdout).sort_stats(order).print_stats(90)


def main() -> None:
    """Measure one thing and print it."""
    parser = argparse.ArgumentParser(prog="python -m bench.turns")
    parser.add_argument("what", choices=("growth", "commit", "profile"))
    parser.add_argument("number", type=int, help="messages, or senders")
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--output", type=Path, default=Path("/dev/stdout"), help="for the JSON")
    options = parser.parse_args()
    log.configure("INFO")
    logging.captureWarnings(True)
    with tempfile.TemporaryDirectory(prefix="nindy-bench-") as name:
        folder = Path(name)
        if options.what == "profile":
            profile(folder, options.number)
        elif options.what == "growth":
            timings = asyncio.run(growth(folder, options.number))
            options.output.write_text(json.dumps([asdict(timing) for timing in timings]))
        else:
            found = asyncio.run(commit(folder, options.number, options.seconds))
            options.output.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
