"""Makes a loaded Rasa agent cheaper at each turn, with the same results.

Rasa 3.6 plans its graph anew for every message, copies every slot four times, builds an empty
domain to compare its own with, and tries each rule with the text of the message as well as with
its intent. What this module puts in their place was found by `python -m bench.turns profile`;
`tests/unit/turn/test_lean.py` compares each with Rasa's own.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from rasa.core.policies.rule_policy import (
    RULES,
    RULES_FOR_LOOP_UNHAPPY_PATH,
    RulePolicy,
)
from rasa.core.processor import MessageProcessor
from rasa.engine.graph import GraphNode
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.shared.core.constants import ACTION_LISTEN_NAME, PREVIOUS_ACTION, USER
from rasa.shared.core.events import Event
from rasa.shared.core.slots import Slot
from rasa.shared.nlu.constants import ACTION_NAME, INTENT

_Step = tuple[str, GraphNode, tuple[str, ...]]


def lean(processor: MessageProcessor) -> None:
    """Put the cheaper ways into a processor and the classes of Rasa that it uses."""
    runner = processor.graph_runner
    processor.graph_runner = StraightRunner(runner)
    is_empty = processor.domain.is_empty()
    processor.domain.is_empty = lambda: is_empty
    Slot.__copy__ = copy_slot
    Event.resolve_by_type = staticmethod(event_type)
    for node in runner._instantiated_nodes.values():
        if isinstance(node._component, RulePolicy):
            without_text(node._component)


class StraightRunner:
    """Runs the nodes of a graph one after the other, in an order that is found once.

    Args:
        runner: Holds the graph and its components.
    """

    def __init__(self, runner: DaskGraphRunner) -> None:
        self._runner = runner
        self._nodes = runner._instantiated_nodes
        self._plans: dict[tuple[str, ...], list[_Step]] = {}

    def run(self, inputs: dict[str, Any], targets: list[str]) -> dict[str, Any]:
        """Return the output of each target.

        Args:
            inputs: What stands in the place of nodes that other nodes need, by name.
            targets: The nodes whose output is asked for.
        """
        wanted = tuple(targets)
        plan = self._plans.get(wanted)
        if plan is None:
            plan = self._plans[wanted] = self._plan(targets)
        outputs = {name: (name, value) for name, value in inputs.items()}
        for name, node, needs in plan:
            outputs[name] = node(*(outputs[need] for need in needs))
        return dict(outputs[name] for name in targets)

    def _plan(self, targets: list[str]) -> list[_Step]:
        schema = self._runner._graph_schema.minimal_graph_schema(targets)
        planned: dict[str, _Step] = {}

        def add(name: str) -> None:
            if name in schema.nodes and name not in planned:
                needs = tuple(schema.nodes[name].needs.values())
                for need in needs:
                    add(need)
                planned[name] = name, self._nodes[name], needs

        for target in targets:
            add(target)
        return list(planned.values())


def copy_slot(slot: Slot) -> Slot:
    """Return a shallow copy."""
    made: Slot = object.__new__(type(slot))
    made.__dict__.update(slot.__dict__)
    return made


event_type = lru_cache(maxsize=None)(Event.resolve_by_type)
"""The class of an event by its name: Rasa looks through all classes for each event of a turn."""


def without_text(policy: RulePolicy) -> None:
    """Let a policy ask its rules by intent only, unless one of them is about a text.

    After a message Rasa asks the rules twice, first with the text in the intent's place. A rule
    that names an intent cannot fit that, nor can one that does not follow a message.
    """
    by_any = policy._find_action_from_rules
    rules = [*policy.lookup[RULES], *policy.lookup[RULES_FOR_LOOP_UNHAPPY_PATH]]
    if not all(_is_by_intent(policy._rule_key_to_state(key)[-1]) for key in rules):
        return

    def by_intent(tracker: Any, domain: Any, use_text_for_last_user_input: bool) -> Any:
        if use_text_for_last_user_input:
            return None, None, False
        return by_any(tracker, domain, use_text_for_last_user_input=False)

    policy._find_action_from_rules = by_intent


def _is_by_intent(last: Any) -> bool:
    before = last.get(PREVIOUS_ACTION, {}).get(ACTION_NAME)
    return bool(last.get(USER, {}).get(INTENT)) or before != ACTION_LISTEN_NAME
