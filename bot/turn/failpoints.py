"""Named places at which a test may end the process, as ``kill -9`` would.

``NINDY_FAILPOINT=before_commit:3`` ends the process when it comes to ``before_commit`` for the
third time. Without the variable nothing is ever reached.
"""

from __future__ import annotations

import os
import signal

from bot.errors import StartupError


class Failpoints:
    """Counts how often each named place is reached.

    Args:
        setting: ``name:count``, or empty.

    Raises:
        StartupError: There is no such place.
    """

    TURN = (
        "after_claim",
        "after_rasa",
        "before_commit",
        "after_commit",
        "before_send",
        "after_send",
    )
    """On the way of a message."""
    NAMES = (*TURN, "before_deliver", "after_deliver")

    def __init__(self, setting: str = "") -> None:
        self._name, _, count = setting.partition(":")
        if setting and (self._name not in self.NAMES or not (count or "1").isdecimal()):
            raise StartupError(f"NINDY_FAILPOINT: not one of {', '.join(self.NAMES)} with a count")
        self._left = int(count or 1)

    def reach(self, name: str) -> None:
        """End the process here if this is the place and the time."""
        if not self._name or name != self._name:
            return
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
