"""What an accepted message shows on the phone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sandbox.chats import Choice, Content, Section
from sandbox.files import Files
from sandbox.graph_limits import MEDIA
from sandbox.people import Offer, Person


def read_content(body: dict[str, Any], files: Files) -> Content:
    """Turn a checked message into a bubble."""
    kind = body.get("type", "text")
    context = (body.get("context") or {}).get("message_id")
    part = body.get(kind) or {}
    if kind == "text":
        return Content(kind, part["body"], context=context)
    if kind != "interactive":
        caption = part.get("caption") or part.get("filename") if isinstance(part, dict) else None
        file = files.get(part.get("id", "")) if kind in MEDIA else None
        if file is not None and part.get("filename"):
            file = replace(file, name=part["filename"])
        return Content(kind, str(caption or ""), context=context, file=file)
    shape, action, header = part["type"], part["action"], part.get("header") or {}
    parameters = action["parameters"] if shape == "cta_url" else {}
    buttons = action["buttons"] if shape == "button" else []
    sections = action["sections"] if shape == "list" else []
    return Content(
        type=shape,
        text=part["body"]["text"],
        header=header.get("text") or "",
        footer=(part.get("footer") or {}).get("text") or "",
        buttons=tuple(Choice(button["reply"]["id"], button["reply"]["title"]) for button in buttons)
        or _link_button(parameters),
        menu=action["button"] if shape == "list" else "",
        sections=tuple(
            Section(section.get("title") or "", tuple(_row(row) for row in section["rows"]))
            for section in sections
        ),
        context=context,
        url=parameters.get("url") or "",
    )


def _link_button(parameters: dict[str, Any]) -> tuple[Choice, ...]:
    return (Choice("", parameters["display_text"]),) if "display_text" in parameters else ()


def _row(row: dict[str, Any]) -> Choice:
    return Choice(row["id"], row["title"], row.get("description") or "")


def button_kind(content: Content) -> str:
    """Return how a press of a bubble's button is told: a template's has a form of its own."""
    return "button" if content.type == "template" else "button_reply"


def remember_offers(person: Person, content: Content, wamid: str) -> None:
    """Note what may be pressed from now on."""
    for button in content.buttons:
        if button.id:
            person.offer(button.id, Offer(wamid, button_kind(content), button.title))
    for section in content.sections:
        for row in section.rows:
            person.offer(row.id, Offer(wamid, "list_reply", row.title, row.description))
