"""Keys are rotated while the product runs, and a run that is killed is gone on with."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import aclosing
from pathlib import Path

import pytest
from cryptography.fernet import InvalidToken

from bot.attachments.files import Files
from bot.attachments.sealed import PIECE
from bot.errors import FileLost
from bot.ledger import tables
from bot.ledger.database import Ledger
from bot.personal import reseal
from bot.personal.reseal import sealed_columns
from bot.privacy import Vault, new_key
from tests.filing import PDF, content_of, kept, store
from tests.kit import contents, message, receive, rows
from tests.services.test_ledger_privacy import plant

OLD, NEW = new_key().encode(), new_key().encode()
BEFORE, BOTH, AFTER = Vault([OLD], b"i"), Vault([NEW, OLD], b"i"), Vault([NEW], b"i")
LARGE = PDF + b"\n%" + b"x" * (2 * PIECE)


@pytest.fixture
def planted(ledger: Ledger) -> Ledger:
    """A ledger in which everything is sealed with the old key, while both are known."""
    ledger.vault = BEFORE
    plant(ledger)
    ledger.vault = BOTH
    return ledger


def run(ledger: Ledger, files: Files) -> Counter[str]:
    async def whole() -> Counter[str]:
        found: Counter[str] = Counter()
        async for step in reseal.reseal(ledger, files):
            found["seen"] += step.seen
            found["renewed"] += step.renewed
            found["unreadable"] += step.unreadable
        return +found

    return asyncio.run(whole())


def every_sealed(ledger: Ledger) -> list[bytes]:
    return [
        bytes(row[column.name])
        for table in tables.metadata.tables.values()
        for row in (one._mapping for one in rows(ledger, table))
        for column in sealed_columns(table)
        if row[column.name]
    ]


def test_every_value_and_file_opens_with_the_new_key_alone(planted: Ledger, tmp_path: Path) -> None:
    file = kept(store(tmp_path, BEFORE), LARGE)
    said = [BEFORE.open(sealed) for sealed in every_sealed(planted)]
    assert len(said) > 20
    files = store(tmp_path, BOTH)
    assert run(planted, files) == {"seen": len(said) + 1, "renewed": len(said) + 1}
    assert [AFTER.open(sealed) for sealed in every_sealed(planted)] == said
    assert asyncio.run(content_of(store(tmp_path, AFTER), file.id)) == LARGE
    assert run(planted, files) == {"seen": len(said) + 1}


def test_nothing_but_the_seals_changes(planted: Ledger, tmp_path: Path) -> None:
    before = contents(planted)
    run(planted, store(tmp_path, BOTH))
    after = contents(planted)
    for name, table in tables.metadata.tables.items():
        plain = [i for i, c in enumerate(table.columns) if not c.name.startswith("sealed")]
        kept_before, kept_after = (
            [[row[i] for i in plain] for row in found[name]] for found in (before, after)
        )
        assert kept_before == kept_after, name


def test_what_was_killed_in_the_middle_is_gone_on_with(
    planted: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reseal, "AT_ONCE", 1)
    files, total = store(tmp_path, BOTH), len(every_sealed(planted))

    async def some() -> int:
        done = 0
        async with aclosing(reseal.reseal(planted, files)) as steps:
            async for step in steps:
                done += step.renewed
                if done >= 5:
                    return done
        raise AssertionError("there was less to do")

    done = asyncio.run(some())
    assert run(planted, files)["renewed"] == total - done
    assert all(AFTER.open(sealed) is not None for sealed in every_sealed(planted))


def test_what_somebody_wrote_meanwhile_is_not_written_over(planted: Ledger) -> None:
    table = tables.ticket

    class Slow(Vault):
        def renewed(self, sealed: bytes) -> bytes | None:
            fresh = super().renewed(sealed)
            with_new = table.update().values(sealed_content=AFTER.seal("newer"))
            connection.execute(with_new)
            return fresh

    with planted.engine.begin() as connection:
        step, _ = reseal.renew_some(connection, Slow([NEW, OLD], b"i"), table, None)
    assert step.renewed == 0
    assert AFTER.open(rows(planted, table)[0].sealed_content) == "newer"


def test_what_no_key_opens_is_told_and_left(planted: Ledger, tmp_path: Path) -> None:
    lost = Vault([new_key().encode()], b"i").seal("x")
    with planted.engine.begin() as connection:
        connection.execute(tables.ticket.update().values(sealed_content=lost))
    file = kept(store(tmp_path, Vault([new_key().encode()], b"i")), PDF)
    files = store(tmp_path, BOTH)
    assert run(planted, files)["unreadable"] == 2
    assert bytes(rows(planted, tables.ticket)[0].sealed_content) == lost
    with pytest.raises(FileLost):
        files.renew(file.id)


def test_a_file_that_is_gone_is_no_matter(tmp_path: Path) -> None:
    files = store(tmp_path, BOTH)
    file = kept(files, PDF)
    asyncio.run(files.drop(file.id))
    assert files.renew(file.id) is False
    assert files.every() == []


def test_messages_come_in_while_keys_are_rotated(planted: Ledger, tmp_path: Path) -> None:
    files = store(tmp_path, BOTH)

    async def both() -> None:
        async for _ in reseal.reseal(planted, files):
            number = len(rows(planted, tables.inbox))
            assert receive(planted, message(f"n{number}")) == [True]

    asyncio.run(both())
    for sealed in every_sealed(planted):
        assert AFTER.open(sealed) is not None
    with pytest.raises(InvalidToken):
        BEFORE.open(every_sealed(planted)[0])
