"""Collects what the dialogue says in a turn and makes one bubble of it.

WhatsApp bills each message and may show several in another order, so a turn has one bubble:
the texts one below the other, then what may be pressed.
"""

from __future__ import annotations

from typing import Any

from rasa.core.channels.channel import OutputChannel

from bot.channels.message import Choice, Reply


class CollectingOutput(OutputChannel):
    """An output channel that keeps messages; it never raises and never splits."""

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self.messages: list[dict[str, Any]] = []

    def name(self) -> str:
        """Name the channel, so that answers written for it alone can be chosen."""
        return self._channel

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Keep a message."""
        self.messages.append(message)


def merge(messages: list[dict[str, Any]]) -> Reply | None:
    """Make one bubble of all messages of a turn; None when nothing was said.

    Buttons under a text are offered, and those without one only where no text has brought any: a
    question that was put in other words. Those of a text with ``behind`` in its metadata come last
    and stand for no question.
    """
    texts = [text for message in messages if (text := (message.get("text") or "").strip())]
    if not texts:
        return None
    asked, bare, behind = (list[Choice]() for _ in range(3))
    for message in messages:
        last = (message.get("metadata") or {}).get("behind", False)
        offered = behind if last else asked if (message.get("text") or "").strip() else bare
        offered += [
            Choice(button["title"], button["payload"], button.get("description", ""))
            for button in message.get("buttons") or []
        ]
    return Reply("\n\n".join(texts), tuple(dict.fromkeys((asked or bare) + behind)))
