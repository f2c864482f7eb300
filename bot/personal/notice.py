"""The privacy notice of a channel: its version, its words, and the periods that they promise."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from bot.datafile import load, only, take, wrong
from bot.personal.periods import Periods

_VERSION = re.compile(r"[\w.-]{1,13}", re.ASCII)


@dataclass(frozen=True)
class Notice:
    """A notice.

    Attributes:
        version: Its version; who was shown another one is shown this one, too.
        text: What it says.
    """

    version: str
    text: str

    @classmethod
    def load(cls, path: Path) -> Notice:
        """Read a ``notice.yml``.

        Raises:
            DataError: It is wrong, or promises other periods than are kept.
        """
        data = load(path)
        only(data, ("version", "promises", "text"))
        version = take(data, "version", str)
        if not _VERSION.fullmatch(version):
            raise wrong(data, "use 1 to 13 letters, digits, dots and dashes", "version")
        promises, periods = take(data, "promises", dict), Periods.load().of
        only(promises, periods)
        for name in promises:
            days = take(promises, name, int)
            if days != periods[name].days:
                problem = (
                    f"promises {days} days and data/privacy/retention.yml says "
                    f"{periods[name].days}: change text, promises and version together"
                )
                raise wrong(promises, problem, name)
        return cls(version, take(data, "text", str).strip())
