"""What people are told about files that they sent."""

from __future__ import annotations

from bot.ledger.attachments import LOST, REJECTED, Attachment
from bot.words import Words

_REFUSED = {
    "empty": "utter_file_kosong",
    "large": "utter_file_besar",
    "type": "utter_file_jenis",
    "unsafe": "utter_file_bahaya",
    "infected": "utter_file_virus",
    "many": "utter_file_banyak",
}


class FileWords:
    """Sentences about files.

    Args:
        words: The sentences of ``domain.yml``.
        largest: Bytes that a file may have.
    """

    def __init__(self, words: Words, largest: int) -> None:
        self._words = words
        self._limit = str(max(largest // 1024**2, 1))

    def refused(self, file: Attachment) -> str:
        """Say why a file is not there; empty for one that is."""
        if file.state == REJECTED:
            return self._words.text(_REFUSED[file.reason], batas=self._limit)
        return self._words.text("utter_file_hilang") if file.state == LOST else ""

    def lost(self) -> str:
        """Say that a file did not come with its message."""
        return self._words.text("utter_file_hilang")

    def received(self, files: list[Attachment], form: str | None) -> str:
        """Say that files are there.

        Args:
            files: They.
            form: The form that is under way.
        """
        if any(file.type.startswith("audio/") for file in files):
            return self._words.text("utter_file_suara")
        if form == "tiket_form":
            return self._words.text("utter_file_ikut_tiket")
        return self._words.text("utter_file_diterima")

    def on_ticket(self, number: str) -> str:
        """Say that files are on a ticket."""
        return self._words.text("utter_file_masuk_tiket", nomor=number)
