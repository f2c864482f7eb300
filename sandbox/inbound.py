"""What a person sends, in the words of a webhook."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

from sandbox.chats import Content
from sandbox.envelope import DISPLAY_PHONE_NUMBER
from sandbox.files import File
from sandbox.people import Offer, Person

MAX_TEXT = 65_536
MEDIA: dict[str, dict[str, Any]] = {
    "image": {},
    "video": {},
    "audio": {"voice": True},
    "document": {},
    "sticker": {"animated": False},
}
OTHER: dict[str, Any] = {
    "location": {"latitude": -6.1719, "longitude": 106.8262, "name": "Kantor contoh"},
    "contacts": [
        {
            "name": {"first_name": "Agus", "formatted_name": "Agus Contoh"},
            "phones": [{"phone": "+62 800-0000-2222", "type": "MOBILE"}],
        }
    ],
    "unsupported": {"type": "edit"},
}
TYPES = (*MEDIA, *OTHER, "reaction")


def contact(person: Person) -> dict[str, Any]:
    """Return the element of ``contacts[]``."""
    about: dict[str, Any] = {"profile": {"name": person.name}, "user_id": person.user_id}
    if person.hides_phone:
        about["profile"]["username"] = person.id
    else:
        about["wa_id"] = person.phone
    return about


def text_message(text: str) -> tuple[Content, dict[str, Any]]:
    """Words."""
    return Content("text", text), {"type": "text", "text": {"body": text}}


def choice_message(choice_id: str, offer: Offer, title: str) -> tuple[Content, dict[str, Any]]:
    """A pressed button, or a chosen row."""
    if offer.kind == "button":
        content = Content("button", title, context=offer.wamid, choice_id=choice_id)
        return content, {
            "type": "button",
            "context": {"from": DISPLAY_PHONE_NUMBER, "id": offer.wamid},
            "button": {"payload": choice_id, "text": title},
        }
    reply = {"id": choice_id, "title": title}
    if offer.kind == "list_reply" and offer.description:
        reply["description"] = offer.description
    content = Content(offer.kind, title, context=offer.wamid, choice_id=choice_id)
    return content, {
        "type": "interactive",
        "context": {"from": DISPLAY_PHONE_NUMBER, "id": offer.wamid},
        "interactive": {"type": offer.kind, offer.kind: reply},
    }


def other_message(kind: str, emoji: str, target: str) -> tuple[Content, dict[str, Any]]:
    """A place, a contact and so on, or a reaction to `target`."""
    if kind == "reaction":
        part: Any = {"message_id": target, "emoji": emoji or "👍"}
        return Content(kind, part["emoji"], context=target), {"type": kind, kind: part}
    item = {"type": kind, kind: OTHER[kind]}
    if kind == "unsupported":
        title = "Message type unknown"
        item["errors"] = [{"code": 131051, "title": title, "message": title}]
    return Content(kind), item


def file_message(kind: str, caption: str, file: File) -> tuple[Content, dict[str, Any]]:
    """A file."""
    digest = base64.b64encode(file.digest).decode()
    part = {**MEDIA[kind], "mime_type": file.type, "sha256": digest, "id": file.id}
    if kind == "document" and file.name:
        part["filename"] = file.name
    if caption and kind not in ("audio", "sticker"):
        part["caption"] = caption
    return Content(kind, part.get("caption", ""), file=file), {"type": kind, kind: part}


def with_sender(
    item: dict[str, Any], person: Person, wamid: str, sent_at: datetime
) -> dict[str, Any]:
    """Return the element of ``messages[]``."""
    sender = {} if person.hides_phone else {"from": person.phone}
    return {
        **sender,
        "from_user_id": person.user_id,
        "id": wamid,
        "timestamp": str(int(sent_at.timestamp())),
        **item,
    }
