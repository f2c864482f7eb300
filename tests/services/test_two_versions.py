"""Workers with models of two versions answer the same conversations side by side."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from rasa.model_training import train
from rasa_sdk.executor import ActionExecutor

from bot.ledger import inbox, tables
from bot.ledger.database import Ledger
from bot.ledger.unit_of_work import UnitOfWork
from bot.live.wake import Wake
from bot.turn.dialogue import Dialogue
from bot.turn.failpoints import Failpoints
from bot.turn.worker import Worker
from tests.kit import START, message, owner, receive, rows, sibling, siti

pytestmark = pytest.mark.rasa
OLD = ("name",)
NEW = ("name", "city")
CONFIG = {
    "recipe": "default.v1",
    "language": "id",
    "pipeline": [{"name": "KeywordIntentClassifier"}, {"name": "FallbackClassifier"}],
    "policies": [{"name": "RulePolicy", "enable_fallback_prediction": False}],
    "assistant_id": "test",
}


def project(slots: tuple[str, ...]) -> tuple[dict[str, object], dict[str, object]]:
    """For each slot an intent that begins a form, which asks for it."""
    intents = {slot: f"ask_{slot}" for slot in slots}
    domain = {
        "version": "3.1",
        "intents": list(intents.values()),
        "slots": {
            slot: {
                "type": "text",
                "influence_conversation": False,
                "mappings": [
                    {
                        "type": "from_text",
                        "conditions": [{"active_loop": f"{slot}_form", "requested_slot": slot}],
                    }
                ],
            }
            for slot in slots
        },
        "forms": {f"{slot}_form": {"required_slots": [slot]} for slot in slots},
        "responses": {
            "utter_fallback": [{"text": "What do you mean?"}],
            **{f"utter_ask_{slot}": [{"text": f"Your {slot}?"}] for slot in slots},
            **{f"utter_{slot}": [{"text": f"{slot}: {{{slot}}}"}] for slot in slots},
        },
        "session_config": {"session_expiration_time": 60, "carry_over_slots_to_new_session": False},
    }
    lost = [{"intent": "nlu_fallback"}, {"action": "utter_fallback"}]
    rules: list[dict[str, object]] = [{"rule": "lost", "steps": lost}]
    for slot, intent in intents.items():
        form = f"{slot}_form"
        begin = [{"intent": intent}, {"action": form}, {"active_loop": form}]
        end = [
            *({"active_loop": None}, {"slot_was_set": [{"requested_slot": None}]}),
            {"action": f"utter_{slot}"},
        ]
        rules.append({"rule": f"begin {slot}", "steps": begin})
        condition = [{"active_loop": form}]
        steps = [{"action": form}, *end]
        rules.append({"rule": f"end {slot}", "condition": condition, "steps": steps})
    nlu = [
        {"intent": intent, "examples": f"- my {slot}\n- new {slot}\n"}
        for slot, intent in intents.items()
    ]
    return domain, {"version": "3.1", "rules": rules, "nlu": nlu}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = {}
    for version, slots in (("old", OLD), ("new", NEW)):
        folder = tmp_path_factory.mktemp(version)
        domain, training = project(slots)
        for name, content in (("domain", domain), ("data", training), ("config", CONFIG)):
            (folder / f"{name}.yml").write_text(yaml.safe_dump(content))
        found = train(
            domain=str(folder / "domain.yml"),
            config=str(folder / "config.yml"),
            training_files=[str(folder / "data.yml")],
            output=str(folder),
            fixed_model_name=version,
        )
        made[version] = Path(found.model)
    return made


@pytest.fixture(autouse=True)
def _without_matcher(monkeypatch: pytest.MonkeyPatch) -> None:
    """These models are too small to have one."""
    monkeypatch.setattr("bot.turn.dialogue._engine", lambda _runner: None)


@contextmanager
def workers(ledger: Ledger, models: dict[str, Path], folder: Path) -> Iterator[dict[str, Worker]]:
    """A worker of each version, as processes with the same database have them."""

    async def never(work: UnitOfWork) -> None:
        raise AssertionError("no turn may fail so often")

    with ExitStack() as stack:
        made = {}
        for version, model in models.items():
            dialogue = Dialogue(model, ActionExecutor(), b"key")
            made[version] = Worker(
                stack.enter_context(sibling(ledger)),
                dialogue.respond,
                never,
                never,
                stack.enter_context(owner(folder / version)),
                Wake(),
                lambda: START + timedelta(seconds=1),
                Failpoints(),
            )
        yield made


TALK = [
    # Who answers what; each line is a turn of the same person.
    ("old", "my name", "Your name?"),
    ("new", "Siti", "name: Siti"),
    ("new", "my city", "Your city?"),
    ("new", "Ende", "city: Ende"),
    # The older one knows no city, and does not forget it.
    ("old", "hm", "What do you mean?"),
    ("old", "new name", "name: Siti"),
    ("new", "my city", "city: Ende"),
]


async def test_a_slot_that_one_version_does_not_know_survives_its_turns(
    ledger: Ledger, models: dict[str, Path], tmp_path: Path
) -> None:
    with workers(ledger, models, tmp_path) as made:
        for number, (version, text, _) in enumerate(TALK):
            receive(ledger, message(number, at=START + timedelta(seconds=number), text=text))
            await made[version].drain()
    said = rows(ledger, tables.outbox, tables.outbox.c.position)
    answers = [ledger.vault.open(row.sealed_body)["text"] for row in said]
    assert answers == [answer for _, _, answer in TALK]


async def test_a_form_that_one_version_does_not_know_ends_without_a_failure(
    ledger: Ledger, models: dict[str, Path], tmp_path: Path
) -> None:
    talk = [
        ("new", "my city", "Your city?"),
        ("old", "Ende", "What do you mean?"),
        ("old", "my name", "Your name?"),
        ("old", "Siti", "name: Siti"),
        ("new", "my city", "Your city?"),
        ("new", "Ende", "city: Ende"),
    ]
    with workers(ledger, models, tmp_path) as made:
        for number, (version, text, _) in enumerate(talk):
            receive(ledger, message(number, at=START + timedelta(seconds=number), text=text))
            await made[version].drain()
    said = rows(ledger, tables.outbox, tables.outbox.c.position)
    answers = [ledger.vault.open(row.sealed_body)["text"] for row in said]
    assert answers == [answer for _, _, answer in talk]
    assert [row.failures for row in rows(ledger, tables.inbox)] == [0] * len(talk)


async def test_one_version_takes_over_from_the_other_while_people_write(
    ledger: Ledger, models: dict[str, Path], tmp_path: Path
) -> None:
    begin = [("my name", "Your name?"), ("Siti", "name: Siti")]
    talk = begin + [("hm", "What do you mean?"), ("my name", "name: Siti")] * 5
    people, texts = [f"orang-{number}" for number in range(8)], [text for text, _ in talk]

    def write(part: list[str], first: int) -> None:
        for number, text in enumerate(part, first):
            at = START + timedelta(milliseconds=number)
            receive(ledger, *(message(f"{p}.{number}", siti(p), at, text) for p in people))

    async def until(left: int) -> None:
        while await ledger.run(inbox.waiting) > left:
            await asyncio.sleep(0.01)

    with workers(ledger, models, tmp_path) as made:
        half = len(texts) // 2
        write(texts[:half], 0)
        old = asyncio.create_task(made["old"].run())
        await until(len(people) * half // 2)
        new = asyncio.create_task(made["new"].run())
        write(texts[half:], half)
        await until(len(people) * half)
        made["old"].stop()
        await asyncio.wait_for(old, 30)
        await asyncio.wait_for(until(0), 60)
        made["new"].stop()
        await asyncio.wait_for(new, 30)
    heard = defaultdict(list)
    for row in rows(ledger, tables.outbox, tables.outbox.c.position):
        heard[row.conversation_id].append(ledger.vault.open(row.sealed_body)["text"])
    assert len(heard) == len(people)
    for said in heard.values():
        # Nobody was forgotten, nobody answered twice, each in the order of writing.
        assert "\n\n".join(said).split("\n\n") == [answer for _, answer in talk]
    assert {row.state for row in rows(ledger, tables.inbox)} == {inbox.DONE}
    assert {row.failures for row in rows(ledger, tables.inbox)} == {0}
