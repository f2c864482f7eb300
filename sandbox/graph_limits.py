"""What Meta refuses: shapes, compulsory members and lengths of an outgoing message."""

from __future__ import annotations

import hmac
from typing import Any
from uuid import uuid4

from aiohttp import web

from sandbox.files import Files

MEDIA = ("image", "video", "audio", "document", "sticker")
INTERACTIVE = ("list", "button", "cta_url", "location_request_message", "request_contact_info")
TITLES = {
    100: "Invalid parameter",
    190: "Invalid OAuth access token",
    130429: "Rate limit hit",
    131000: "Something went wrong",
    131008: "Required parameter is missing",
    131009: "Parameter value is not valid",
    131026: "Message undeliverable",
    131042: "Business eligibility payment issue",
    131047: "Re-engagement message",
    131049: "Message not delivered to maintain healthy ecosystem engagement",
    131050: "User has stopped marketing messages",
    131053: "Media upload error",
    131056: "(Business Account, Consumer Account) pair rate limit hit",
    132000: "Number of parameters does not match the expected number of params",
    132001: "Template name does not exist in the translation",
    132005: "Translated text too long",
    132007: "Template format character policy violated",
    132012: "Parameter format does not match format in the created template",
    132015: "Template is paused",
    132016: "Template is disabled",
}
UPLOADS = {
    **dict.fromkeys(("image/jpeg", "image/png"), 5),
    **dict.fromkeys(("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"), 16),
    **dict.fromkeys(("video/mp4", "video/3gpp"), 16),
    "image/webp": 0.5,
    **dict.fromkeys(("text/plain", "application/pdf"), 100),
    **dict.fromkeys(
        (
            "application/msword",
            "application/vnd.ms-excel",
            "application/vnd.ms-powerpoint",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        ),
        100,
    ),
}
"""Megabytes of each type that may be uploaded."""
UNCHECKED = ("template", "location", "contacts", "reaction")
"""Checked elsewhere (templates) or not at all."""


class Refusal(Exception):
    """An answer with one of Meta's error codes.

    Attributes:
        code: Meta's code.
        status: The HTTP status.
        details: ``error_data.details``: names the member at fault.
    """

    def __init__(self, code: int, details: str, status: int = 400) -> None:
        super().__init__(details)
        self.code = code
        self.status = status
        self.details = details


def check_message(body: dict[str, Any], files: Files) -> None:
    """Check an outgoing message.

    Raises:
        Refusal: With code 100 for a wrong shape, 131009 for a value out of bounds.
    """
    if body.get("messaging_product") != "whatsapp":
        raise Refusal(100, "messaging_product: must be whatsapp")
    given = [name for name in ("to", "recipient") if body.get(name) is not None]
    if not given:
        raise Refusal(100, "to: the parameter to (or recipient) is required")
    for name in given:
        _text(body, name, 256)
    if body.get("recipient_type", "individual") != "individual":
        raise Refusal(131009, "recipient_type: must be individual")
    if body.get("biz_opaque_callback_data") is not None:
        _text(body, "biz_opaque_callback_data", 512)
    if body.get("context") is not None:
        _text(_object(body, "context"), "message_id", 512, "context.")
    kind = body.get("type", "text")
    if kind == "text":
        _text(_object(body, "text"), "body", 4096, "text.")
    elif kind == "interactive":
        _interactive(_object(body, "interactive"))
    elif kind in MEDIA:
        _media(kind, _object(body, kind), files)
    elif kind == "contacts":
        _list(body, "contacts", "", 257)
    elif kind in UNCHECKED:
        _object(body, kind)
    else:
        raise Refusal(100, f"type: {kind!r} is not a message type")


def _interactive(part: dict[str, Any]) -> None:
    kind, at = part.get("type"), "interactive."
    if kind not in INTERACTIVE:
        raise Refusal(100, f"interactive.type: {kind!r} is not an interactive type")
    _text(_object(part, "body", at), "text", 4096 if kind == "list" else 1024, at + "body.")
    if part.get("footer") is not None:
        _text(_object(part, "footer", at), "text", 60, at + "footer.")
    if part.get("header") is not None:
        _header(_object(part, "header", at), kind)
    action = _object(part, "action", at)
    if kind == "list":
        _list_action(action)
    elif kind == "button":
        _button_action(action)
    elif kind == "cta_url":
        parameters = _object(action, "parameters", at + "action.")
        _text(parameters, "display_text", 20, at + "action.parameters.")
        _text(parameters, "url", 2000, at + "action.parameters.")


def _header(header: dict[str, Any], kind: str) -> None:
    form = header.get("type")
    if form == "text":
        _text(header, "text", 60, "interactive.header.")
    elif kind == "list" or form not in ("image", "video", "document"):
        raise Refusal(131009, f"interactive.header.type: {form!r} is not possible here")


