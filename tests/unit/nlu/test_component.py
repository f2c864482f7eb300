from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.errors import DataError
from bot.nlu.component import Matcher

DATA = Path(__file__).parents[3] / "data"


class Storage:
    """A model storage of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def write_to(self, resource: Resource) -> Iterator[Path]:
        yield self.folder

    read_from = write_to


def config(**changes: Any) -> dict[str, Any]:
    folders = {"faq": str(DATA / "faq"), "lexicon": str(DATA / "lexicon")}
    return Matcher.get_default_config() | folders | changes


@pytest.fixture
def training(examples: dict[str, list[str]]) -> TrainingData:
    return TrainingData(
        [
            Message.build(text=text, intent=intent)
            for intent, texts in examples.items()
            for text in texts
        ]
    )


@pytest.fixture
def trained(tmp_path: Path, training: TrainingData) -> tuple[Any, Resource]:
    storage, resource = Storage(tmp_path), Resource("matcher")
    component = Matcher.create(config(), storage, resource, None)
    assert component.train(training) == resource
    return storage, resource


def test_a_loaded_component_sets_intent_ranking_and_match(trained: tuple[Any, Resource]) -> None:
    component = Matcher.load(config(faq="nowhere", lexicon="nowhere"), *trained, None)
    message, empty = Message.build(text="berapa lama sp2d terbit?"), Message.build(text="")
    component.process([message, empty])
    output = message.as_dict(only_output_properties=True)
    assert output["intent"]["name"] == "faq"
    assert output["intent_ranking"] == [output["intent"]]
    assert output["match"]["faq"] == "lama-terbit-sp2d"
    assert empty.get("intent") == {"name": "nlu_fallback", "confidence": 0.0}


def test_the_thresholds_come_from_the_config(trained: tuple[Any, Resource]) -> None:
    component = Matcher.load(config(answer=1.0), *trained, None)
    message = Message.build(text="berapa lama sp2d terbit?")
    component.process([message])
    assert message.get("match")["decision"] == "clarify"


def test_fields_are_found_by_what_was_injected(
    trained: tuple[Any, Resource], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Matcher, "find_fields", lambda text: {"nik": "1"})
    component = Matcher.load(config(), *trained, None)
    message = Message.build(text="reset sakti")
    component.process([message])
    assert message.get("match")["slots"] == {"nik": "1"}


def test_training_names_a_missing_bank(tmp_path: Path, training: TrainingData) -> None:
    component = Matcher.create(config(faq=str(tmp_path)), Storage(tmp_path), Resource("m"), None)
    with pytest.raises(DataError, match=r"no \.yml file"):
        component.train(training)


def test_an_untrained_component_says_so() -> None:
    component = Matcher.create(config(), None, Resource("m"), None)
    with pytest.raises(RuntimeError, match="nindy train"):
        component.process([Message.build(text="halo")])


def test_a_changed_bank_changes_the_fingerprint(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("entries: []\n")
    before = Matcher.fingerprint_addon(config(faq=str(tmp_path)))
    assert Matcher.fingerprint_addon(config(faq=str(tmp_path))) == before
    (tmp_path / "a.yml").write_text("entries: [1]\n")
    assert Matcher.fingerprint_addon(config(faq=str(tmp_path))) != before


def test_the_fingerprint_stands_a_foreign_config() -> None:
    assert Matcher.fingerprint_addon({"output": "cached"})
