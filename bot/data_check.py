"""Reads every data file and tells what should be mended soon (`nindy check`)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from actions import services as action_services
from bot import name_check, phrase_check
from bot.catalogue import Catalogue
from bot.channels.webchat.words import ChatWords
from bot.clock import JAKARTA, now
from bot.datafile import read_once
from bot.faq import check as faq_check
from bot.personal.notice import Notice
from desk.canned import read_canned, read_outside

PROJECT = Path(__file__).resolve().parents[1]


def check_data() -> list[str]:
    """Read every data file and return what should be mended soon, a line each.

    Raises:
        StartupError: A file is wrong, or the calendar does not reach far enough.
    """
    with read_once():
        return _found(now().astimezone(JAKARTA).date())


def _found(today: date) -> list[str]:
    calendar = action_services.read_data()
    warnings = [f"{calendar.folder}: {line}" for line in calendar.check(today)]
    read_canned(PROJECT / "data/desk/balasan.yml")
    read_outside(PROJECT / "data/desk/tujuan.yml")
    ChatWords.load(PROJECT / "data/webchat")
    Notice.load(PROJECT / "data/whatsapp/notice.yml")
    faq = PROJECT / "data/faq"
    catalogue = Catalogue(PROJECT / "data/catalogue")
    buttons = faq_check.categories(PROJECT / "domain.yml")
    return [
        *warnings,
        *faq_check.problems(faq, today, catalogue, buttons),
        *phrase_check.problems(PROJECT / "data"),
        *name_check.problems(faq, PROJECT / "domain.yml", catalogue),
    ]
