"""Files are fetched after their message was stored: again when it fails, once when it does not."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.attachments.files import Files
from bot.channels.message import Kind, Media
from bot.errors import Blocked, Permanent, Retryable
from bot.ledger import attachments, fetches, handover, tables
from bot.ledger.attachments import EXPECTED, KEPT, LOST, REJECTED, WAITING
from bot.ledger.database import Ledger
from bot.live.wake import Wake
from bot.turn.fetcher import ATTEMPTS, REMEMBERED, STRICT, Fetcher, pause
from bot.turn.file_words import FileWords
from bot.turn.sweep import sweep
from bot.words import Words
from tests.conftest import PROJECT
from tests.filing import EICAR, LARGEST, PDF, PNG, content_of, keep, store
from tests.kit import START, Clock, message, receive, rows

WORDS = FileWords(Words(PROJECT / "domain.yml"), LARGEST)


@dataclass
class Provider:
    """Gives out what a test wants, or fails."""

    content: bytes = PNG
    error: Exception | None = None
    asked: list[bool] = field(default_factory=list)
    closed: int = 0
    gate: asyncio.Event | None = None

    async def __call__(self, media: Media, strict: bool) -> AsyncGenerator[bytes, None]:
        self.asked.append(strict)
        try:
            if self.gate is not None:
                await self.gate.wait()
            if self.error is not None:
                raise self.error
            yield self.content[:10]
            yield self.content[10:]
        finally:
            self.closed += 1


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def files(tmp_path: Path, ledger: Ledger) -> Files:
    return store(tmp_path, ledger.vault)


Make = Callable[..., Fetcher]


@pytest.fixture
def make(ledger: Ledger, files: Files, provider: Provider, clock: Clock, wake: Wake) -> Make:
    def made(**parts: Any) -> Fetcher:
        sources = {"whatsapp": provider}
        store = parts.get("files", files)
        return Fetcher(ledger, store, parts.get("sources", sources), WORDS, wake, clock)

    return made


def photo(ledger: Ledger, number: int = 1) -> None:
    with_file = replace(message(number, kind=Kind.MEDIA, text=""), media=Media("1003", "a.png"))
    receive(ledger, with_file)


def only(ledger: Ledger) -> Any:
    (row,) = rows(ledger, tables.attachment)
    return row


def told(ledger: Ledger) -> list[str]:
    return [ledger.vault.open(row.sealed_body)["text"] for row in rows(ledger, tables.outbox)]


async def test_a_file_is_fetched_and_kept(ledger: Ledger, make: Make, files: Files) -> None:
    photo(ledger)
    await make().drain()
    file = ledger.transact(attachments.find, only(ledger).id)
    assert file is not None and (file.state, file.name) == (KEPT, "a.png")
    assert await content_of(files, file.id) == PNG
    assert told(ledger) == []


async def test_a_failure_that_passes_is_tried_again_with_pauses(
    ledger: Ledger, make: Make, provider: Provider, clock: Clock
) -> None:
    photo(ledger)
    provider.error = Retryable(0, "away")
    fetcher = make()
    for number in range(1, 5):
        await fetcher.drain()
        assert len(provider.asked) == number and only(ledger).state == EXPECTED
        clock.forward(seconds=pause(number).total_seconds())
    provider.error = None
    await fetcher.drain()
    assert only(ledger).state == KEPT
    assert provider.asked == [True] * STRICT + [False] * 2
    assert provider.closed == 5


async def test_after_many_tries_it_is_lost_and_its_sender_hears_it_once(
    ledger: Ledger, make: Make, provider: Provider, clock: Clock
) -> None:
    photo(ledger)
    provider.error = OSError("disk is full")
    fetcher = make()
    ledger.transact(fetches.promise, (only(ledger).id,))
    for _ in range(ATTEMPTS + 5):
        await fetcher.drain()
        clock.forward(hours=1)
    assert len(provider.asked) == ATTEMPTS
    assert only(ledger).state == LOST
    (said,) = told(ledger)
    assert "tidak sampai" in said


async def test_a_refused_account_is_waited_for(
    ledger: Ledger, make: Make, provider: Provider, clock: Clock
) -> None:
    photo(ledger)
    provider.error = Blocked(190)
    fetcher = make()
    for _ in range(ATTEMPTS + 5):
        await fetcher.drain()
        clock.forward(hours=1)
    assert only(ledger).state == EXPECTED
    clock.moment = START + REMEMBERED + timedelta(seconds=1)
    await fetcher.drain()
    assert only(ledger).state == LOST


@pytest.mark.parametrize(
    ("content", "error", "state", "reason"),
    [
        (b"MZ\x90", None, REJECTED, "type"),
        (PDF + bytes(LARGEST), None, REJECTED, "large"),
        (b"", None, REJECTED, "empty"),
        (PNG, Permanent(100, "gone"), LOST, ""),
    ],
)
async def test_what_will_never_come_is_not_tried_again(
    ledger: Ledger,
    make: Make,
    provider: Provider,
    clock: Clock,
    content: bytes,
    error: Exception | None,
    state: str,
    reason: str,
) -> None:
    photo(ledger)
    provider.content, provider.error = content, error
    fetcher = make()
    for _ in range(3):
        await fetcher.drain()
        clock.forward(hours=1)
    assert (only(ledger).state, only(ledger).reason) == (state, reason)
    assert provider.asked == [True] and provider.closed == 1
    assert told(ledger) == [], "its message has not been answered yet: the turn says it"


async def test_a_flood_of_files_does_not_fill_the_disk(
    ledger: Ledger, make: Make, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.turn.fetcher.A_DAY", 3)
    for number in range(3):
        photo(ledger, number)
    await make().drain()
    photo(ledger, 3)
    await make().drain()
    states = sorted((row.state, row.reason) for row in rows(ledger, tables.attachment))
    assert states == [(KEPT, "")] * 3 + [(REJECTED, "many")]
    assert len(provider.asked) == 3


async def test_a_channel_without_files_loses_them(ledger: Ledger, make: Make) -> None:
    photo(ledger)
    await make(sources={}).drain()
    assert only(ledger).state == LOST


async def test_what_the_scanner_finds_later_is_dropped_and_told(
    ledger: Ledger, make: Make, provider: Provider, clock: Clock, tmp_path: Path
) -> None:
    scanner = tmp_path / "scanner.py"
    scanner.write_text("import sys; sys.exit(2)")
    files = store(tmp_path, ledger.vault, scanner=f"{sys.executable} {scanner}")
    provider.content = EICAR
    photo(ledger)
    fetcher = make(files=files)
    await fetcher.drain()
    id = only(ledger).id
    assert only(ledger).state == WAITING
    ledger.transact(fetches.promise, (id,))
    scanner.write_text("import sys; sys.exit(1)")
    clock.forward(minutes=10)
    await fetcher.drain()
    assert (only(ledger).state, only(ledger).reason) == (REJECTED, "infected")
    assert len(told(ledger)) == 1 and "virus" in told(ledger)[0]
    assert [path for path in (tmp_path / "files").rglob("*") if path.is_file()] == []


async def test_a_scanner_that_comes_back_lets_the_file_through(
    ledger: Ledger, make: Make, clock: Clock, tmp_path: Path
) -> None:
    scanner = tmp_path / "scanner.py"
    scanner.write_text("import sys; sys.exit(2)")
    fetcher = make(files=store(tmp_path, ledger.vault, scanner=f"{sys.executable} {scanner}"))
    photo(ledger)
    for _ in range(3):
        await fetcher.drain()
        assert only(ledger).state == WAITING
        clock.forward(minutes=10)
    scanner.write_text("import sys; sys.exit(0)")
    await fetcher.drain()
    assert only(ledger).state == KEPT


async def test_the_loop_fetches_many_at_once_and_leaves_the_rest_at_the_end(
    ledger: Ledger, make: Make, provider: Provider, wake: Wake
) -> None:
    for number in range(6):
        photo(ledger, number)
    provider.gate = asyncio.Event()
    fetcher = make()
    running = asyncio.create_task(fetcher.run())
    while len(provider.asked) < 4:
        await asyncio.sleep(0)
    fetcher.stop()
    provider.gate.set()
    await asyncio.wait_for(running, 10)
    assert len(provider.asked) == 4 and provider.closed == 4
    states = [row.state for row in rows(ledger, tables.attachment)]
    assert states.count(EXPECTED) >= 2


async def test_a_bubble_about_a_file_goes_to_its_own_conversation(
    ledger: Ledger, make: Make, provider: Provider
) -> None:
    photo(ledger)
    ledger.transact(fetches.promise, (only(ledger).id,))
    provider.content = b"MZ"
    await make().drain()
    (outgoing,) = ledger.transact(handover.take, "s1", START, 5)
    assert outgoing.conversation_id == only(ledger).conversation_id


async def test_files_that_nobody_needs_are_swept_away(
    ledger: Ledger, make: Make, files: Files, tmp_path: Path
) -> None:
    photo(ledger)
    await make().drain()
    unknown = await keep(files, PDF)
    fresh = await keep(files, PDF)
    long_ago = time.time() - 2 * 24 * 3600
    for path in (tmp_path / "files").rglob(unknown.id):
        os.utime(path, (long_ago, long_ago))
    assert await sweep(ledger, files) == 1
    assert await content_of(files, only(ledger).id) == PNG
    left = {path.name for path in (tmp_path / "files").rglob("*") if path.is_file()}
    assert left == {fresh.id, only(ledger).id}
