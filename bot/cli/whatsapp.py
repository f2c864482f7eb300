"""``nindy whatsapp …``: is the account at Meta as Nindy needs it?"""

from __future__ import annotations

import argparse
import asyncio
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli.opening import open_ledger, read_settings
from bot.clock import JAKARTA, now
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.finding import Finding

_DATA = Path(__file__).resolve().parents[2] / "data/whatsapp"


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the commands."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    templates = commands.add_parser("templates", help="compare our templates with the account's")
    templates.set_defaults(run=lambda _: _run(everything=False))
    check = commands.add_parser("check", help="look at token, number, webhook and templates")
    check.set_defaults(run=lambda _: _run(everything=True))
    costs = commands.add_parser("costs", help="count a month's messages as Meta charges them")
    costs.add_argument("--month", type=_month, metavar="YYYY-MM", help="else this month")
    costs.set_defaults(run=_costs)


def _costs(options: argparse.Namespace) -> None:
    from bot.ledger import prices

    start = (options.month or now()).astimezone(JAKARTA)
    start = start.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    end = (start + timedelta(days=32)).replace(day=1)
    with open_ledger() as ledger:
        found = ledger.transact(prices.counts, start, end)
    for one in found:
        told = "charged" if one.charged else "free" if one.category else "not told yet"
        print(f"{one.number:8} {one.category or '-':16} {told}")


def _month(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m").replace(tzinfo=JAKARTA)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a month; write YYYY-MM") from None


def _run(everything: bool) -> None:
    found = asyncio.run(_look(read_settings(), everything))
    for finding in found:
        print(finding)
    if not all(finding.good for finding in found):
        sys.exit(1)


async def _look(read: Settings, everything: bool) -> list[Finding]:
    import aiohttp

    from bot.broadcast.texts import BroadcastTexts
    from bot.channels.whatsapp.account import Account
    from bot.channels.whatsapp.checkup import check_account, check_templates
    from bot.templates import Templates

    texts = BroadcastTexts.load(_DATA / "broadcast.yml").every
    ours = [*Templates.load(_DATA / "templates.yml").every, *(one.approved for one in texts)]
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        token = read.whatsapp_access_token.get_secret_value()
        account = Account(session, read.whatsapp_api_url, token)
        if everything:
            return await check_account(session, read, account, ours)
        return await check_templates(account, read.whatsapp_account_id, ours)
