"""The command ``nindy``."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
import warnings
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

# Rasa and TensorFlow talk at import; what they say is not for the people who start Nindy.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
# A filter would not last: importing sanic puts its own in front.
warnings.showwarning = lambda *_args, **_kwargs: None

from bot.cli.api import add_to as add_api  # noqa: E402
from bot.cli.desk import add_to as add_desk  # noqa: E402
from bot.cli.faq import add_to as add_faq  # noqa: E402
from bot.cli.opening import read_settings  # noqa: E402
from bot.cli.privacy import add_to as add_privacy  # noqa: E402
from bot.cli.whatsapp import add_to as add_whatsapp  # noqa: E402
from bot.errors import StartupError  # noqa: E402
from bot.privacy import new_key  # noqa: E402
from bot.settings import Settings  # noqa: E402

if TYPE_CHECKING:
    from bot.demo import Account
    from bot.finding import Finding

_DATA = Path(__file__).resolve().parents[2] / "data"
_CATALOGUE = _DATA / "catalogue"
_ROLES = {
    "web": "run the public edge alone",
    "worker": "run a worker alone: it answers what is in the inbox",
    "sender": "run a sender alone: it hands over what is in the outbox",
    "sandbox": "run the stand-ins and the phone alone",
}


def main() -> None:
    """Run a command; what stops a start is one clear line and exit code 2."""
    options = _parser().parse_args()
    try:
        options.run(options)
    except StartupError as error:
        print(f"nindy: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nindy", description="Nindy, HAI-DJPb's assistant.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    up = commands.add_parser("up", help="train if needed, then run everything until Ctrl-C")
    up.set_defaults(run=_up)
    for role, what in _ROLES.items():
        commands.add_parser(role, help=what).set_defaults(run=_role, role=role)
    train = commands.add_parser("train", help="train the model of today's data")
    train.set_defaults(run=lambda _: _train())
    match = commands.add_parser("match", help="print what the matcher makes of messages")
    match.add_argument("text", nargs="?", default="", help="one message")
    match.add_argument("--file", type=Path, help="a file with one message per line")
    match.set_defaults(run=_match)
    measure = commands.add_parser("evaluate", help="measure the matcher on a file of questions")
    measure.add_argument("file", type=Path, help="text, expected, service; parted by tabs")
    measure.add_argument("--noise", type=float, default=0.0, help="chance of slang and of typos")
    measure.set_defaults(run=_evaluate)
    told = commands.add_parser("feedback", help="print what people said about the answers")
    told.add_argument("--since", type=_day, metavar="YYYY-MM-DD", help="first day to read")
    told.set_defaults(run=_feedback)
    check = commands.add_parser("check", help="read every data file and say what to mend")
    check.set_defaults(run=_check)
    doctor = commands.add_parser("doctor", help="look at everything and say what to do about it")
    doctor.set_defaults(run=_doctor)
    _add_catalogue(commands.add_parser("catalogue", help="read and compare the service catalogue"))
    faq = commands.add_parser("faq", help="read the FAQ and its history, and export it")
    add_faq(faq)
    desk = commands.add_parser("desk", help="run the agents' desk alone, or manage its accounts")
    desk.set_defaults(run=_role, role="desk")
    add_desk(desk)
    add_whatsapp(commands.add_parser("whatsapp", help="look at the account at Meta"))
    add_api(commands.add_parser("api", help="manage the programs that use the API"))
    privacy = commands.add_parser("privacy", help="export or erase a person, rotate keys")
    add_privacy(privacy)
    key = commands.add_parser("key", help="print a fresh key for NINDY_ENCRYPTION_KEYS")
    key.set_defaults(run=lambda _: print(new_key()))
    return parser


def _add_catalogue(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    show = commands.add_parser("show", help="print a service")
    show.add_argument("number", help="1 to 20")
    show.add_argument("--json", action="store_true", help="as one JSON object")
    show.set_defaults(run=_catalogue_show)
    diff = commands.add_parser("diff", help="print what changed between two versions")
    diff.add_argument("old", help="a version known here, or a folder with catalogue data")
    diff.add_argument("new", help="the same")
    diff.set_defaults(run=_catalogue_diff)


def _catalogue_show(options: argparse.Namespace) -> None:
    from bot.catalogue import Catalogue
    from bot.catalogue.show import as_data, as_text

    catalogue = Catalogue(_CATALOGUE)
    numbers = {str(service.number): service for service in catalogue.services}
    if options.number not in numbers:
        raise StartupError(f"service {options.number} is not known; use 1 to {len(numbers)}")
    service = numbers[options.number]
    if options.json:
        print(json.dumps(as_data(catalogue, service), ensure_ascii=False, indent=2))
    else:
        print(as_text(catalogue, service))


def _catalogue_diff(options: argparse.Namespace) -> None:
    from bot.catalogue.diff import difference

    print(difference(options.old, options.new, _CATALOGUE))


def _evaluate(options: argparse.Namespace) -> None:
    read_settings()
    _train_if_needed()
    from bot.measure import evaluate

    print(evaluate(options.file, options.noise))


def _feedback(options: argparse.Namespace) -> None:
    read = read_settings()
    from bot.feedback_report import report

    lines, counts = report(read, options.since)
    for line in lines:
        print(line)
    print(counts, file=sys.stderr)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day; write YYYY-MM-DD") from None


def _check(_options: argparse.Namespace) -> None:
    read_settings()
    from bot.data_check import check_data

    found = check_data()
    for line in found:
        print(line)
    if found:
        sys.exit(1)
    print("Every data file is in order.")


def _doctor(_options: argparse.Namespace) -> None:
    read = read_settings()
    found = asyncio.run(_examine(read))
    for finding in found:
        print(finding)
    if not all(finding.good for finding in found):
        sys.exit(1)


async def _examine(read: Settings) -> list[Finding]:
    import aiohttp

    from bot.clock import now
    from bot.doctor import Doctor
    from bot.ledger.database import Ledger
    from bot.privacy import open_vault

    if not _has_begun(read):
        raise StartupError(f"{read.var_dir}: nothing is here yet; start Nindy once")
    ledger = Ledger(read.database_url, open_vault(read))
    try:
        async with aiohttp.ClientSession() as session:
            return await Doctor(read, ledger, session, now()).look()
    finally:
        ledger.close()


def _has_begun(read: Settings) -> bool:
    from sqlalchemy.engine import make_url

    at = make_url(read.database_url)
    return at.get_backend_name() != "sqlite" or Path(at.database or "").exists()


def _up(_options: argparse.Namespace) -> None:
    read = read_settings()
    from bot.run import ROLES, run

    _train_if_needed()
    asyncio.run(run(read, ROLES, lambda accounts: _say_addresses(read, accounts)))


def _role(options: argparse.Namespace) -> None:
    read = read_settings()
    from bot.run import run

    def ready(accounts: list[Account]) -> None:
        print(f"nindy {options.role} is up.", flush=True)
        _say_accounts(accounts)

    asyncio.run(run(read, [options.role], ready))


def _match(options: argparse.Namespace) -> None:
    read_settings()
    _train_if_needed()
    from bot.measure import match_lines

    text = options.file.read_text(encoding="utf-8") if options.file else options.text
    for line in match_lines(text.splitlines() or [""]):
        print(line)


def _train_if_needed() -> None:
    from bot.model import PROJECT
    from bot.turn import training

    if not training.model_path(PROJECT).exists():
        _train()


def _train() -> None:
    read_settings()
    print("Training the model ...", flush=True)
    began = time.monotonic()
    from actions.services import read_data
    from bot.model import PROJECT
    from bot.turn import training

    read_data()
    path = training.train(PROJECT)
    print(f"Trained in {time.monotonic() - began:.0f} s: {path.relative_to(PROJECT)}", flush=True)


def _say_addresses(read: Settings, accounts: list[Account]) -> None:
    base = f"http://{read.host}"
    print(
        f"""
Nindy is up. Ctrl-C stops it.
  {base}:{read.sandbox_port}/  the phone: write to Nindy, press buttons, switch faults on
  {base}:{read.edge_port}/  a page with the web chat
  {base}:{read.edge_port}/webhooks/whatsapp  the public edge, where WhatsApp delivers
  {base}:{read.edge_port}/api/  the API of other front doors
  {read.desk_url}/  the agents' desk
""",
        flush=True,
    )
    _say_accounts(accounts)


def _say_accounts(accounts: list[Account]) -> None:
    if accounts:
        print("Accounts of the desk until the next start, for this machine only:")
        for account in accounts:
            print(f"  {account.login:24} {account.password}")
        print(flush=True)
