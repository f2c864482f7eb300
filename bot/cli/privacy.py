"""``nindy privacy …``: what is held of a person, for them, and how old it all is.

Whom a command is about is read from the terminal or from standard input: what stands on a command
line is in the list of processes and in the shell's history.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.attachments.files import Files
from bot.cli.opening import read_settings
from bot.clock import now
from bot.errors import StartupError
from bot.key_file import KeyFile
from bot.ledger import duties, migrate
from bot.ledger.database import Ledger
from bot.live.owner import Owner
from bot.personal import erasure, export, report
from bot.personal.erasure import StillOpen
from bot.personal.expiry import DUTY, expire
from bot.personal.periods import Periods
from bot.personal.reseal import reseal
from bot.personal.subject import By, Found, digits_of, find
from bot.personal.walk import Key
from bot.privacy import key_path
from bot.settings import Settings

_STORING = 2.0
"""Seconds after which what was being stored beside an erasure is there, to be erased as well."""
_BY = {
    By.PHONE: "a phone number",
    By.EMAIL: "an e-mail address that was written on a ticket",
    By.TICKET: "a ticket's number",
    By.PERSON: "an id that one of these commands has printed",
}


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the commands."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    out = commands.add_parser("export", help="write all that is held about a person as a ZIP")
    _whom(out, _export)
    out.add_argument("--to", type=Path, required=True, metavar="FILE.zip", help="must not exist")
    gone = commands.add_parser("erase", help="erase a person, as far as no law forbids it")
    _whom(gone, _erase)
    gone.add_argument("--yes", action="store_true", help="do not ask once more")
    told = commands.add_parser("report", help="count what is held, how old it is, what goes next")
    told.set_defaults(run=_report)
    over = commands.add_parser("expire", help="remove now what is older than its period")
    over.set_defaults(run=_expire)
    rotate = commands.add_parser("rotate-key", help="seal everything with the newest key")
    rotate.add_argument(
        "--finish", action="store_true", help="look once more, then drop the older keys"
    )
    rotate.set_defaults(run=_rotate)


def _whom(parser: argparse.ArgumentParser, run: Callable[[argparse.Namespace], None]) -> None:
    ways = parser.add_mutually_exclusive_group(required=True)
    for by, what in _BY.items():
        told = f"find them by {what}, which is asked for"
        ways.add_argument(f"--{by.value}", dest="by", action="store_const", const=by, help=told)
    parser.set_defaults(run=run)


def _export(options: argparse.Namespace) -> None:
    with _opened() as (_, ledger, files):
        who = _one(find(ledger, options.by, _ask(options.by)), options.by)
        number = asyncio.run(export.write(ledger, files, who.id, options.to, now()))
    print(f"{options.to}: everything about person {who.id}, with {number} files.")
    print("Check who asks before you hand it over, and delete it when you have.")


def _erase(options: argparse.Namespace) -> None:
    with _opened() as (_, ledger, files):
        value = _ask(options.by)
        listed = _forget_listed(ledger, value) if options.by is By.PHONE else 0
        found = find(ledger, options.by, value)
        if listed:
            print(f"{listed:8} broadcast_recipient removed: numbers that never wrote to us")
            if not found:
                return
        who = _one(found, options.by)
        _confirm(options, who)
        removed, emptied = asyncio.run(_erase_all(ledger, files, who))
    for name, number in removed.items():
        print(f"{number:8} {name} removed")
    periods = Periods.load()
    for name, number in emptied.items():
        period = periods.of.get(periods.together.get(name, name))
        print(f"{number:8} {name} kept without names and words: {period.basis if period else ''}")
    print(f"The audit trail of person {who.id} is kept: {periods.of['audit'].basis}")
    print("Backups hold it until they are rotated out: see docs/privacy.md.")


async def _erase_all(ledger: Ledger, files: Files, who: Found) -> tuple[Counter[str], Counter[str]]:
    removed: Counter[str] = Counter()
    emptied: Counter[str] = Counter()
    left = Periods.load().erased
    for again in (False, True):
        if again:
            await asyncio.sleep(_STORING)
        try:
            done = await ledger.run(erasure.erase, who.id, left, now())
        except StillOpen as refused:
            raise StartupError(
                f"close these tickets first, what they are for has not ended: "
                f"{', '.join(refused.numbers)}"
            ) from None
        for id in done.files:
            await files.drop(id)
        removed += done.removed
        emptied |= done.emptied
    return removed, emptied


def _forget_listed(ledger: Ledger, value: str) -> int:
    number, last = 0, None
    while True:
        some: tuple[int, Key | None] = ledger.transact(
            erasure.forget_listed, digits_of(value), last
        )
        number, last = number + some[0], some[1]
        if last is None:
            return number


def _report(_options: argparse.Namespace) -> None:
    with _opened() as (_, ledger, _files):
        moment = now()
        last = ledger.transact(duties.last_done, DUTY)
        found = report.lines(ledger, Periods.load(), moment)
        keys = ledger.vault.keys
    print(f"{'what':20} {'rows':>9} {'days':>5} {'oldest':10} {'next':10} {'due':>6}  why")
    for line in found:
        days = "" if line.days is None else str(line.days)
        oldest = f"{line.oldest:%Y-%m-%d}" if line.oldest else ""
        following = f"{line.goes:%Y-%m-%d}" if line.goes else ""
        print(
            f"{line.name:20} {line.number:9} {days:>5} {oldest:10} {following:10} "
            f"{line.due:6}  {line.basis}"
        )
    print(f"retention was last applied: {f'{last:%Y-%m-%d %H:%M} UTC' if last else 'never'}")
    print(f"keys that open what is sealed: {keys}")


def _expire(_options: argparse.Namespace) -> None:
    with _opened() as (read, ledger, files):
        owner = Owner(read.var_dir / "running")
        try:
            removed = asyncio.run(expire(ledger, files, Periods.load(), owner.name, now))
        finally:
            owner.close()
    if removed is None:
        raise StartupError("a worker is at it just now; look again in a few minutes")
    for name, number in removed.items():
        print(f"{number:8} {name}")
    print(f"{sum(removed.values())} rows were older than their period.")


def _rotate(options: argparse.Namespace) -> None:
    with _opened() as (read, ledger, files):
        file = None
        if not read.encryption_keys.get_secret_value():
            file = KeyFile(key_path(read))
        if ledger.vault.keys < 2:
            if options.finish:
                raise StartupError("there is one key only; nothing is to be finished")
            if file is None:
                raise StartupError(
                    "NINDY_ENCRYPTION_KEYS: put a fresh key (`nindy key`) in front of the one "
                    "there is, as docs/privacy.md says, restart every process, and run this again"
                )
            file.add()
            print(f"{key_path(read)}: a fresh key seals from now on.")
        renewed, unreadable = asyncio.run(_reseal(ledger, files))
        if unreadable:
            raise StartupError(
                f"{unreadable} values are sealed with a key that is not there; add it behind the "
                "others and run this again, and drop no key before"
            )
        if not options.finish:
            print("Run `nindy privacy rotate-key --finish` in an hour; backups need the old key.")
        elif renewed:
            raise StartupError(
                "something was still sealed with an older key; restart every process and run "
                "this again"
            )
        elif file is None:
            print("Nothing needs the older keys: take them out of NINDY_ENCRYPTION_KEYS.")
        else:
            file.drop_old()
            print(f"{key_path(read)}: the older keys are gone.")


async def _reseal(ledger: Ledger, files: Files) -> tuple[int, int]:
    seen: Counter[str] = Counter()
    renewed: Counter[str] = Counter()
    unreadable: Counter[str] = Counter()
    async for step in reseal(ledger, files):
        seen[step.table] += step.seen
        renewed[step.table] += step.renewed
        unreadable[step.table] += step.unreadable
    for name, number in (+seen).items():
        worse = f", {unreadable[name]} unreadable" if unreadable[name] else ""
        print(f"{name:20} {number:9} sealed, {renewed[name]} renewed{worse}")
    return renewed.total(), unreadable.total()


def _ask(by: By) -> str:
    if sys.stdin.isatty():
        print(f"{_BY[by]}: ", end="", file=sys.stderr, flush=True)
    value = sys.stdin.readline().strip()
    if not value:
        raise StartupError(f"write {_BY[by]} on standard input")
    return value


def _one(found: list[Found], by: By) -> Found:
    if not found:
        raise StartupError(f"nobody is known by this {by.value}")
    if len(found) == 1:
        return found[0]
    for one in found:
        print(f"{one.id}  {one.channel:9} {' '.join(one.tickets)}")
    raise StartupError(f"{len(found)} persons are known by it; choose one with --person")


def _confirm(options: argparse.Namespace, who: Found) -> None:
    print(f"person {who.id} ({who.channel}), tickets: {' '.join(who.tickets) or 'none'}")
    if options.yes:
        return
    if not sys.stdin.isatty():
        raise StartupError("this cannot be undone; say --yes where nobody can be asked")
    print("This cannot be undone. Write 'erase' to go on: ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip() != "erase":
        raise StartupError("nothing was erased")


@contextmanager
def _opened() -> Iterator[tuple[Settings, Ledger, Files]]:
    read = read_settings()
    with migrate.opened(read) as ledger:
        yield read, ledger, Files(read.files_dir, ledger.vault, read.file_bytes, None)
