"""Which of Meta's news about our account somebody should look at."""

from __future__ import annotations

from bot.channels.message import Alarm, Delivery
from bot.channels.whatsapp.delivered import About, Delivered
from bot.channels.whatsapp.errors import ALARMS, ERRORS, Action, action_for

CHANNEL = "whatsapp"
BLOCKING = frozenset(code for code, action in ERRORS.items() if action is Action.ACCOUNT and code)
"""Codes with which nothing of our number is accepted; 0 stands for no code at all."""


def alarms_in(delivered: Delivered) -> tuple[Alarm, ...]:
    """Return the alarms of one webhook body, each once; also of what it says was refused."""
    found = [
        Alarm(CHANNEL, note.word, note.code, note.code in BLOCKING)
        for note in delivered.notes
        if note.about is About.ACCOUNT
    ]
    found += [
        Alarm(CHANNEL, ALARMS[action], status.error_code)
        for status in delivered.statuses
        if status.state is Delivery.FAILED and (action := action_for(status.error_code)) in ALARMS
    ]
    return tuple(dict.fromkeys(found))
