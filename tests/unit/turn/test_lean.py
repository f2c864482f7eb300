"""What makes Rasa's turns cheaper gives what Rasa gives."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.core.policies.rule_policy import RULES, RulePolicy
from rasa.core.processor import MessageProcessor
from rasa.shared.core.events import Event
from rasa.shared.core.slots import AnySlot, TextSlot
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.utils.common import all_subclasses

from bot.turn.lean import StraightRunner, copy_slot, event_type, without_text
from bot.turn.tracker_store import restore

LOOP = "info_sp2d_form"
STATES: list[dict[str, Any]] = [
    {"slots": {}, "loop": None},
    {"slots": {"requested_slot": "nomor_sp2d"}, "loop": LOOP},
    {"slots": {"requested_slot": "subjek", "tawaran": "jawaban"}, "loop": "tanya_nindy_form"},
]
TEXTS = ["halo", "cek sp2d dong", "260261300000001", "batal", "apa itu OTP SAKTI", "xyzzy", "/menu"]


@pytest.fixture(scope="module")
def processor(model: Path) -> MessageProcessor:
    made = Agent.load(str(model)).processor
    assert made is not None
    return made


def policy_of(processor: MessageProcessor) -> RulePolicy:
    nodes = processor.graph_runner._instantiated_nodes.values()
    return next(node._component for node in nodes if isinstance(node._component, RulePolicy))


async def heard(
    processor: MessageProcessor, state: dict[str, Any], text: str
) -> DialogueStateTracker:
    """Return a conversation that stands after a message, before anything is predicted."""
    events = restore(state, processor.domain)
    tracker = DialogueStateTracker.from_events("x", events, processor.domain.slots)
    await processor._handle_message_with_tracker(UserMessage(text), tracker)
    return tracker


@pytest.mark.rasa
@pytest.mark.parametrize("state", STATES, ids=["nothing", "form", "question"])
@pytest.mark.parametrize("text", TEXTS)
async def test_the_straight_runner_predicts_what_rasas_does(
    processor: MessageProcessor, state: dict[str, Any], text: str
) -> None:
    tracker = await heard(processor, state, text)
    ours, theirs = StraightRunner(processor.graph_runner), processor.graph_runner
    message = {"__message__": [UserMessage(text)], "__tracker__": tracker}
    metadata = processor.model_metadata
    nlu = [metadata.nlu_target]
    read = [runner.run(message, nlu)[nlu[0]][0].as_dict() for runner in (ours, theirs)]
    assert read[0] == read[1]
    core = [metadata.core_target]
    said = [runner.run({"__tracker__": tracker}, core)[core[0]] for runner in (ours, theirs)]
    assert said[0] == said[1]
    assert said[0].max_confidence == 1.0


@pytest.mark.rasa
@pytest.mark.parametrize("state", STATES, ids=["nothing", "form", "question"])
@pytest.mark.parametrize("text", TEXTS)
async def test_rules_by_intent_alone_choose_what_all_rules_choose(
    processor: MessageProcessor, state: dict[str, Any], text: str
) -> None:
    tracker = await heard(processor, state, text)
    stock = policy_of(processor)
    ours = copy.copy(stock)
    without_text(ours)
    assert "_find_action_from_rules" in vars(ours)
    predictions = [policy._predict(tracker, processor.domain) for policy in (ours, stock)]
    assert predictions[0] == predictions[1]


@pytest.mark.rasa
def test_a_rule_about_a_text_keeps_the_first_pass(processor: MessageProcessor) -> None:
    policy = copy.copy(policy_of(processor))
    rule = '[{"prev_action": {"action_name": "action_listen"}, "user": {"text": "hai"}}]'
    policy.lookup = {**policy.lookup, RULES: {**policy.lookup[RULES], rule: "action_greet"}}
    without_text(policy)
    assert "_find_action_from_rules" not in vars(policy)


@pytest.mark.parametrize("kind", [TextSlot, AnySlot])
def test_a_copied_slot_is_equal_and_its_own(kind: type[Any]) -> None:
    slot = kind("nama", mappings=[{"type": "custom"}], initial_value="a")
    slot.value = "b"
    made = copy_slot(slot)
    assert type(made) is kind
    assert vars(made) == vars(copy.copy(slot))
    made.value = "c"
    assert slot.value == "b"


def test_every_event_is_found_by_its_name() -> None:
    kinds = [kind for kind in all_subclasses(Event) if getattr(kind, "type_name", None)]
    assert len(kinds) > 20
    for kind in kinds:
        assert event_type(kind.type_name).type_name == kind.type_name
    with pytest.raises(ValueError, match="nothing of the kind"):
        event_type("nothing of the kind")
