"""The house keeps its order: what belongs together is complete, and words stay out of Python."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from actions import choices
from actions.base import NindyAction
from actions.categories import STARTS
from actions.form import FormGuide
from actions.questions import Confirm
from actions.registry import hand_out
from actions.summary_form import SummaryForm
from actions.ulasan import USUAL
from bot import errors
from bot.channels.whatsapp import errors as of_meta
from bot.faq import Bank
from bot.ledger.people import SESSION
from bot.settings import Settings

PROJECT = Path(__file__).resolve().parents[2]
DOMAIN = YAML(typ="safe").load((PROJECT / "domain.yml").read_text(encoding="utf-8"))
PYTHON = [
    path
    for room in ("bot", "actions", "desk")
    for path in (PROJECT / room).rglob("*.py")
    if "migrations" not in path.parts
]
SCENARIOS = PROJECT / "tests" / "conversations"


@pytest.mark.parametrize("category", [name for name in STARTS if name != "tanya_nindy"])
def test_a_category_is_complete(category: str) -> None:
    module = (PROJECT / "actions" / f"{category}.py").read_text(encoding="utf-8")
    assert "(FormGuide)" in module and "(StartForm)" in module and "(Lookup)" in module
    assert category in DOMAIN["intents"]
    assert f"{category}_form" in DOMAIN["forms"]
    for action in (f"action_start_{category}", f"validate_{category}_form", f"action_{category}"):
        assert action in DOMAIN["actions"]
    assert f"utter_nama_{category}" in DOMAIN["responses"]
    rules = (PROJECT / "data/rules/kategori.yml").read_text(encoding="utf-8")
    assert f"- active_loop: {category}_form" in rules
    examples = (PROJECT / "data/nlu/kategori.yml").read_text(encoding="utf-8")
    assert f"- intent: {category}" in examples


@pytest.mark.parametrize("category", list(STARTS))
def test_a_category_has_ten_conversations(category: str) -> None:
    assert len(list((SCENARIOS / category).glob("*.yml"))) >= 10


def test_every_form_trap_has_its_conversation() -> None:
    assert len(list((SCENARIOS / "form_traps").glob("*.yml"))) == 15


def test_the_menu_offers_every_category_in_the_catalogues_order() -> None:
    offered = [button["payload"] for button in DOMAIN["responses"]["utter_menu"][0]["buttons"]]
    assert offered == [f"/{category}" for category in STARTS]


def test_what_stands_in_braces_is_a_name_to_fill_in() -> None:
    """Rasa fills in ``{name}`` everywhere; a command's own braces are written twice."""

    def strings(node: Any) -> Iterator[str]:
        if isinstance(node, str):
            yield node
        elif isinstance(node, (dict, list)):
            for one in node.values() if isinstance(node, dict) else node:
                yield from strings(one)

    for text in strings(DOMAIN["responses"]):
        for name in re.findall(r"{([^\n{}]+)}", text.replace("{{", "").replace("}}", "")):
            assert name.isidentifier(), text


def test_a_dialogue_remembers_as_long_as_the_ledger_keeps_it() -> None:
    minutes = DOMAIN["session_config"]["session_expiration_time"]
    assert timedelta(minutes=minutes) == SESSION


def test_every_asked_slot_has_its_question() -> None:
    for form in DOMAIN["forms"].values():
        for slot in form["required_slots"]:
            asks = f"utter_ask_{slot}" in DOMAIN["responses"]
            assert asks or f"action_ask_{slot}" in DOMAIN["actions"], slot


def test_every_answer_that_can_be_taken_back_has_a_name() -> None:
    guides = [action for action in handed_out() if isinstance(action, FormGuide)]
    assert {guide.form for guide in guides} == set(DOMAIN["forms"])
    summed_up = {guide.parts for guide in guides if isinstance(guide, SummaryForm)}
    parts = {slot for name in summed_up for slot in choices.words(name)}
    for question in itertools.chain.from_iterable(guide.questions for guide in guides):
        # A story is changed at its summary only; after the confirmation nothing is asked any more.
        answered = not question.prose and not isinstance(question, Confirm)
        changes = answered or question.slot in parts
        assert (f"utter_nama_{question.slot}" in DOMAIN["responses"]) is changes, question.slot


def test_every_sentence_that_python_names_exists() -> None:
    for path in PYTHON:
        for name in re.findall(r"\"(utter_[a-z0-9_]+)\"", path.read_text(encoding="utf-8")):
            assert name in DOMAIN["responses"], f"{path.name}: {name}"


def test_what_is_said_instead_of_a_word_is_heard_as_the_rules_hear_it() -> None:
    rules = {
        rule["steps"][0]["intent"]: rule["steps"][1]["action"]
        for path in (PROJECT / "data/rules").glob("*.yml")
        for rule in YAML(typ="safe").load(path.read_text(encoding="utf-8"))["rules"]
        if "intent" in rule["steps"][0]
    }
    declined = dict.fromkeys(("affirm", "deny"), "action_done")
    said = {intent: rules[intent] for intent in rules if not rules[intent].startswith("utter_")}
    assert {**said, **declined} == USUAL
    assert set(rules) - set(USUAL) == {"pilih"}


def handed_out() -> list[NindyAction]:
    class Taking:
        def __init__(self) -> None:
            self.found: list[NindyAction] = []

        def register_action(self, action: NindyAction) -> None:
            self.found.append(action)

    taking = Taking()
    hand_out(None, taking)  # type: ignore[arg-type]
    return taking.found


def test_the_domains_actions_are_the_actions_of_the_package() -> None:
    assert {action.name() for action in handed_out()} == set(DOMAIN["actions"])


def test_the_trees_of_exceptions_show_them_all() -> None:
    parents = {
        node.name: {ast.unparse(base).rpartition(".")[2] for base in node.bases}
        for path in PYTHON
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    }
    ours = {"NindyError"}
    while more := {name for name, of in parents.items() if of & ours} - ours:
        ours |= more
    trees = f"{errors.__doc__}\n{of_meta.__doc__}"
    assert set(re.findall(r"^[ │]*[├└]── (\w+)", trees, re.MULTILINE)) == ours - {"NindyError"}


INDONESIAN = re.compile(
    r"\b(kakak|kak|maaf|silakan|mohon|terima kasih|anda|tidak|sudah|belum|untuk|dengan|yang)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("path", PYTHON, ids=lambda p: str(p.relative_to(PROJECT)))
def test_no_sentence_for_users_stands_in_python(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) in docstrings or " " not in node.value.strip():
                continue
            assert not INDONESIAN.search(node.value), f"line {node.lineno}: {node.value!r}"


def test_the_readme_lists_every_setting_and_no_other() -> None:
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `NINDY_([A-Z_]+)`", readme, re.MULTILINE))
    assert listed == {name.upper() for name in Settings.__fields__}


def test_no_path_of_a_machine_is_committed() -> None:
    suspicious = re.compile(r"(?<![\w./-])/(root|home)/[a-z]")
    for folder in ("bot", "actions", "desk", "sandbox", "tests", "data", "docs"):
        for path in (PROJECT / folder).rglob("*"):
            if path.suffix in (".py", ".yml", ".md", ".js", ".css") and path != Path(__file__):
                assert not suspicious.search(path.read_text(encoding="utf-8")), path


def test_an_entry_leads_to_a_category_that_has_a_button() -> None:
    for entry in Bank.load(PROJECT / "data" / "faq").entries:
        if entry.category is not None:
            assert entry.category in STARTS, entry.id
            assert f"utter_tombol_{entry.category}" in DOMAIN["responses"], entry.id
