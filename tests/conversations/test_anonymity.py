"""A whole complaint without a name, told to the real dialogue: what is left, and where."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.ledger import confidence, tables
from tests.conversations.stage import Stage, stage
from tests.kit import rows

pytestmark = pytest.mark.rasa

STORY = "Kepala seksi selalu minta dibelikan makan siang oleh rekanan"
DETAIL = "Ruang rapat lantai tiga, tiap Jumat"
ADDED = "Kejadiannya terulang lagi tadi siang"
ANSWER = "Mohon sebutkan kantornya."


def opened(play: Stage) -> dict[str, list[str]]:
    """Every row of every table with its seals opened."""
    vault, found = play.ledger.vault, {}
    for name, table in tables.metadata.tables.items():
        found[name] = [
            repr({
                column: vault.open(value) if column.startswith("sealed") and value else value
                for column, value in row._mapping.items()
            })
            for row in rows(play.ledger, table)
        ]  # fmt: skip
    return found


async def test_nothing_of_it_is_left_beside_who_told_it(
    tmp_path: Path, dialogue: Any, executor: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with stage(tmp_path, dialogue, executor, datetime(2026, 11, 23, 9)) as play:
        for words in ("mau lapor pegawai", "ya", STORY, DETAIL, "tanpa nama"):
            await play.say(words)
        told = (await play.press("Kirim pengaduan")).text
        number = re.search(r"\d{8}-[0-9A-Z]{6}", told)
        code = re.search(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){4}", told)
        assert number is not None and code is not None
        await play.desk("reply", number[0], text=ANSWER)
        assert ANSWER in (await play.say(f"lacak tiket {code[0].lower()}")).text
        await play.press("Tambah pesan")
        await play.say(ADDED)
        await play.say(f"lacak tiket {number[0]}")
        await play.say("terima kasih")

        play.ledger.transact(confidence.finish_erasing, play.clock() + timedelta(minutes=1))
        found = opened(play)
        secrets = (STORY, DETAIL, ADDED, ANSWER, number[0], code[0], code[0].lower())
        ours = {"ticket", "ticket_event"}
        for secret in secrets:
            where = {name for name, lines in found.items() if any(secret in x for x in lines)}
            assert where <= ours, f"{secret} is left in {where - ours}"
        assert any(STORY in line for line in found["ticket"])
        assert any(ADDED in line for line in found["ticket_event"])
        (ticket,) = rows(play.ledger, tables.ticket)
        talk = {row.conversation_id for row in rows(play.ledger, tables.inbox)}
        assert len(talk) == 1 and ticket.conversation_id not in talk
        assert not any(secret in caplog.text for secret in secrets)
