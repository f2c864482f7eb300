"""Masks what tells who somebody is, where a text is shown.

At the desk until an agent asks to see it; in the summary of a ticket for good.
"""

from __future__ import annotations

import re

from bot.privacy import BETWEEN_DIGITS, mask_email, mask_number

_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+")
_TIME = r"(?:[01]?\d|2[0-3])[.:][0-5]\d(?:[.:][0-5]\d)?"
_DAY, _MONTH, _YEAR = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])", r"(?:19|20)\d\d"
_DATE = rf"(?:{_DAY}([./-]){_MONTH}\2{_YEAR}|{_YEAR}([./-]){_MONTH}\3{_DAY})"
# A ticket's number (a day, a dash, six digits and letters), a sum, a moment or a span of time. No
# further digits may touch one, or it is a piece of a longer number.
_HARMLESS = re.compile(
    rf"(\b\d{{8}}-(?=\d*[A-Z])[A-Z\d]{{6}}\b"
    rf"|(?:(?<!\w)(?:Rp|IDR)[ .]{{0,2}}(?:\d{{1,3}}(?:\.\d{{3}})+|\d{{1,13}})(?:,\d\d)?"
    rf"|(?<!\d)(?<!\d[\s.-])(?:{_DATE}(?:,?\s{_TIME})?"
    rf"|{_TIME}\s?[-–]\s?{_TIME}|{_YEAR}\s?[-–]\s?{_YEAR}))(?!{BETWEEN_DIGITS}\d))",
    re.IGNORECASE,
)
# NIK, NIP, NRP, accounts, phone numbers. The code of a satker has six digits.
_NUMBER = re.compile(rf"\+?\(?\d(?:{BETWEEN_DIGITS}\d){{6,}}")


def veil(text: str) -> str:
    """Mask e-mail addresses and numbers of seven digits or more within a text."""
    shown, end = "", 0
    text = _EMAIL.sub(lambda found: mask_email(found[0]), text)
    for kept in _HARMLESS.finditer(text):
        shown += _numbers_veiled(text[end : kept.start()]) + kept[0]
        end = kept.end()
    return shown + _numbers_veiled(text[end:])


def veil_name(name: str) -> str:
    """Leave the first letter of each part of a name: ``S••• A•••``."""
    return " ".join(f"{part[0]}•••" for part in name.split())


def _numbers_veiled(text: str) -> str:
    return _NUMBER.sub(lambda found: mask_number(re.sub(r"\D", "", found[0])), text)
