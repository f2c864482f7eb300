"""``nindy faq …``: reads entries and their history, and writes back what the desk published."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from bot.catalogue import Catalogue
from bot.cli.opening import open_ledger
from bot.errors import StartupError
from bot.faq import Bank, history
from bot.faq.export import export
from bot.faq.show import as_data, as_history, as_text

_DATA = Path(__file__).resolve().parents[2] / "data"


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the commands."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    show = commands.add_parser("show", help="print an entry and the unit that answers for it")
    show.add_argument("id", help='as `nindy match` prints it under "faq"')
    show.add_argument("--json", action="store_true", help="as one JSON object")
    show.set_defaults(run=_show)
    past = commands.add_parser("history", help="print every version of an entry")
    past.add_argument("id")
    past.set_defaults(run=_history)
    out = commands.add_parser("export", help="write what the desk published into data/faq")
    out.set_defaults(run=_export)


def _show(options: argparse.Namespace) -> None:
    catalogue, bank = Catalogue(_DATA / "catalogue"), Bank.load(_DATA / "faq")
    if options.id not in bank:
        raise StartupError(f"FAQ entry {options.id} is not known; search data/faq for its id")
    entry = bank.get(options.id)
    if options.json:
        print(json.dumps(as_data(catalogue, entry), ensure_ascii=False, indent=2))
    else:
        print(as_text(bank, catalogue, entry))


def _history(options: argparse.Namespace) -> None:
    bank = Bank.load(_DATA / "faq")
    with open_ledger() as ledger:
        found = ledger.transact(history.read, options.id, bank)
    if found is None:
        raise StartupError(f"FAQ entry {options.id} is known neither here nor at the desk")
    print(as_history(found))


def _export(_options: argparse.Namespace) -> None:
    with open_ledger() as ledger:
        published = ledger.transact(history.published)
    said = export(_DATA / "faq", published)
    for line in said:
        print(line)
    print("Run `nindy check` and `nindy train`." if said else "data/faq is up to date.")
