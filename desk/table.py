"""Tables to download, as CSV that spreadsheet programs open without running anything in it."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from aiohttp import web

from bot.clock import JAKARTA

_COMMANDS = ("=", "+", "-", "@")
"""A cell that begins so, or so behind blanks or in full width, may be run by such programs."""


def download(name: str, columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> web.Response:
    """Return a table as a file of this name."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([cell(value) for value in row])
    # The mark at the beginning tells spreadsheet programs that this is UTF-8.
    return web.Response(
        body=("\ufeff" + out.getvalue()).encode(),
        content_type="text/csv",
        charset="utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def cell(value: Any) -> str:
    """Return a value as a cell that no spreadsheet program takes for a formula."""
    if isinstance(value, datetime):
        return value.astimezone(JAKARTA).strftime("%Y-%m-%d %H:%M")
    text = "" if value is None else str(value)
    runs = unicodedata.normalize("NFKC", text).lstrip().startswith(_COMMANDS)
    return f"'{text}" if runs or text[:1] in ("\t", "\r", "\n") else text
