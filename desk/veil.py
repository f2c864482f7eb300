"""Masks what tells who somebody is, until an agent asks to see it."""

from __future__ import annotations

import re

from bot.privacy import mask_email, mask_number

_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+")
# NIK, accounts, phone numbers; a ticket's number (a day, a dash, six digits and letters) is none.
_NUMBER = re.compile(r"(\b\d{8}-(?=\d*[A-Z])[A-Z\d]{6}\b)|\+?\d(?:[ .-]?\d){8,}")


def veil(text: str) -> str:
    """Mask e-mail addresses and numbers of nine digits or more within a text."""
    text = _EMAIL.sub(lambda found: mask_email(found[0]), text)
    return _NUMBER.sub(lambda found: found[1] or mask_number(re.sub(r"\D", "", found[0])), text)


def veil_name(name: str) -> str:
    """Leave the first letter of each part of a name: ``S••• A•••``."""
    return " ".join(f"{part[0]}•••" for part in name.split())
