"""The open connections of an engine, to break them off when the process must end."""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine


class Connections:
    """Knows every connection from its opening to its end.

    Args:
        engine: Whose they are.
    """

    def __init__(self, engine: Engine) -> None:
        self.broken_off = False
        """Whether nothing may wait for the database any more."""
        self._open: set[Any] = set()
        self._already_closed = (engine.dialect.dbapi.Error, OSError)
        sa.event.listen(engine, "connect", self._opened)
        sa.event.listen(engine, "close", self._closed)

    def break_off(self) -> None:
        """Let whatever runs or waits on a connection fail at once; what it began is undone."""
        self.broken_off = True
        for raw in list(self._open):
            self._break_off(raw)

    def _opened(self, raw: Any, _record: Any) -> None:
        self._open.add(raw)
        if self.broken_off:
            self._break_off(raw)

    def _closed(self, raw: Any, _record: Any) -> None:
        self._open.discard(raw)

    def _break_off(self, raw: Any) -> None:
        with contextlib.suppress(*self._already_closed):
            if isinstance(raw, sqlite3.Connection):
                raw.interrupt()
                return
            # Not psycopg2's `cancel`: it would ask a server that may not answer, and wait for it.
            with socket.socket(fileno=os.dup(raw.fileno())) as its:
                its.shutdown(socket.SHUT_RDWR)
