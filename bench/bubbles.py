"""What a conversation costs in bubbles: as the dialogue utters them, and as Nindy sends them.

Run as a program (``python -m bench.bubbles count``) it prints JSON, for the parent to make a table.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from aiohttp.test_utils import TestServer

from bench.child import child
from bench.paths import PROJECT
from bench.table import Table
from bot.datafile import load

NAME = "bubbles"
_DATA = PROJECT / "bench" / "bubbles.yml"
_COLUMNS = (
    "conversation", "messages of the person", "uttered", "uttered, parts", "Nindy",
    "uttered, USD a month", "parts, USD a month", "Nindy, USD a month",
)  # fmt: skip


@dataclass
class Counted:
    """One conversation.

    Attributes:
        name: What happens in it.
        messages: What the person wrote.
        uttered: Messages that the dialogue said.
        parts: The same when each is parted at empty lines, as Rasa's own channels do.
        sent: Bubbles that Nindy sends.
    """

    name: str
    messages: int
    uttered: int = 0
    parts: int = 0
    sent: int = 0


async def measure(quick: bool) -> Table:
    """Let the conversations take place and reckon what they cost."""
    data, found = load(_DATA), await child("bench.bubbles", "count")
    rate, volume = data["rate"], int(data["conversations_a_month"])
    title = f"Bubbles: what a conversation costs, {volume:,} of them a month"
    table = Table(title, _COLUMNS)
    for row in found:
        bubbles = [row[key] for key in ("uttered", "parts", "sent")]
        prices = [
            price(number * volume, float(rate["usd"]), int(rate["free_a_month"]))
            for number in bubbles
        ]
        table.rows.append([row["name"], row["messages"], *bubbles, *prices])
    every = [sum(row[key] for row in found) for key in ("messages", "uttered", "parts", "sent")]
    table.rows.append(["all of them", *every, None, None, None])
    table.notes += [
        "Real turns of the trained dialogue against the sandbox's systems. Uttered: each message "
        "of the dialogue as one bubble. Parts: parted at empty lines too, as Rasa's own channels "
        "do (buttons not counted, which some send one by one). Nindy: one a turn.",
        f"ASSUMED rate: {rate['usd']} USD a delivered bubble beyond {rate['free_a_month']:,} free "
        f"a month ({rate['about']}; {rate['source']}). Bubbles are measured, the money follows.",
    ]
    return table


def price(bubbles: int, usd: float, free: int) -> float:
    """Return what so many bubbles of a month cost."""
    return max(0, bubbles - free) * usd


def parts(messages: list[dict[str, Any]]) -> int:
    """Return how many messages they are on a channel that parts them at empty lines."""
    texts = [str(message.get("text") or "").strip() for message in messages]
    return sum(len(text.split("\n\n")) for text in texts if text)


async def count(folder: Path) -> list[Counted]:
    """Let each conversation take place, each with a person of its own."""
    from bench.turns import room
    from bot.turn import dialogue
    from sandbox.app import create_app

    heard: list[dict[str, Any]] = []
    merge = dialogue.merge

    def overhear(messages: list[dict[str, Any]]) -> Any:
        heard.extend(messages)
        return merge(messages)

    dialogue.merge = overhear
    async with AsyncExitStack() as stack:
        app = create_app(
            webhook_url="http://127.0.0.1:9/",
            app_secret="s",
            access_token="t",
            phone_number_id="1",
        )
        server = await stack.enter_async_context(TestServer(app))
        systems = ("span", "sakti", "digit")
        urls = {f"{name}_url": str(server.make_url(f"/{name}")) for name in systems}
        made = await stack.enter_async_context(room(folder, **urls))
        counted = []
        for person, one in enumerate(load(_DATA)["conversations"], 1):
            heard.clear()
            texts, before = [str(text) for text in one["person"]], len(made.sent)
            for text in texts:
                last = len(heard)
                await made.one(person, text)
            said = " ".join(str(message.get("text") or "") for message in heard[last:])
            if one["ends"] not in said:
                raise RuntimeError(f"{one['name']}: ended with {said!r}")
            uttered = sum(bool((message.get("text") or "").strip()) for message in heard)
            sent = len(made.sent) - before
            counted.append(Counted(one["name"], len(texts), uttered, parts(heard), sent))
        return counted


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.bubbles")
    parser.add_argument("what", choices=("count",))
    parser.add_argument("--output", type=Path, default=Path("/dev/stdout"), help="for the JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nindy-bench-") as name:
        found = asyncio.run(count(Path(name)))
    options.output.write_text(json.dumps([asdict(one) for one in found]))


if __name__ == "__main__":
    main()
