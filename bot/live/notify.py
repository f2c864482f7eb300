"""Tells systemd how this process is (the protocol of ``sd_notify``); elsewhere nobody listens."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket

_BEAT = 5.0
"""Seconds between signs of life; a unit's WatchdogSec must be a few times that."""


def notify(state: str) -> None:
    """Send a state such as ``READY=1`` or ``STOPPING=1``."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, kind) as there:
        there.sendto(state.encode(), "\0" + address[1:] if address[0] == "@" else address)


async def beat() -> None:
    """Give signs of life while the event loop runs, for ever."""
    while True:
        notify("WATCHDOG=1")
        await asyncio.sleep(_BEAT)
