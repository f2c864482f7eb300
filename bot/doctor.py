"""Looks at everything that can be wrong and says what to do (`nindy doctor`).

Made for a person at three in the morning: one line a finding, the remedy beside it, and a page
of the runbook for the rest. It changes nothing, and nothing personal is in what it says.
"""

from __future__ import annotations

import asyncio
import errno
import shutil
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.channels.whatsapp.errors import action_for
from bot.clock import JAKARTA
from bot.errors import NindyError
from bot.finding import Finding
from bot.ledger import duties, levels, migrate
from bot.ledger.database import Ledger
from bot.ledger.outbox import UNSETTLED
from bot.ledger.tables import outbox
from bot.live.shared import Shared
from bot.personal.expiry import DUTY
from bot.privacy import Vault
from bot.settings import Settings
from bot.turn import training
from bot.worktime import WorkCalendar

PROJECT = Path(__file__).resolve().parents[1]
RUNBOOK = "docs/runbook.md"
LONGEST_WAIT = 60.0
"""Seconds that a message may wait for its turn before something is wrong (P4 asks for ten)."""
LONGEST_SEND = 180.0
"""Seconds that a bubble may wait; beyond it the channel does not take what we send."""
LEAST_SPACE = 1024**3
"""Bytes free on the disk of the ledger."""
LATEST_EXPIRY = timedelta(days=2)
"""Since retention was last applied; a worker does it four times a day."""
_REACH_SECONDS = 3.0
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104
"""Addresses to listen at that nobody can ask at."""


