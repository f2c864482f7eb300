"""``python -m bench``: measures and prints the tables."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path

from bench import (
    ablation,
    bank_size,
    bubbles,
    conversations,
    desk,
    edge,
    growth,
    length,
    machine,
    matching,
    product,
    roles,
    signature,
    stock,
    webchat,
)
from bench.processes import NotStarted, stop_all
from bench.table import Table

TABLES: dict[str, Callable[[bool], Coroutine[None, None, Table]]] = {
    edge.NAME: edge.measure,
    growth.NAME: growth.measure,
    stock.NAME: stock.measure,
    length.NAME: length.measure,
    matching.NAME: matching.measure,
    ablation.NAME: ablation.measure,
    bank_size.NAME: bank_size.measure,
    bubbles.NAME: bubbles.measure,
    desk.NAME: desk.measure,
    conversations.NAME: conversations.measure,
    roles.NAME: roles.measure,
    webchat.NAME: webchat.measure,
    signature.NAME: signature.measure,
}
WITHOUT_MODEL = (desk.NAME, conversations.NAME, signature.NAME)


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small volumes, to try it out")
    parser.add_argument("--only", choices=TABLES, action="append", help="this table (repeatable)")
    parser.add_argument("--markdown", type=Path, help="write the tables into this file, too")
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    written = [machine.line()]
    print(written[0], flush=True)
    failed = False
    for name in options.only or TABLES:
        began, others = time.monotonic(), machine.Others()
        try:
            # The model may have become stale since the last table: data is edited all the time.
            if name not in WITHOUT_MODEL:
                product.train()
            table = asyncio.run(TABLES[name](options.quick))
        except NotStarted as error:
            print(f"\n{name}: not measured: {error}", file=sys.stderr, flush=True)
            failed = True
            continue
        table.notes.append(
            f"Took {time.monotonic() - began:.0f} s, in which other programs kept "
            f"{others.cores():.1f} of the {os.cpu_count()} cores busy."
        )
        if options.quick:
            table.title += " (quick)"
        print(table.text(), flush=True)
        written.append(table.markdown())
    if options.markdown:
        options.markdown.write_text("\n\n".join(written) + "\n", encoding="utf-8")
    sys.exit(int(failed))


def _stop(number: int, _frame: object) -> None:
    stop_all()
    sys.exit(128 + number)


if __name__ == "__main__":
    main()