def _list_action(action: dict[str, Any]) -> None:
    at = "interactive.action."
    _text(action, "button", 20, at)
    sections = _list(action, "sections", at, 10)
    ids: list[str] = []
    for number, section in enumerate(sections):
        here = f"{at}sections[{number}]."
        if not isinstance(section, dict):
            raise Refusal(100, f"{here[:-1]}: must be an object")
        _text(section, "title", 24, here)
        for position, row in enumerate(_list(section, "rows", here, 10)):
            ids.append(_row(row, f"{here}rows[{position}]."))
    if len(ids) > 10:
        raise Refusal(
            131009, f"{at}sections.rows: {len(ids)} rows; at most 10 in all sections together"
        )
    _unique(ids, at + "sections.rows.id")


def _row(row: Any, at: str) -> str:
    if not isinstance(row, dict):
        raise Refusal(100, f"{at[:-1]}: must be an object")
    _text(row, "title", 24, at)
    if row.get("description") is not None:
        _text(row, "description", 72, at, least=0)
    return _text(row, "id", 200, at)


def _button_action(action: dict[str, Any]) -> None:
    at = "interactive.action."
    ids, titles = [], []
    for position, button in enumerate(_list(action, "buttons", at, 3)):
        here = f"{at}buttons[{position}]."
        if not isinstance(button, dict) or button.get("type") != "reply":
            raise Refusal(100, f"{here}type: must be reply")
        reply = _object(button, "reply", here)
        titles.append(_text(reply, "title", 20, here + "reply."))
        ids.append(_text(reply, "id", 256, here + "reply."))
    _unique(titles, at + "buttons.reply.title")
    _unique(ids, at + "buttons.reply.id")


def check_upload(product: object, kind: object, size: int) -> None:
    """Check a file that is uploaded.

    Raises:
        Refusal: With code 100 for a wrong parameter, 131053 for what is too large.
    """
    if product != "whatsapp":
        raise Refusal(100, "messaging_product: must be whatsapp")
    if kind not in UPLOADS:
        raise Refusal(100, f"file: must be one of the following types: {', '.join(UPLOADS)}")
    if not 0 < size <= UPLOADS[kind] * 1024**2:
        raise Refusal(131053, f"file: {size} bytes; at most {UPLOADS[kind]} MB of {kind}")


def _media(kind: str, part: dict[str, Any], files: Files) -> None:
    if not _is_text(part.get("id")) and not _is_text(part.get("link")):
        raise Refusal(100, f"{kind}: id or link is required")
    if "id" in part:
        file = files.get(part["id"])
        if file is None:
            raise Refusal(131009, f"{kind}.id: no such media")
        if kind not in ("document", "sticker") and not file.type.startswith(f"{kind}/"):
            raise Refusal(131053, f"{kind}.id: media of the type {file.type}")
    if part.get("caption") is not None:
        if kind in ("audio", "sticker"):
            raise Refusal(131009, f"{kind}.caption: there is none for this type")
        _text(part, "caption", 1024, f"{kind}.")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _object(parent: dict[str, Any], name: str, at: str = "") -> dict[str, Any]:
    value = parent.get(name)
    if not isinstance(value, dict):
        raise Refusal(100, f"{at}{name}: the parameter is required and must be an object")
    return value


def _list(parent: dict[str, Any], name: str, at: str, most: int) -> list[Any]:
    value = parent.get(name)
    if not isinstance(value, list):
        raise Refusal(100, f"{at}{name}: the parameter is required and must be a list")
    if not 1 <= len(value) <= most:
        raise Refusal(131009, f"{at}{name}: {len(value)} elements; 1 to {most} are allowed")
    return value


def _text(parent: dict[str, Any], name: str, most: int, at: str = "", least: int = 1) -> str:
    value = parent.get(name)
    if not isinstance(value, str):
        raise Refusal(100, f"{at}{name}: the parameter is required and must be a string")
    if len(value) > most or (least and not value.strip()):
        raise Refusal(131009, f"{at}{name}: {len(value)} characters; {least} to {most} are allowed")
    return value


def _unique(values: list[str], what: str) -> None:
    if len(set(values)) != len(values):
        raise Refusal(131009, f"{what}: must be unique")


def check_token(request: web.Request, token: str) -> None:
    """Refuse a call without the account's token.

    Raises:
        Refusal: With code 190.
    """
    given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
    if not hmac.compare_digest(given, f"Bearer {token}".encode()):
        raise Refusal(190, "The access token could not be decrypted", 401)


def refused(refusal: Refusal) -> web.Response:
    """Say it in Meta's words."""
    error = {
        "message": f"(#{refusal.code}) {TITLES[refusal.code]}",
        "type": "OAuthException",
        "code": refusal.code,
        "error_data": {"messaging_product": "whatsapp", "details": refusal.details},
        "fbtrace_id": uuid4().hex[:12],
    }
    return web.json_response({"error": error}, status=refusal.status)
