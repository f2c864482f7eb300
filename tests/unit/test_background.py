"""What runs beside the event loop, and what systemd is told."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bot.background import in_daemon
from bot.live import notify
from tests.conftest import PROJECT

ENDS = """
import asyncio, threading
from bot.background import in_daemon

async def main():
    started = threading.Event()
    def work():
        started.set()
        threading.Event().wait()
    task = asyncio.create_task(in_daemon(work))
    await asyncio.to_thread(started.wait)
    task.cancel()

asyncio.run(main())
print("ended")
"""


async def test_it_gives_back_what_the_work_gives_or_raises() -> None:
    assert await in_daemon(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        await in_daemon(lambda: 1 / 0)


def test_a_process_ends_without_waiting_for_it() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", ENDS], cwd=PROJECT, capture_output=True, text=True, timeout=30
    )
    assert (ended.stdout, ended.stderr, ended.returncode) == ("ended\n", "", 0)


async def test_systemd_is_told_and_hears_signs_of_life(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(notify, "_BEAT", 0.001)
    path = str(tmp_path / "notify")
    for address in (path, f"@{path}"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
            systemd.bind("\0" + address[1:] if address[0] == "@" else address)
            systemd.settimeout(10)
            monkeypatch.setenv("NOTIFY_SOCKET", address)
            notify.notify("READY=1")
            assert systemd.recv(64) == b"READY=1"
            beating = asyncio.create_task(notify.beat())
            for _ in range(3):
                assert await asyncio.to_thread(systemd.recv, 64) == b"WATCHDOG=1"
            beating.cancel()
            await asyncio.wait({beating})


@pytest.mark.parametrize("address", ["", "/nowhere/notify"])
def test_nobody_needs_to_listen(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    notify.notify("READY=1")
