"""``nindy whatsapp …``: is the account at Meta as Nindy needs it?"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bot import log, settings
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.finding import Finding

_TEMPLATES = Path(__file__).resolve().parents[1] / "data/whatsapp/templates.yml"


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the commands."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    templates = commands.add_parser("templates", help="compare our templates with the account's")
    templates.set_defaults(run=lambda _: _run(everything=False))
    check = commands.add_parser("check", help="look at token, number, webhook and templates")
    check.set_defaults(run=lambda _: _run(everything=True))


def _run(everything: bool) -> None:
    read = settings.load()
    log.configure(read.log_level)
    found = asyncio.run(_look(read, everything))
    for finding in found:
        print(finding)
    if not all(finding.good for finding in found):
        sys.exit(1)


async def _look(read: Settings, everything: bool) -> list[Finding]:
    import aiohttp

    from bot.channels.whatsapp.account import Account
    from bot.channels.whatsapp.checkup import check_account, check_templates
    from bot.templates import Templates

    ours = Templates.load(_TEMPLATES).every
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        token = read.whatsapp_access_token.get_secret_value()
        account = Account(session, read.whatsapp_api_url, token)
        if everything:
            return await check_account(session, read, account, ours)
        return await check_templates(account, read.whatsapp_account_id, ours)
