"""``nindy desk user …``: the accounts of the desk. No command ever prints a password."""

from __future__ import annotations

import argparse
import contextlib
import getpass
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from bot import passwords
from bot.catalogue import Catalogue
from bot.cli.opening import open_ledger
from bot.clock import now
from bot.errors import StartupError
from bot.ledger import agents
from bot.ledger.agents import Agent, Role
from bot.ledger.database import Ledger

_CATALOGUE = Path(__file__).resolve().parents[2] / "data/catalogue"

Run = Callable[[argparse.Namespace], None]


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the commands."""
    things = parser.add_subparsers(metavar="THING")
    user = things.add_parser("user", help="accounts")
    commands = user.add_subparsers(required=True, metavar="COMMAND")
    add = commands.add_parser("add", help="make an account; the password is asked for")
    add.add_argument("login", help="3 to 32 of a-z, 0-9, dot, dash and underscore")
    add.add_argument("--name", required=True, help="what colleagues and senders see")
    add.add_argument("--role", required=True, choices=[role.value for role in Role])
    add.add_argument("--unit", default="", help="of the catalogue; for role unit_agent only")
    _password_option(add)
    add.set_defaults(run=_add)
    listing = commands.add_parser("list", help="print all accounts")
    listing.set_defaults(run=_list)
    _one(commands, "disable", "refuse an account and end its sessions", _disable)
    _one(commands, "enable", "let an account in again and lift its lock", _enable)
    _password_option(_one(commands, "password", "set a password and end the sessions", _password))
    _one(commands, "reset-totp", "ask for no code any more, after a phone was lost", _reset_totp)


def _one(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, what: str, run: Run
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=what)
    parser.add_argument("login")
    parser.set_defaults(run=run)
    return parser


def _password_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--password-stdin", action="store_true", help="read the password from standard input"
    )


def _add(options: argparse.Namespace) -> None:
    role = Role(options.role)
    if not agents.login_allowed(options.login):
        raise StartupError(
            f"login {options.login!r}: use 3 to 32 of a-z, 0-9, dot, dash and underscore, not "
            f"beginning with {agents.DEMO!r} or {agents.OIDC!r}"
        )
    if not 0 < len(options.name.strip()) <= 100:
        raise StartupError("--name: use 1 to 100 characters")
    _check_unit(role, options.unit)
    with open_ledger() as ledger:
        kept = _ask(options)
        place = (options.name.strip(), role, options.unit)
        if ledger.transact(agents.add, options.login, *place, kept, now()) is None:
            raise StartupError(f"login {options.login!r} is taken")
    print(f"{options.login} may sign in as {role.value}.")


def _check_unit(role: Role, unit: str) -> None:
    if role is not Role.UNIT_AGENT:
        if unit:
            raise StartupError(f"--unit: only unit_agent has one, not {role.value}")
        return
    units = [unit.name for unit in Catalogue(_CATALOGUE).units]
    if unit not in units:
        raise StartupError(f"--unit: {unit!r} is not one of: " + "; ".join(units))


def _list(_options: argparse.Namespace) -> None:
    with open_ledger() as ledger:
        for agent in ledger.transact(agents.every):
            state = "disabled" if agent.disabled else "active"
            how = "local" + (" + code" if agent.totp else "") if agent.local else "OpenID Connect"
            print(
                f"{agent.login:32} {agent.role.value:18} {state:9} {how:15} {agent.unit}".rstrip()
            )


def _disable(options: argparse.Namespace) -> None:
    with _account(options) as (ledger, agent):
        ledger.transact(agents.disable, agent.id, now())
    print(f"{agent.login} is disabled; its sessions have ended.")


def _enable(options: argparse.Namespace) -> None:
    with _account(options) as (ledger, agent):
        ledger.transact(agents.enable, agent.id, now())
    print(f"{agent.login} may sign in.")


def _password(options: argparse.Namespace) -> None:
    with _account(options) as (ledger, agent):
        if not agent.local:
            raise StartupError(f"{agent.login} signs in through OpenID Connect")
        ledger.transact(agents.set_password, agent.id, _ask(options), now())
    print(f"{agent.login} has a new password; its sessions have ended.")


def _reset_totp(options: argparse.Namespace) -> None:
    with _account(options) as (ledger, agent):
        ledger.transact(agents.reset_totp, agent.id, now())
    print(f"{agent.login} signs in without a code; its sessions have ended.")


def _ask(options: argparse.Namespace) -> str:
    if options.password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        password = getpass.getpass("Password: ")
        if getpass.getpass("Again: ") != password:
            raise StartupError("the two passwords differ")
    else:
        raise StartupError("no terminal to ask for a password; use --password-stdin")
    if not passwords.allowed(password, options.login):
        raise StartupError(
            f"use a password of {passwords.SHORTEST} to {passwords.LONGEST} characters without "
            "the login in it"
        )
    return passwords.hashed(password)


@contextlib.contextmanager
def _account(options: argparse.Namespace) -> Iterator[tuple[Ledger, Agent]]:
    with open_ledger() as ledger:
        agent = ledger.transact(agents.find, options.login)
        if agent is None:
            raise StartupError(f"login {options.login!r} is not known; see `nindy desk user list`")
        yield ledger, agent
