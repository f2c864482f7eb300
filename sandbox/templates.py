"""The account's message templates: what is approved, and what Meta refuses to send of it."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from sandbox.chats import Choice, Content
from sandbox.graph_limits import Refusal

FILE = Path(__file__).with_name("templates.yml")
STATES = ("APPROVED", "PENDING", "REJECTED", "PAUSED", "DISABLED")
LONGEST = 1_024
_GAP = re.compile(r"\{\{(\w+)\}\}")
_UNLAWFUL = re.compile(r"[\n\t]| {4}")

Template = dict[str, Any]


class Templates:
    """Everything under ``message_templates``."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Go back to the file."""
        self._all: list[Template] = YAML(typ="safe").load(FILE.read_text(encoding="utf-8"))
        for number, one in enumerate(self._all, 1):
            one["id"] = f"3000000000000{number:02}"

    def all(self) -> list[Template]:
        """Return every template, as Meta's API shows them."""
        return copy.deepcopy(self._all)

    def change(self, name: str, wanted: dict[str, Any]) -> None:
        """Change a template's state or kind, as Meta does.

        Raises:
            KeyError: There is none of this name.
            ValueError: What is wanted makes no sense.
        """
        found = next((one for one in self._all if one["name"] == name), None)
        if found is None:
            raise KeyError(name)
        status, category = (
            wanted.get("status", found["status"]),
            wanted.get("category", found["category"]),
        )
        if status not in STATES or category not in ("UTILITY", "MARKETING"):
            raise ValueError(f"status: one of {', '.join(STATES)}; category: UTILITY or MARKETING")
        found["status"], found["category"] = status, category

    def fill(self, sent: Any) -> Content:
        """Check what is to be sent and return what the phone shows.

        Raises:
            Refusal: With the code that Meta gives.
        """
        if not isinstance(sent, dict) or not isinstance(sent.get("name"), str):
            raise Refusal(100, "template.name: the parameter is required and must be a string")
        language = sent.get("language")
        code = language.get("code") if isinstance(language, dict) else None
        known = [one for one in self._all if one["name"] == sent["name"]]
        found = next((one for one in known if one["language"] == code), None)
        if found is None or found["status"] in ("PENDING", "REJECTED"):
            raise Refusal(132001, f"template name ({sent['name']}) does not exist in {code}", 404)
        if found["status"] != "APPROVED":
            paused = found["status"] == "PAUSED"
            raise Refusal(132015 if paused else 132016, f"the template is {found['status']}")
        given = sent.get("components", [])
        if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
            raise Refusal(100, "template.components: must be a list of objects")
        parts = {one["type"]: one for one in found["components"]}
        text = _filled(parts["BODY"]["text"], [one for one in given if one.get("type") == "body"])
        buttons = parts.get("BUTTONS", {}).get("buttons", [])
        return Content("template", text, buttons=_pressed(buttons, given))


def _filled(text: str, bodies: list[Template]) -> str:
    wanted = _GAP.findall(text)
    given = [one for body in bodies for one in body.get("parameters", [])]
    if len(given) != len(wanted):
        raise Refusal(132000, f"body: number of parameters ({len(given)}) is not {len(wanted)}")
    values: dict[str, str] = {}
    for one in given:
        if not isinstance(one, dict) or one.get("type") != "text":
            raise Refusal(132012, "body: a parameter must be of type text")
        name, value = one.get("parameter_name"), one.get("text")
        if not isinstance(name, str) or name not in wanted:
            raise Refusal(100, "body: parameter_name is missing or not one of the template's")
        if not isinstance(value, str) or not value.strip():
            raise Refusal(131008, "body: a parameter's text is missing")
        if _UNLAWFUL.search(value):
            raise Refusal(132007, "body: a parameter may hold no line breaks, tabs or four blanks")
        values[name] = value
    if len(values) != len(wanted):
        raise Refusal(132000, "body: a parameter is given twice")
    full = _GAP.sub(lambda gap: values[gap[1]], text)
    if len(full) > LONGEST:
        raise Refusal(132005, f"body: {len(full)} characters; at most {LONGEST} are allowed")
    return full


def _pressed(buttons: list[Template], given: list[Template]) -> tuple[Choice, ...]:
    payloads: dict[str, str] = {}
    for one in given:
        if one.get("type") != "button":
            continue
        index, parameters = str(one.get("index")), one.get("parameters")
        first = parameters[0] if isinstance(parameters, list) and parameters else None
        payload: Any = first.get("payload") if isinstance(first, dict) else None
        known = index.isdecimal() and int(index) < len(buttons)
        if not known or one.get("sub_type") != "quick_reply" or not isinstance(payload, str):
            raise Refusal(132012, "button: not a button of this template, or without a payload")
        payloads[index] = payload
    # Without a payload of ours Meta gives the button's words back.
    words = [str(button["text"]) for button in buttons]
    return tuple(Choice(payloads.get(str(at), title), title) for at, title in enumerate(words))