class Doctor:
    """Looks at one installation.

    Args:
        settings: What it is meant to be.
        ledger: Its ledger.
        session: For looking at ports; not closed here.
        now: The present moment.
    """

    def __init__(
        self, settings: Settings, ledger: Ledger, session: aiohttp.ClientSession, now: datetime
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._session = session
        self._now = now

    async def look(self) -> list[Finding]:
        """Look at everything; a look that fails is a finding of its own."""
        settings = self._settings
        own = {
            "model": self._model,
            "calendar": self._calendar,
            "disk": self._disk,
            "secrets": self._secrets,
            "database": self._database,
            "backlog": self._backlog,
            "retention": self._retention,
            **({"Redis": self._redis} if settings.redis_url.get_secret_value() else {}),
        }
        host = "127.0.0.1" if settings.host in _EVERYWHERE else settings.host
        doors = {
            "edge": f"http://{host}:{settings.edge_port}/readyz",
            "desk": f"http://{host}:{settings.desk_port}/healthz",
        }
        status = f"http://{host}:{settings.status_port}/readyz"
        own_door = {"this process": status} if settings.status_port else {}
        systems = {
            "WhatsApp": settings.whatsapp_api_url,
            "SPAN": settings.span_url,
            "SAKTI": settings.sakti_url,
            "Digit": settings.digit_url,
            **({"CRM": settings.crm_url} if settings.crm_url else {}),
        }
        found = [one for about, look in own.items() for one in await _careful(about, look)]
        # On a ledger of this machine alone all roles are here; on a shared one perhaps elsewhere.
        alone = settings.database_url.startswith("sqlite")
        found += await asyncio.gather(
            *(self._door(*door, elsewhere=not alone) for door in doors.items()),
            *(self._door(*door) for door in own_door.items()),
        )
        return [*found, *await asyncio.gather(*(_reach(*system) for system in systems.items()))]

    async def _model(self) -> list[Finding]:
        path = training.model_path(PROJECT)
        if path.exists():
            return [Finding("model", True, path.name)]
        return [Finding("model", False, "none of today's data; run `nindy train`")]

    async def _calendar(self) -> list[Finding]:
        calendar = WorkCalendar.load(PROJECT / "data/calendar")
        warnings = calendar.check(self._now.astimezone(JAKARTA).date())
        years = ", ".join(str(year) for year in sorted(calendar.years))
        return [Finding("calendar", not warnings, "; ".join(warnings) or years)]

    async def _disk(self) -> list[Finding]:
        free = shutil.disk_usage(self._settings.var_dir).free
        text = f"{free / 1024**3:.1f} GiB free for {self._settings.var_dir}"
        remedy = "" if free > LEAST_SPACE else f'; make room: {RUNBOOK}, "The disk is full"'
        return [Finding("disk", not remedy, text + remedy)]

    async def _secrets(self) -> list[Finding]:
        files = (self._settings.var_dir / "keys.json", Path(".env"))
        open_ones = [str(one) for one in files if one.exists() and one.stat().st_mode & 0o077]
        if not open_ones:
            return [Finding("secrets", True, "nobody else can read them")]
        names = " ".join(open_ones)
        return [Finding("secrets", False, f"others can read them; run `chmod 600 {names}`")]

    async def _database(self) -> list[Finding]:
        have, want = await self._ledger.run(migrate.revisions)
        name = self._ledger.engine.dialect.name
        if have == want:
            return [Finding("database", True, f"{name}, revision {have}")]
        text = f"{name}, revision {have or 'none'} and not {want}; start Nindy once to migrate"
        return [Finding("database", False, text)]

    async def _backlog(self) -> list[Finding]:
        found = await self._ledger.run(levels.read, self._now)
        code = await self._ledger.run(_commonest_error)
        late, number = found.warned["100"], sum(found.tickets.values())
        return [
            _inbox(found.waiting, found.waiting_seconds),
            _outbox(sum(found.outbox.values()), found.outbox_seconds, code),
            Finding("tickets", True, f"{number} open, {late} past their time"),
            _deliveries(found.deliveries),
        ]

    async def _retention(self) -> list[Finding]:
        last = await self._ledger.run(duties.last_done, DUTY)
        if last is None:
            return [Finding("retention", True, "not applied yet; a worker does it")]
        text = f"last applied {last:%Y-%m-%d %H:%M} UTC"
        if self._now - last <= LATEST_EXPIRY:
            return [Finding("retention", True, text)]
        text += f'; is a worker running? {RUNBOOK}, "Data are kept too long"'
        return [Finding("retention", False, text)]

    async def _redis(self) -> list[Finding]:
        shared = Shared(self._settings.redis_url.get_secret_value())
        try:
            answers = await shared.ask(shared.redis.ping)
        finally:
            await shared.close()
        text = "answers" if answers else f'does not answer; {RUNBOOK}, "Redis is away"'
        return [Finding("Redis", bool(answers), text)]

    async def _door(self, about: str, url: str, elsewhere: bool = False) -> Finding:
        try:
            timeout = aiohttp.ClientTimeout(total=_REACH_SECONDS)
            async with self._session.get(url, timeout=timeout) as response:
                status = response.status
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            if elsewhere and isinstance(error, OSError) and error.errno == errno.ECONNREFUSED:
                text = f"nobody listens at {url}: well if this role runs on another host"
                return Finding(about, True, text)
            return Finding(about, False, f"{url} does not answer; is Nindy running?")
        return Finding(about, status == 200, f"{url} answers {status}")


async def _careful(about: str, look: Callable[[], Awaitable[list[Finding]]]) -> list[Finding]:
    try:
        return await look()
    except (NindyError, OSError) as error:
        return [Finding(about, False, str(error))]
    except sa.exc.SQLAlchemyError as error:
        return [Finding(about, False, f"{type(error).__name__}; is the database up?")]


def _inbox(number: int, seconds: float) -> Finding:
    text = f"{number} wait"
    if seconds <= LONGEST_WAIT:
        return Finding("inbox", True, text)
    text += f", the oldest for {_minutes(seconds)}; is a worker running? "
    return Finding("inbox", False, text + f'{RUNBOOK}, "Nobody is answered"')


def _outbox(number: int, seconds: float, code: int) -> Finding:
    text = f"{number} wait"
    if seconds <= LONGEST_SEND:
        return Finding("outbox", True, text)
    if code:
        text += f", most with error {code} ({action_for(code).value})"
    text += f", the oldest for {_minutes(seconds)}; "
    return Finding("outbox", False, text + f'{RUNBOOK}, "Bubbles do not leave"')


def _deliveries(number: dict[str, int]) -> Finding:
    text = f"{number['open']} wait, {number['dead']} were given up"
    remedy = f'; {RUNBOOK}, "Another program hears nothing"' if number["dead"] else ""
    return Finding("deliveries", not remedy, text + remedy)


async def _reach(about: str, url: str) -> Finding:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        opened = asyncio.open_connection(host, port)
        _, writer = await asyncio.wait_for(opened, _REACH_SECONDS)
    except (OSError, asyncio.TimeoutError):
        text = f'{host}:{port} cannot be reached; {RUNBOOK}, "An outside system is away"'
        return Finding(about, False, text)
    writer.close()
    return Finding(about, True, f"{host}:{port} can be reached")


def _commonest_error(connection: Connection, vault: Vault) -> int:
    number = sa.func.count()
    found = connection.execute(
        sa.select(outbox.c.error_code)
        .where(UNSETTLED, outbox.c.error_code != 0)
        .group_by(outbox.c.error_code)
        .order_by(number.desc())
        .limit(1)
    ).scalar()
    return int(found or 0)


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
