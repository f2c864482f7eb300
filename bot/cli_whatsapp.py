"""``nindy whatsapp …``: is the account at Meta as Nindy needs it?"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable

import aiohttp

from actions.services import TEMPLATES
from bot import log, settings
from bot.channels.whatsapp.account import Account
from bot.channels.whatsapp.checkup import Found, check_account, check_templates
from bot.settings import Settings
from bot.templates import Templates

Check = Callable[[aiohttp.ClientSession, Settings, Account, Templates], Awaitable[list[Found]]]


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the commands."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    listing = commands.add_parser("templates", help="compare our templates with the account's")
    listing.set_defaults(run=lambda _: _run(_templates))
    check = commands.add_parser("check", help="look at token, number, webhook and templates")
    check.set_defaults(run=lambda _: _run(_everything))


async def _templates(
    _session: aiohttp.ClientSession, read: Settings, account: Account, templates: Templates
) -> list[Found]:
    return await check_templates(account, read.whatsapp_account_id, templates.every)


async def _everything(
    session: aiohttp.ClientSession, read: Settings, account: Account, templates: Templates
) -> list[Found]:
    return await check_account(session, read, account, templates.every)


def _run(check: Check) -> None:
    read = settings.load()
    log.configure(read.log_level)
    found = asyncio.run(_ask(check, read, Templates.load(TEMPLATES)))
    for one in found:
        print(one)
    if any(one.mend for one in found):
        sys.exit(1)


async def _ask(check: Check, read: Settings, templates: Templates) -> list[Found]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        token = read.whatsapp_access_token.get_secret_value()
        account = Account(session, read.whatsapp_api_url, token)
        return await check(session, read, account, templates)
