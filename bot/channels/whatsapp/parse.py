"""A webhook body of the WhatsApp Cloud API becomes Nindy's own shapes.

Every entry, change, message and status is read on its own, so that one that is broken never
costs another. Nothing raises: what cannot be used becomes a `Note` for the log, since anything
but 200 would make Meta send the same body again for seven days.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime

from bot.channels.message import Delivery, IdentityChange, Inbound, Price, Sender, Status
from bot.channels.whatsapp import contents, news, wire
from bot.channels.whatsapp.delivered import About, Delivered, Note
from bot.channels.whatsapp.errors import Action, action_for
from bot.channels.whatsapp.senders import Contacts, is_user_id, known, told_apart

__all__ = ["CHANNEL", "About", "Delivered", "Note", "parse"]

CHANNEL = "whatsapp"

_STATES = {
    "sent": Delivery.SENT,
    "delivered": Delivery.DELIVERED,
    "read": Delivery.READ,
    "played": Delivery.READ,
    "failed": Delivery.FAILED,
}
_REFUSED = {
    Action.WINDOW: Delivery.SHUT,
    Action.OPTED_OUT: Delivery.UNWANTED,
    Action.ACCOUNT: Delivery.HELD,
    Action.SLOW_NUMBER: Delivery.PUT_OFF,
    Action.SLOW_PERSON: Delivery.PUT_OFF,
    Action.PASSING: Delivery.PUT_OFF,
}
_MOVED = {"user_changed_number", "user_changed_user_id", "customer_changed_number"}
_CALLBACK_LIMIT = 512
_CATEGORY_LIMIT = 16


def parse(body: bytes, phone_number_id: str, received_at: datetime) -> Delivered:
    """Read a webhook body.

    Args:
        body: The raw bytes; their signature has been checked.
        phone_number_id: Our number's id; what is for another number only leaves a note.
        received_at: When it came; stands in for a time that is missing.
    """
    reader = _Reader(phone_number_id, received_at)
    try:
        document = json.loads(body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        reader.note("not_json")
    else:
        reader.document(document)
    return Delivered(
        tuple(reader.messages.values()),
        tuple(reader.statuses.values()),
        tuple(reader.identity.values()),
        tuple(reader.notes),
    )


class _Reader:
    def __init__(self, account: str, received_at: datetime) -> None:
        self._account = account
        self._received_at = received_at
        self.messages: dict[str, Inbound] = {}
        self.statuses: dict[tuple[str, Delivery], Status] = {}
        self.identity: dict[str, IdentityChange] = {}
        self.notes: list[Note] = []

    def note(self, word: str, code: int = 0, about: About = About.ITEM) -> None:
        self.notes.append(Note(about, word, code))

    def document(self, document: object) -> None:
        if not isinstance(document, dict):
            self.note("not_an_object")
        elif document.get("object", "whatsapp_business_account") != "whatsapp_business_account":
            self.note("foreign_object")
        else:
            for entry in self._each(document, "entry"):
                for change in self._each(entry, "changes"):
                    self._change(change)

    def _each(self, parent: wire.Table, key: str) -> Iterator[wire.Table]:
        value = parent.get(key)
        if value is not None and not isinstance(value, list):
            self.note(f"{key}:not_a_list")
        for item in wire.rows(value):
            if isinstance(item, dict):
                yield item
            else:
                self.note(f"{key}:not_an_object")

    def _change(self, change: wire.Table) -> None:
        field, value = wire.word(change.get("field", "messages")), wire.table(change.get("value"))
        if field not in {"messages", "user_id_update"}:
            self.notes.append(news.read(field, value))
            return
        number = wire.identifier(wire.table(value.get("metadata")).get("phone_number_id"))
        if number is None and (value.get("messages") or value.get("statuses")):
            self.note("number_missing")
        elif number not in {None, self._account}:
            self.note("foreign_number")
            return
        contacts = Contacts(value.get("contacts"))
        self._guarded(value, "messages", lambda item: self._message(item, contacts))
        self._guarded(value, "statuses", self._status)
        self._guarded(value, "user_id_update", self._user_id_update)
        about = About.ITEM if value.get("messages") or value.get("statuses") else About.ACCOUNT
        for error in self._each(value, "errors"):
            self.note("errors", wire.number(error.get("code")), about)

    def _guarded(self, value: wire.Table, key: str, read: Callable[[wire.Table], None]) -> None:
        for item in self._each(value, key):
            try:
                read(item)
            except Exception:  # Nesting too deep to hash, or a fault of ours: its neighbours count.
                self.note(f"{key}:unreadable")

    def _message(self, item: wire.Table, contacts: Contacts) -> None:
        external_id = self._id(item, "message")
        content = contents.read(item)
        system = wire.table(item.get("system"))
        if item.get("type") == "system" and wire.word(system.get("type")) in _MOVED:
            self._moved(external_id, item, system)
            return
        sender = contacts.sender(item)
        if not known(sender):
            self.note("message:no_sender")
            return
        if sender.user_id and not is_user_id(sender.user_id):
            self.note("message:odd_sender")
        self.messages.setdefault(
            external_id,
            Inbound(
                channel=CHANNEL,
                account=self._account,
                external_id=external_id,
                sender=sender,
                sent_at=wire.moment(item.get("timestamp"), self._received_at),
                kind=content.kind,
                text=content.text,
                choice_id=content.choice_id,
                reply_to=content.reply_to,
                type=content.type,
                media=content.media,
            ),
        )

    def _moved(self, external_id: str, item: wire.Table, system: wire.Table) -> None:
        at, now = told_apart(item.get("from")), told_apart(system.get("wa_id"))
        if not known(now):
            now = told_apart(system.get("new_wa_id"))
        new = Sender(wire.identifier(system.get("user_id")) or now.user_id, now.phone)
        before = wire.identifier(system.get("previous_user_id"))
        before = before or wire.identifier(item.get("from_user_id")) or at.user_id
        phone = at.phone or told_apart(system.get("customer")).phone
        old = Sender(before if before != new.user_id else None, phone)
        self._identity(external_id, item, old, new)

    def _user_id_update(self, item: wire.Table) -> None:
        ids, person = wire.table(item.get("user_id")), told_apart(item.get("wa_id"))
        old = Sender(wire.identifier(ids.get("previous")), person.phone)
        new = Sender(wire.identifier(ids.get("current")), person.phone)
        self._identity(wire.identifier(item.get("id")) or wire.digest(item), item, old, new)

    def _identity(self, external_id: str, item: wire.Table, old: Sender, new: Sender) -> None:
        if not known(old):
            self.note("identity:old_unknown")
        if not known(old) and not known(new):
            return
        at = wire.moment(item.get("timestamp"), self._received_at)
        change = IdentityChange(CHANNEL, self._account, external_id, old, new, at)
        self.identity.setdefault(external_id, change)

    def _status(self, item: wire.Table) -> None:
        word = wire.word(item.get("status"))
        if word not in _STATES:
            self.note(f"status:{word}")
            return
        state, external_id = _STATES[word], self._id(item, "status")
        codes = [wire.number(wire.table(e).get("code")) for e in wire.rows(item.get("errors"))]
        code = codes[0] if codes and state is Delivery.FAILED else 0
        if code:
            state = _REFUSED.get(action_for(code), state)
        status = Status(
            channel=CHANNEL,
            account=self._account,
            external_id=external_id,
            state=state,
            at=wire.moment(item.get("timestamp"), self._received_at),
            callback=wire.words(item.get("biz_opaque_callback_data"), _CALLBACK_LIMIT) or None,
            error_code=code,
            price=_price(wire.table(item.get("pricing"))),
        )
        self.statuses.setdefault((external_id, state), status)

    def _id(self, item: wire.Table, what: str) -> str:
        given = wire.identifier(item.get("id"))
        if given is None:
            self.note(f"{what}:no_id")
        return given or wire.digest(item)


def _price(told: wire.Table) -> Price | None:
    category = wire.word(told.get("category")).lower()[:_CATEGORY_LIMIT]
    return Price(category, told.get("type") == "regular") if told.get("category") else None
