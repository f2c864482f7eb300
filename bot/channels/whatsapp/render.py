"""A reply of Nindy becomes the typed part of a Graph message.

The plainest form that holds everything is taken: text, then up to three buttons, then a list, and
of more than ten choices the first page (`bot.channels.pages`). What does not fit into a row of a
list stands in full in its body.
"""

from __future__ import annotations

from collections.abc import Callable

from bot.channels.message import Choice, Reply, Template
from bot.channels.pages import each_once, first
from bot.channels.whatsapp import fit, wire

Content = dict[str, object]

CHANNEL = "whatsapp"

TEXT_BODY = 4_096
BUTTON_BODY = 1_024
CAPTION = 1_024
BUTTONS = 3
BUTTON_TITLE = 20
LIST_BODY = 4_096
LIST_BUTTON = 20
SECTION_TITLE = 24
ROW_ID = 200
ROW_TITLE = 24
ROW_DESCRIPTION = 72
_IN_BODY = 3_000
"""Characters of a list's body that its choices may take from the reply's text."""


def render(
    reply: Reply,
    choice_id: Callable[[Choice], str],
    *,
    menu_word: str,
    more: Callable[[int, int], Choice],
) -> Content:
    """Make the part of a message that holds its type.

    Args:
        reply: What to say.
        choice_id: Gives the id behind a button or row.
        menu_word: The word on the button that opens a list when the reply brings none.
        more: Makes the row that asks for the next page, told how many choices are shown and how
            many are left.

    Raises:
        ValueError: The text, a title or the word on a list is empty, or an id is empty or too
            long.
    """
    text = wire.clean(reply.text).strip()
    if not text:
        raise ValueError("a reply's text is empty")
    offered = each_once(reply.choices)
    shown = first(offered, CHANNEL)
    if left := len(offered) - shown:
        offered = (*offered[:shown], more(shown, left))
    choices = {_checked_id(choice_id(choice)): choice for choice in offered}
    if reply.template is not None:
        return _template(reply.template, list(choices))
    if not choices:
        body = fit.cut_sentences(text, TEXT_BODY)
        return {"type": "text", "text": {"preview_url": False, "body": body}}
    titles = {reference: _line(choice.title) for reference, choice in choices.items()}
    if not all(titles.values()):
        raise ValueError("a choice's title is empty")
    described = any(_line(choice.description) for choice in choices.values())
    if not described and _buttons_hold(text, list(titles.values())):
        return _buttons(text, titles)
    return _list(text, choices, _line(reply.menu) or _line(menu_word))


def render_file(reply: Reply, kind: str, id: str, name: str) -> Content:
    """Make the part of a message that is a file with its caption.

    Args:
        reply: What to say.
        kind: ``image`` or ``document``.
        id: WhatsApp's id of the file.
        name: What a document is called.

    Raises:
        ValueError: The text is longer than a caption, or there is something to press.
    """
    caption = wire.clean(reply.text).strip()
    if fit.length(caption) > CAPTION or reply.choices:
        raise ValueError("a file has a short caption and nothing to press")
    part: dict[str, object] = {"id": id, "caption": caption}
    return {"type": kind, kind: part if kind == "image" else {**part, "filename": name}}


def _template(template: Template, references: list[str]) -> Content:
    components: list[Content] = []
    if template.parameters:
        filled = [
            {"type": "text", "parameter_name": name, "text": value}
            for name, value in template.parameters.items()
        ]
        components.append({"type": "body", "parameters": filled})
    for index, reference in enumerate(references):
        pressed = [{"type": "payload", "payload": reference}]
        components.append(
            {"type": "button", "sub_type": "quick_reply", "index": index, "parameters": pressed}
        )
    made: Content = {"name": template.name, "language": {"code": template.language}}
    if components:
        made["components"] = components
    return {"type": "template", "template": made}


def _buttons_hold(text: str, titles: list[str]) -> bool:
    return (
        len(titles) <= BUTTONS
        and len({title.casefold() for title in titles}) == len(titles)
        and all(fit.length(title) <= BUTTON_TITLE for title in titles)
        and fit.length(text) <= BUTTON_BODY
    )


def _buttons(text: str, titles: dict[str, str]) -> Content:
    made = [
        {"type": "reply", "reply": {"id": reference, "title": title}}
        for reference, title in titles.items()
    ]
    return {
        "type": "interactive",
        "interactive": {"type": "button", "body": {"text": text}, "action": {"buttons": made}},
    }


def _list(text: str, choices: dict[str, Choice], menu: str) -> Content:
    if not menu:
        raise ValueError("the word on a list's button is empty")
    lines = [_shown(choice) for choice in choices.values()]
    rows = list(map(_row, choices, lines))
    body = fit.cut_sentences(text, LIST_BODY)
    if not all(map(_row_holds, lines)):
        numbered = [f"{number}. {_joined(line)}" for number, line in enumerate(lines, 1)]
        full = fit.cut("\n".join(numbered), _IN_BODY)
        body = fit.cut_sentences(text, LIST_BODY - fit.length(full) - len("\n\n")) + "\n\n" + full
        for number, (row, (title, _)) in enumerate(zip(rows, lines, strict=True), 1):
            row["title"] = fit.cut(f"{number}. {title}", ROW_TITLE)
    section = {"title": fit.cut(menu, SECTION_TITLE), "rows": rows}
    return {
        "type": "interactive",
        "interactive": {
            "type": "list",
            "body": {"text": body},
            "action": {"button": fit.cut(menu, LIST_BUTTON), "sections": [section]},
        },
    }


_Line = tuple[str, str]
"""Title and description of a choice, in full."""


def _shown(choice: Choice) -> _Line:
    return _line(choice.title), _line(choice.description)


def _joined(line: _Line) -> str:
    return " · ".join(filter(None, line))


def _below(line: _Line) -> str:
    title, description = line
    return description if fit.length(title) <= ROW_TITLE else _joined(line)


def _row_holds(line: _Line) -> bool:
    return fit.length(_below(line)) <= ROW_DESCRIPTION


def _row(reference: str, line: _Line) -> dict[str, str]:
    row = {"id": reference, "title": fit.cut(line[0], ROW_TITLE)}
    if below := _below(line):
        row["description"] = fit.cut(below, ROW_DESCRIPTION)
    return row


def _checked_id(reference: str) -> str:
    if not reference or len(reference) > ROW_ID:
        raise ValueError(f"a choice's id has {len(reference)} characters")
    return reference


def _line(text: str) -> str:
    return " ".join(wire.clean(text).split())
