"""Owners that die are noticed, and wake-ups wake."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.errors import StartupError
from bot.live.owner import Owner
from bot.live.wake import Wake
from tests.conftest import PROJECT

CHILD = """
import sys
from pathlib import Path
from bot.live.owner import Owner
owner = Owner(Path(sys.argv[1]))
print(owner.name, flush=True)
sys.stdin.readline()
"""


def test_a_killed_process_is_dead_and_a_living_one_is_not(tmp_path: Path) -> None:
    mine = Owner(tmp_path)
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path)],
        cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdout is not None
    name = child.stdout.readline().strip()
    assert mine.dead([name, mine.name]) == []
    child.kill()
    child.communicate(timeout=30)
    assert mine.dead([name, mine.name]) == [name]
    assert mine.dead([name]) == [name]
    mine.close()


def test_a_closed_owner_is_dead(tmp_path: Path) -> None:
    mine, other = Owner(tmp_path), Owner(tmp_path)
    assert mine.dead([other.name]) == []
    other.close()
    assert mine.dead([other.name]) == [other.name]
    mine.close()
    assert list(tmp_path.iterdir()) == []


def test_only_who_shares_the_folder_is_declared_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, elsewhere = Owner(tmp_path / "a"), Owner(tmp_path / "b")
    monkeypatch.setattr("socket.gethostname", lambda: "a-very-long-name-of-a-pod-that-ends-in-1")
    first = Owner(tmp_path / "a")
    monkeypatch.setattr("socket.gethostname", lambda: "a-very-long-name-of-a-pod-that-ends-in-2")
    second = Owner(tmp_path / "a")
    for owner in (elsewhere, first, second):
        owner.close()
    assert mine.dead([elsewhere.name, first.name, "other:1:2", ""]) == []
    assert second.dead([first.name]) == []
    assert max(len(owner.name) for owner in (mine, first, second)) <= 64
    mine.close()


def test_containers_with_the_same_path_and_host_name_do_not_share_a_folder(
    tmp_path: Path,
) -> None:
    # A volume each, mounted at the same path; here one is moved out of the way of the other.
    mine = Owner(tmp_path / "running")
    (tmp_path / "running").rename(tmp_path / "of another container")
    other = Owner(tmp_path / "running")
    assert other.dead([mine.name]) == []
    other.close()


def test_a_lock_file_that_cannot_be_opened_proves_no_death(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other = Owner(tmp_path), Owner(tmp_path)

    def refuse(*_args: object, **_more: object) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(Path, "open", refuse)
    assert mine.dead([other.name]) == []
    monkeypatch.undo()
    mine.close()
    other.close()


@pytest.mark.skipif(os.name != "posix", reason="locks of POSIX")
def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartupError, match="file"):
        Owner(tmp_path / "file" / "x")


async def test_a_ring_before_the_wait_is_heard_once() -> None:
    wake = Wake()
    wake.ring("inbox")
    wake.ring("inbox")
    await asyncio.wait_for(wake.wait("inbox", 60), 5)
    waiting = asyncio.create_task(wake.wait("inbox", 60))
    wake.ring("outbox")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not waiting.done()
    wake.ring("inbox")
    await asyncio.wait_for(waiting, 5)


async def test_everybody_who_waits_is_woken() -> None:
    wake = Wake()
    waiting = [asyncio.create_task(wake.wait("inbox", 60)) for _ in range(3)]
    await asyncio.sleep(0)
    wake.ring("inbox")
    await asyncio.wait_for(asyncio.gather(*waiting), 5)


async def test_a_wait_ends_without_a_ring() -> None:
    await asyncio.wait_for(Wake().wait("inbox", 0.001), 5)


async def test_every_ear_hears_each_ring_also_one_that_came_before_it_listened() -> None:
    wake = Wake()
    first, second = wake.ear("inbox", "outbox"), wake.ear("outbox")
    wake.ring("outbox")
    for ear in (first, second):
        await asyncio.wait_for(ear.wait(60), 5)
    await asyncio.wait_for(wake.wait("outbox", 60), 5)
    wake.ring("inbox")
    await asyncio.wait_for(first.wait(60), 5)
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(second.wait(60), 0.05)
