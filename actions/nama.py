"""Asks for a name, which may sound like a service and like a word for the form itself."""

from __future__ import annotations

from actions import choices, sayings
from actions.base import Turn
from actions.questions import Ask, Misread


class AskNama(Ask):
    """Asks who somebody is."""

    def take(self, text: str) -> str:
        """Parse the name; a word for the form itself is none."""
        return super().take("" if sayings.is_saying(text, "no_value") else text)

    def is_plain_answer(self, turn: Turn) -> bool:
        """Say whether it is a name, written as one or said as one: "Sakti Wibowo", "saya Siti"."""
        words = sayings.words(turn.text)
        names_service = choices.find("layanan", turn.text) is not None
        written = len(words) > 1 and turn.text.istitle() and not names_service
        if not (written or sayings.begins(turn.text, "intro")):
            return False
        wished = any(sayings.begins(" ".join(words[at:]), "wish") for at in range(len(words)))
        try:
            return bool(not wished and self.take(turn.text))
        except Misread:
            return False
