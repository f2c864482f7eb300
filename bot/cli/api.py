"""``nindy api …``: the programs that use the API. A secret is printed once, when it is made."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Callable, Iterator

from bot.api import addresses
from bot.api.door import PREFIX
from bot.cli.opening import open_ledger, read_settings
from bot.clock import now
from bot.errors import StartupError
from bot.ledger import api_clients, deliveries, migrate, subscribers
from bot.ledger.api_clients import Client, Scope
from bot.ledger.database import Ledger
from bot.settings import Settings

Run = Callable[[argparse.Namespace], None]


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the commands."""
    things = parser.add_subparsers(required=True, metavar="THING")
    client = things.add_parser("client", help="programs that use the API")
    commands = client.add_subparsers(required=True, metavar="COMMAND")
    add = _one(commands, "add", "let a program in and print its secrets, once", _add)
    add.add_argument("--name", required=True, help="what agents see")
    add.add_argument(
        "--scope",
        action="append",
        required=True,
        choices=[scope.value for scope in Scope],
        help="what it may do; several times for several",
    )
    add.add_argument("--webhook", default="", metavar="URL", help="where its events go")
    change = _one(commands, "change", "give a program other scopes or another webhook", _change)
    change.add_argument(
        "--scope",
        action="append",
        choices=[scope.value for scope in Scope],
        help="all that it may do from now on; as before when left out",
    )
    change.add_argument("--webhook", default="", metavar="URL", help="where its events go")
    listing = commands.add_parser("list", help="print all programs")
    listing.set_defaults(run=_list)
    _one(commands, "disable", "refuse a program from now on", _disable)
    _one(commands, "enable", "let a program in again", _enable)
    rotate = _one(commands, "rotate", "make another secret; the old one is good for a day", _rotate)
    rotate.add_argument("--webhook", action="store_true", help="the one that signs its events")
    rotate.add_argument("--at-once", action="store_true", help="end the old secret now")
    sent = things.add_parser("deliveries", help="count the events that wait or were given up")
    sent.add_argument("--again", metavar="ID", help="try those of a program again (or of the crm)")
    sent.set_defaults(run=_deliveries)


def _one(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, what: str, run: Run
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=what)
    parser.add_argument("id", help="3 to 32 of a-z, 0-9 and dash")
    parser.set_defaults(run=run)
    return parser


def _add(options: argparse.Namespace) -> None:
    if not api_clients.id_allowed(options.id):
        raise StartupError(
            f"id {options.id!r}: use 3 to 32 of a-z, 0-9 and dash, and not {subscribers.CRM!r}"
        )
    if not 0 < len(options.name.strip()) <= 100:
        raise StartupError("--name: use 1 to 100 characters")
    read = read_settings()
    _check_webhook(options, read)
    scopes = frozenset(Scope(scope) for scope in options.scope)
    with migrate.opened(read) as ledger:
        about = (options.id, options.name.strip(), scopes, options.webhook)
        made = ledger.transact(api_clients.add, *about, now())
    if made is None:
        raise StartupError(f"id {options.id!r} is taken")
    _print_secret(options.id, made[0])
    if made[1]:
        print(f"signing secret   {made[1]}")
    print("They are not shown again.")


def _change(options: argparse.Namespace) -> None:
    _check_webhook(options, read_settings())
    with _client(options) as (ledger, client):
        scopes = frozenset(Scope(scope) for scope in options.scope or client.scopes)
        url = options.webhook or client.url
        signing = ledger.transact(api_clients.change, client.id, scopes, url, now())
    print(f"{client.id} is changed.")
    if signing:
        print(f"signing secret   {signing}\nIt is not shown again.")


def _check_webhook(options: argparse.Namespace, read: Settings) -> None:
    if options.webhook and (wrong := addresses.problem(options.webhook, read.reachable)):
        raise StartupError(f"--webhook: {wrong}")


def _print_secret(id: str, secret: str) -> None:
    print(f"client_id        {id}")
    print(f"client_secret    {secret}")
    print(f"or as API key    {PREFIX}{id}_{secret}")


def _list(_options: argparse.Namespace) -> None:
    with open_ledger() as ledger:
        for one in ledger.transact(api_clients.every):
            state = "disabled" if one.disabled else "active"
            scopes = ",".join(sorted(scope.value for scope in one.scopes))
            print(f"{one.id:32} {state:9} {scopes:40} {one.url or '-'}  {one.name}")


def _disable(options: argparse.Namespace) -> None:
    with _client(options) as (ledger, client):
        ledger.transact(api_clients.set_disabled, client.id, True, now())
    print(f"{client.id} is refused from now on.")


def _enable(options: argparse.Namespace) -> None:
    with _client(options) as (ledger, client):
        ledger.transact(api_clients.set_disabled, client.id, False, now())
    print(f"{client.id} is let in.")


def _rotate(options: argparse.Namespace) -> None:
    keep = not options.at_once
    with _client(options) as (ledger, client):
        if options.webhook:
            if not client.url:
                raise StartupError(f"{client.id} has no webhook")
            print(f"signing secret   {ledger.transact(subscribers.rotate, client.id, keep, now())}")
        else:
            secret = ledger.transact(api_clients.rotate, client.id, keep, now())
            _print_secret(client.id, secret)
    print("It is not shown again. " + ("The old one is good for 24 hours." if keep else ""))


def _deliveries(options: argparse.Namespace) -> None:
    with open_ledger() as ledger:
        if options.again:
            number = ledger.transact(deliveries.revive, options.again, now())
            print(f"{number} events of {options.again} are tried again.")
        for (who, state), number in sorted(ledger.transact(deliveries.counts).items()):
            print(f"{who:32} {state:5} {number}")


@contextlib.contextmanager
def _client(options: argparse.Namespace) -> Iterator[tuple[Ledger, Client]]:
    with open_ledger() as ledger:
        client = ledger.transact(api_clients.find, options.id)
        if client is None:
            raise StartupError(f"id {options.id!r} is not known; see `nindy api client list`")
        yield ledger, client
