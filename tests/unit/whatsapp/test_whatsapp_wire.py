"""The schema of what we send: takes each shape of the reference, and refuses what Meta refuses."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.channels.message import Sender
from bot.channels.whatsapp.client import GraphClient
from tests import wire

Body = dict[str, Any]


def interactive(kind: str, action: Body, **more: Any) -> Body:
    part = {"type": kind, "body": {"text": "Isi"}, "action": action, **more}
    return wire.message({"type": "interactive", "interactive": part})


def rows(number: int, **more: str) -> list[Body]:
    return [{"id": f"n1:{n}", "title": f"Baris {n}", **more} for n in range(number)]


def listing(number: int) -> Body:
    sections = [{"title": "Layanan", "rows": rows(number)}]
    return interactive("list", {"button": "Pilih", "sections": sections})


def buttons(*titles: str) -> Body:
    made = [
        {"type": "reply", "reply": {"id": f"n1:{n}", "title": title}}
        for n, title in enumerate(titles)
    ]
    return interactive("button", {"buttons": made})


def template(*components: Body) -> Body:
    part: Body = {"name": "ticket_answered", "language": {"code": "id"}}
    return wire.message({"type": "template", "template": {**part, "components": list(components)}})


def filled(text: str) -> Body:
    parameter = {"type": "text", "parameter_name": "ticket", "text": text}
    return {"type": "body", "parameters": [parameter]}


PRESS = {
    "type": "button",
    "sub_type": "quick_reply",
    "index": 0,
    "parameters": [{"type": "payload", "payload": "n1:open:42"}],
}
MARK: Body = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.IN"}
URL = {"display_text": "Panduan", "url": "https://example.go.id/panduan"}
SHAPES: dict[str, Body] = {
    "text": wire.message({"type": "text", "text": {"preview_url": False, "body": "Halo"}}),
    "list": listing(10),
    "buttons": buttons("Ya", "Tidak", "Menu"),
    "cta_url": interactive("cta_url", {"name": "cta_url", "parameters": URL}),
    "location": interactive("location_request_message", {"name": "send_location"}),
    "contact": interactive("request_contact_info", {"name": "request_contact_info"}),
    "image": wire.message({"type": "image", "image": {"id": "103", "caption": "Begini"}}),
    "document": wire.message(
        {"type": "document", "document": {"id": "103", "filename": "a.pdf", "caption": "Ini"}}
    ),
    "template": template(filled("NDY-42"), PRESS),
    "reaction": wire.message(
        {"type": "reaction", "reaction": {"message_id": "wamid.IN", "emoji": "✅"}}
    ),
    "read": MARK,
    "typing": {**MARK, "typing_indicator": {"type": "text"}},
}


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_of_the_reference_is_taken(name: str) -> None:
    assert wire.faults(SHAPES[name]) == []


def test_a_person_without_a_number_and_an_answer_to_a_message_are_taken() -> None:
    body = {**SHAPES["text"], "recipient": "ID.13490000000000000001"}
    del body["to"]
    assert wire.faults({**body, "context": {"message_id": "wamid.IN"}}) == []


def _at(body: Body, path: str, value: Any) -> Body:
    """Change one place of a body, or remove it (None)."""
    made: Any = copy.deepcopy(body)
    *way, last = [int(step) if step.isdecimal() else step for step in path.split("/")]
    place = made
    for step in way:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return dict(made)


LIST, REPLY = "interactive/action/sections/0", "interactive/action/buttons/0/reply"
WRONG: list[tuple[str, str, Any]] = [
    *(("text", name, None) for name in ("messaging_product", "recipient_type", "type", "to")),
    *(("text", name, None) for name in ("text", "text/body", "biz_opaque_callback_data")),
    ("text", "messaging_product", "messenger"),
    ("text", "to", "628110001111"),
    ("text", "to", "+0811"),
    ("text", "recipient", "ID.1"),
    ("text", "recipient_type", "group"),
    ("text", "type", "sms"),
    ("text", "type", "image"),
    ("text", "text/body", ""),
    ("text", "text/body", " \n"),
    ("text", "text/body", "x" * 4097),
    ("text", "text/body", 7),
    ("text", "text/url", "https://example.go.id"),
    ("text", "image", {"id": "103"}),
    ("text", "biz_opaque_callback_data", "x" * 513),
    ("text", "context", {}),
    ("text", "context", {"id": "wamid.IN"}),
    ("list", "interactive/type", "flow"),
    ("list", "interactive/type", "button"),
    ("list", "interactive/body/text", "x" * 4097),
    ("list", "interactive/header", {"type": "image", "text": "x"}),
    ("list", "interactive/header", {"type": "text", "text": "x" * 61}),
    ("list", "interactive/footer", {"text": "x" * 61}),
    ("list", "interactive/action/button", "x" * 21),
    ("list", "interactive/action/button", "a\nb"),
    ("list", "interactive/action/sections", []),
    ("list", f"{LIST}/title", None),
    ("list", f"{LIST}/title", "x" * 25),
    ("list", f"{LIST}/rows", []),
    ("list", f"{LIST}/rows", rows(11)),
    ("list", f"{LIST}/rows/0/id", ""),
    ("list", f"{LIST}/rows/0/id", "x" * 201),
    ("list", f"{LIST}/rows/0/id", "n1:1"),
    ("list", f"{LIST}/rows/0/title", "x" * 25),
    ("list", f"{LIST}/rows/0/title", None),
    ("list", f"{LIST}/rows/0/description", "x" * 73),
    ("list", f"{LIST}/rows/0/description", ""),
    ("list", f"{LIST}/rows/0/payload", "x"),
    ("buttons", "interactive/body/text", "x" * 1025),
    ("buttons", "interactive/action/buttons", []),
    ("buttons", "interactive/action/buttons/0/type", "url"),
    ("buttons", f"{REPLY}/title", "x" * 21),
    ("buttons", f"{REPLY}/title", ""),
    ("buttons", f"{REPLY}/title", "Tidak"),
    ("buttons", f"{REPLY}/id", "x" * 257),
    ("buttons", f"{REPLY}/id", "n1:1"),
    ("cta_url", "interactive/action/parameters/url", "http://example.go.id"),
    ("cta_url", "interactive/action/parameters/display_text", "x" * 21),
    ("cta_url", "interactive/action/name", "open"),
    ("location", "interactive/action/name", "location"),
    ("contact", "interactive/action/name", None),
    ("image", "image/id", "abc"),
    ("image", "image/link", "https://example.go.id/a.png"),
    ("image", "image/caption", "x" * 1025),
    ("document", "document/filename", None),
    ("template", "template/name", "Ticket Answered"),
    ("template", "template/language", "id"),
    ("template", "template/language/code", "Indonesian"),
    ("template", "template/components", []),
    ("template", "template/components/0/parameters/0/text", "a\nb"),
    ("template", "template/components/0/parameters/0/text", "a    b"),
    ("template", "template/components/0/parameters/0/parameter_name", None),
    ("template", "template/components/1/index", "0"),
    ("template", "template/components/1/sub_type", "url"),
    ("template", "template/components/1/parameters", []),
    ("reaction", "reaction/message_id", None),
    ("read", "status", "delivered"),
    ("read", "message_id", None),
    ("read", "to", "+628110001111"),
    ("typing", "typing_indicator/type", "audio"),
]


@pytest.mark.parametrize(("name", "path", "value"), WRONG)
def test_what_meta_refuses_is_refused(name: str, path: str, value: Any) -> None:
    assert wire.faults(_at(SHAPES[name], path, value)) != []


def test_four_buttons_and_eleven_rows_in_two_sections_are_refused() -> None:
    assert wire.faults(buttons("a", "b", "c", "d"))
    two = listing(10)
    more = {"title": "Lain", "rows": [{"id": "n1:x", "title": "Satu lagi"}]}
    two["interactive"]["action"]["sections"].append(more)
    assert wire.faults(two) == ["11 rows"]


@pytest.mark.parametrize("body", [None, [], "x", {}, {"status": "read"}])
def test_anything_else_is_refused(body: Any) -> None:
    assert wire.faults(body)


async def test_no_call_of_a_test_gets_around_it(
    aiohttp_server: Callable[..., Any],
) -> None:
    app = web.Application()
    server = await aiohttp_server(app)
    async with aiohttp.ClientSession() as session:
        client = GraphClient(session, str(server.make_url("/v26.0")), "1", "t")
        for wrong in ({"type": "text", "text": {"body": "tanpa preview_url"}}, {"type": "sms"}):
            with pytest.raises(AssertionError, match="whatsapp"):
                await client.send(Sender(phone="628110001111"), wrong, "out:1", None)
        with pytest.raises(AssertionError):
            await client.mark_read("", typing=False)


def test_the_schema_knows_no_type_that_is_not_tried_here() -> None:
    tried = {body.get("type") for body in SHAPES.values()} - {None}
    assert tried == set(wire.SCHEMA["definitions"]["message"]["properties"]["type"]["enum"])
    forms = wire.SCHEMA["definitions"]["interactive"]["properties"]["type"]["enum"]
    tried = {body["interactive"]["type"] for body in SHAPES.values() if "interactive" in body}
    assert tried == set(forms)
