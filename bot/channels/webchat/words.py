"""What the widget says (``data/webchat``), checked when it is read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.datafile import load, only, take, wrong
from bot.personal.notice import Notice

_FILLED = {
    "launcher_new": "jumlah",
    "characters_left": "jumlah",
    "attach_remove": "nama",
    "attach_uploading": "nama",
    "attach_ready": "nama",
    "attach_download": "nama",
    "agent_name": "nama",
    "held": "nama",
    "new_messages": "jumlah",
    "error_large": "karakter ukuran",
    "error_busy": "detik",
    "error_files": "jumlah",
    "too_long": "jumlah karakter",
}
_PLAIN = (
    *("launcher", "title", "dialog", "log", "close", "back", "menu", "greeting"),
    *(
        "notice_title",
        "notice_accept",
        "notice_decline",
        "placeholder",
        "send",
        "attach",
        "choices",
    ),
    *("choices_more", "you", "nindy", "agent", "held_nobody", "typing_nindy"),
    *("typing_agent", "sending", "sent", "read", "failed", "waiting", "retry", "to_newest"),
    *("today", "yesterday", "unread", "offline", "reconnecting", "online", "transcript", "end"),
    *("new_chat", "forget", "forget_confirm", "forget_yes", "forget_no", "forgotten", "channels"),
    *("rating_question", "rating_1", "rating_2", "rating_3", "rating_4", "rating_5"),
    *("rating_word", "rating_send", "rating_skip", "thanks", "error_token", "error_origin"),
    *("error_invalid", "error_away", "error_type", "error_infected", "error_unknown"),
)
_WIDGET = {**dict.fromkeys(_PLAIN, ""), **_FILLED}
_HOURS = {"open": "", "shut": "buka"}
_TRANSCRIPT = {
    "title": "",
    "made": "saat",
    "user": "",
    "attachment": "nama",
    "choices": "pilihan",
    "file": "",
}


@dataclass(frozen=True)
class ChatWords:
    """Every sentence of the widget, and of what it downloads.

    Attributes:
        widget: By key, as the widget knows them.
        hours: ``open`` and ``shut``.
        transcript: Lines of a downloaded conversation.
        notice_version: Version of the privacy notice.
        notice: The privacy notice.
    """

    widget: dict[str, str]
    hours: dict[str, str]
    transcript: dict[str, str]
    notice_version: str
    notice: str

    @classmethod
    def load(cls, folder: Path) -> ChatWords:
        """Read ``words.yml`` and ``notice.yml``.

        Raises:
            DataError: One is wrong; the message names file, line and remedy.
        """
        words, notice = load(folder / "words.yml"), Notice.load(folder / "notice.yml")
        only(words, ("words", "hours", "transcript"))
        return cls(
            widget=_sentences(take(words, "words", dict), _WIDGET),
            hours=_sentences(take(words, "hours", dict), _HOURS),
            transcript=_sentences(take(words, "transcript", dict), _TRANSCRIPT),
            notice_version=notice.version,
            notice=notice.text,
        )


def _sentences(node: Any, known: dict[str, str]) -> dict[str, str]:
    only(node, known)
    found = {}
    for key, places in known.items():
        text = take(node, key, str).strip()
        wanted = {f"{{{place}}}" for place in places.split()}
        if not text or set(re.findall(r"\{.*?\}", text)) != wanted:
            filled = f"whose placeholders are {' '.join(sorted(wanted))}" if wanted else "without {"
            raise wrong(node, f"write a sentence {filled}", key)
        found[key] = text
    return found
