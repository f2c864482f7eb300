"""Who a message is from: the business-scoped user id, the phone number and the name.

The two ids are told apart by their form wherever they stand, because some senders of webhooks
put the user id into ``from`` and ``wa_id``. A phone number is never guessed from anything else.
"""

from __future__ import annotations

import re

from bot.channels.message import Sender
from bot.channels.whatsapp import wire

_USER_ID = re.compile(r"[A-Z]{2}\.")
_PHONE = re.compile(r"\+?([0-9]{1,20})")
_NAME_LIMIT = 128


def told_apart(value: object) -> Sender:
    """Read an id of unknown form.

    Something that is neither a phone number nor a user id is kept as a user id: an odd sender
    is better than a lost message.
    """
    given = wire.identifier(value)
    if given is None:
        return Sender()
    if not _USER_ID.match(given):
        phone = _PHONE.fullmatch(re.sub(r"[ ()-]", "", given))
        if phone:
            return Sender(phone=phone[1])
    return Sender(user_id=given)


def known(sender: Sender) -> bool:
    """Whether there is anything to find the person by."""
    return bool(sender.user_id or sender.phone)


class Contacts:
    """The ``contacts`` that came along with messages, found by id and never by position."""

    def __init__(self, value: object) -> None:
        self._all = [_contact(wire.table(item)) for item in wire.rows(value)]

    def sender(self, message: wire.Table) -> Sender:
        """Return the sender of a message; nothing in it when the message does not tell."""
        given = told_apart(message.get("from"))
        odd = given.user_id is not None and not is_user_id(given.user_id)
        user_id = wire.identifier(message.get("from_user_id"))
        user_id = user_id or (None if odd else given.user_id)
        contact = self._find(user_id, given.phone)
        return Sender(
            user_id or contact.user_id or (None if contact.phone else given.user_id),
            given.phone or contact.phone,
            contact.name,
        )

    def _find(self, user_id: str | None, phone: str | None) -> Sender:
        for contact in self._all:
            if user_id is not None and contact.user_id == user_id:
                return contact
        for contact in self._all:
            if phone is not None and contact.phone == phone:
                return contact
        # One contact and a message that names nobody: it can only be theirs.
        nameless = user_id is None and phone is None
        return self._all[0] if nameless and len(self._all) == 1 else Sender()


def is_user_id(value: str) -> bool:
    """Whether an id has the form of a business-scoped user id."""
    return bool(_USER_ID.match(value))


def _contact(item: wire.Table) -> Sender:
    given = told_apart(item.get("wa_id"))
    name = wire.line(wire.table(item.get("profile")).get("name"), _NAME_LIMIT)
    user_id = wire.identifier(item.get("user_id")) or given.user_id
    return Sender(user_id, given.phone, name or None)
