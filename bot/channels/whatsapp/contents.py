"""What one WhatsApp message says, whatever its type."""

from __future__ import annotations

from dataclasses import dataclass

from bot.channels.message import Kind, Media
from bot.channels.whatsapp import wire

_MEDIA = {"image", "document", "video", "audio", "voice"}
_NAME_LIMIT = 240
_DIGEST_LIMIT = 100
_PRESSED = {"button_reply", "list_reply"}
_SHARED_LIMIT = 1_000
_UNSAID = {"keep_in_chat", "pin", "poll_update", "reaction"}
"""Unsupported ones that are no message of a person."""


@dataclass(frozen=True)
class Content:
    """The part of an inbound message that depends on its type.

    Attributes:
        kind: What was sent.
        type: The provider's word, with the inner one after a colon where there is one
            (``interactive:list_reply``, ``unsupported:edit``).
        text: The words; a caption, a pressed title, a reaction's emoji, what was shared.
        choice_id: The id of what was pressed.
        reply_to: The provider's id of the message this one is about.
        media: The file that it brings; Meta sends none of those that it finds too large.
    """

    kind: Kind
    type: str
    text: str = ""
    choice_id: str | None = None
    reply_to: str | None = None
    media: Media | None = None


def read(message: wire.Table) -> Content:
    """Read the content of one element of ``messages``."""
    name = wire.word(message.get("type"))
    part = wire.table(message.get(name))
    about = wire.identifier(wire.table(message.get("context")).get("id"))
    if name in _MEDIA:
        caption = wire.words(part.get("caption"))
        return Content(Kind.MEDIA, name, caption, reply_to=about, media=_media(part))
    match name:
        case "text":
            text = wire.words(part.get("body"))
            return Content(Kind.TEXT if text.strip() else Kind.OTHER, name, text, reply_to=about)
        case "interactive":
            return _interactive(part, about)
        case "button":
            return _pressed(name, part.get("text"), part.get("payload"), about)
        case "reaction":
            target = wire.identifier(part.get("message_id"))
            return Content(Kind.SILENT, name, wire.words(part.get("emoji"), 64), reply_to=target)
        case "system":
            return Content(Kind.SILENT, _inner(name, part), reply_to=about)
        case "revoke":
            target = wire.identifier(part.get("original_message_id"))
            return Content(Kind.SILENT, name, reply_to=target)
        case "edit":
            return _edited(name, part)
        case "unsupported":
            unsaid = wire.word(part.get("type")) in _UNSAID
            kind = Kind.SILENT if unsaid else Kind.OTHER
            return Content(kind, _inner(name, part), reply_to=about)
        case "location":
            return Content(Kind.OTHER, name, _place(part), reply_to=about)
        case "contacts":
            people = wire.words("\n".join(map(_person, wire.rows(message.get(name)))))
            return Content(Kind.OTHER, name, people[:_SHARED_LIMIT], reply_to=about)
        case "order":
            return Content(Kind.OTHER, name, wire.words(part.get("text")), reply_to=about)
    empty = name == "missing" or (not part and message.get("errors"))
    return Content(Kind.SILENT if empty else Kind.OTHER, name, reply_to=about)


def _place(part: wire.Table) -> str:
    said = [wire.line(part.get(key), _SHARED_LIMIT) for key in ("name", "address")]
    at = [part.get(key) for key in ("latitude", "longitude")]
    if all(isinstance(one, (int, float)) and abs(one) <= 180 for one in at):
        said.append(f"{at[0]}, {at[1]}")
    return "\n".join(filter(None, said))


def _person(card: object) -> str:
    told = wire.table(card)
    name = wire.line(wire.table(told.get("name")).get("formatted_name"), _NAME_LIMIT)
    numbers = [wire.table(one).get("phone") for one in wire.rows(told.get("phones"))]
    listed = ", ".join(filter(None, (wire.line(one, _NAME_LIMIT) for one in numbers)))
    return ": ".join(filter(None, (name, listed)))


def _media(part: wire.Table) -> Media | None:
    given = wire.identifier(part.get("id"))
    if given is None:
        return None
    name = wire.line(part.get("filename"), _NAME_LIMIT)
    return Media(given, name, wire.line(part.get("sha256"), _DIGEST_LIMIT))


def _interactive(part: wire.Table, about: str | None) -> Content:
    inner, full = wire.word(part.get("type")), _inner("interactive", part)
    if inner in _PRESSED:
        answer = wire.table(part.get(inner))
        return _pressed(full, answer.get("title"), answer.get("id"), about)
    return Content(Kind.OTHER, full, reply_to=about)


def _pressed(name: str, title: object, choice_id: object, about: str | None) -> Content:
    text, chosen = wire.words(title), wire.identifier(choice_id)
    kind = Kind.CHOICE if text or chosen else Kind.OTHER
    return Content(kind, name, text, chosen, about)


def _edited(name: str, part: wire.Table) -> Content:
    new = wire.table(part.get("message"))
    said = wire.table(new.get(wire.word(new.get("type"))))
    text = wire.words(said.get("body")) or wire.words(said.get("caption"))
    return Content(
        Kind.OTHER, name, text, reply_to=wire.identifier(part.get("original_message_id"))
    )


def _inner(name: str, part: wire.Table) -> str:
    return f"{name}:{wire.word(part['type'])}" if part.get("type") else name
