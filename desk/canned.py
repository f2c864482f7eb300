"""What the desk reads from ``data/desk``: ready-made replies and help desks outside DJPb."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from bot.datafile import items, load, only, take, wrong

_CODE = re.compile(r"[a-z0-9-]{2,24}")


@dataclass(frozen=True)
class Canned:
    """A ready-made reply.

    Attributes:
        code: What is typed after ``/``.
        text: What is put in; ``{nomor}`` stands for the ticket's number.
    """

    code: str
    text: str

    def filled(self, number: str) -> str:
        """Return the text for a ticket."""
        return self.text.replace("{nomor}", number)


def read_canned(path: Path) -> tuple[Canned, ...]:
    """Read the ready-made replies (``balasan.yml``).

    Raises:
        DataError: One is wrong; the message names file, line and remedy.
    """
    data = load(path)
    only(data, ("replies",))
    found: dict[str, Canned] = {}
    for node in items(data, "replies", dict):
        only(node, ("code", "text"))
        code, text = take(node, "code", str), take(node, "text", str).strip()
        if not _CODE.fullmatch(code):
            raise wrong(node, f"code '{code}'; use 2 to 24 of a-z, 0-9 and dash", "code")
        if code in found:
            raise wrong(node, f"code '{code}' is there already; change one", "code")
        if re.sub(r"\{nomor\}", "", text).count("{") or not text:
            raise wrong(node, "write a text whose only placeholder is {nomor}", "text")
        found[code] = Canned(code, text)
    return tuple(found.values())


def read_outside(path: Path) -> tuple[str, ...]:
    """Read the names of help desks outside DJPb (``tujuan.yml``).

    Raises:
        DataError: The file is wrong; the message names file, line and remedy.
    """
    data = load(path)
    only(data, ("outside",))
    return tuple(items(data, "outside", str))
