"""The virus scanner: any program that reads a file and answers with its exit code."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shlex
import shutil
from enum import Enum
from typing import IO

from bot.errors import StartupError

log = logging.getLogger(__name__)

SECONDS = 20.0


class Verdict(Enum):
    """What the scanner says of a file."""

    CLEAN = "clean"
    INFECTED = "infected"
    LATER = "later"
    """Nobody knows yet: the scanner is away, or did not finish."""


class Scanner:
    """Asks a program about files.

    Args:
        command: The program with its arguments, as for a shell (which is not used). It reads the
            file from its standard input and ends with 0 for clean, 1 for infected, and anything
            else when it cannot tell, as ``clamdscan --no-summary -`` does.
        seconds: How long it may take.

    Raises:
        StartupError: There is no such program.
    """

    def __init__(self, command: str, seconds: float = SECONDS) -> None:
        try:
            self._command = shlex.split(command)
        except ValueError:
            raise StartupError("NINDY_SCAN_COMMAND: a quote is not closed") from None
        self._seconds = seconds
        if not self._command or shutil.which(self._command[0]) is None:
            raise StartupError("NINDY_SCAN_COMMAND: no such program; give its whole path")

    async def scan(self, file: IO[bytes]) -> Verdict:
        """Judge a file from its beginning."""
        file.seek(0)
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=file,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                # Our own settings hold secrets.
                env={"PATH": os.environ.get("PATH", os.defpath)},
            )
        except OSError as error:
            log.warning("scanner cannot be started: %s", error.strerror)
            return Verdict.LATER
        try:
            code = await asyncio.wait_for(process.wait(), self._seconds)
        except asyncio.TimeoutError:
            log.warning("scanner took too long")
            return Verdict.LATER
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if code not in (0, 1):
            log.warning("scanner ended with code %d", code)
        return {0: Verdict.CLEAN, 1: Verdict.INFECTED}.get(code, Verdict.LATER)
