"""The matcher as a component of Rasa's graph: ``bot.nlu.component.Matcher`` in config.yml.

Training gathers the intent examples of ``data/nlu`` (from Rasa), the FAQ bank, the services'
questions and the word lists, fits, and writes all of it into the model; a loaded model reads
nothing else. Beside the intent, `process` puts the whole match, with three services for a ticket,
under the key ``match`` of the parse result. The intents ``faq``, ``inform`` and ``nlu_fallback``
have no examples: declare them in the domain.
"""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from hashlib import sha256
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.edition import held
from bot.nlu.knowledge import Knowledge
from bot.nlu.matcher import Engine, FieldFinder, Thresholds
from bot.nlu.training import Fitted, train

KNOWLEDGE = "knowledge.json"
FITTED = "fitted.npz"
_RANKING = "intent_ranking"
MATCH = "match"


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=True)
class Matcher(GraphComponent):
    """Sets intent, intent_ranking and match of each message."""

    #: Finds slot values in a message; the composition root sets it before a model is loaded.
    find_fields: FieldFinder | None = None

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return thresholds and what training reads, relative to the project."""
        return {
            **asdict(Thresholds()),
            "faq": "data/faq",
            "lexicon": "data/lexicon",
            "questions": "data/catalogue/examples.yml",
        }

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Return a digest of the files that training reads, so that a change trains anew."""
        # For a node restored from its cache Rasa asks with another component's config.
        config = cls.get_default_config() | config
        digest = sha256()
        read = [*Path(config["faq"]).glob("*.yml"), *Path(config["lexicon"]).glob("*.yml")]
        for path in (*sorted(read), Path(config["questions"])):
            if path.exists():
                digest.update(path.name.encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        engine: Engine | None = None,
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._engine = engine

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Matcher:
        """Make an untrained component."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> Matcher:
        """Restore a trained component from the model."""
        with model_storage.read_from(resource) as folder:
            data = json.loads((folder / KNOWLEDGE).read_text(encoding="utf-8"))
            fitted = Fitted.load(folder / FITTED)
        engine = cls.build(config, Knowledge.from_dict(data), fitted)
        return cls(config, model_storage, resource, engine)

    @property
    def engine(self) -> Engine:
        """The engine as it was trained."""
        if self._engine is None:
            raise RuntimeError("the matcher is not trained; run `nindy train`")
        return self._engine

    def train(self, training_data: TrainingData) -> Resource:
        """Gather what the matcher knows, fit its weights, and store both in the model.

        Raises:
            DataError: A file of the FAQ, the word lists or the services' questions is wrong.
        """
        examples: dict[str, list[str]] = {}
        for example in training_data.intent_examples:
            if text := example.get(TEXT):
                examples.setdefault(example.get(INTENT), []).append(text)
        read = {name: Path(self._config[name]) for name in ("faq", "lexicon", "questions")}
        knowledge = Knowledge.gather(examples, **read)
        fitted = train(knowledge)
        with self._model_storage.write_to(self._resource) as folder:
            text = json.dumps(knowledge.as_dict(), ensure_ascii=False)
            (folder / KNOWLEDGE).write_text(text, encoding="utf-8")
            fitted.save(folder / FITTED)
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Leave the examples alone: no component comes after that would read their matches."""
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Set intent, intent_ranking and match of each message, by the edition that is held."""
        edition = held.get(None)
        engine = edition.engine if edition is not None else self.engine
        for message in messages:
            match = engine.match(message.get(TEXT) or "")
            intent = {"name": match.intent, "confidence": match.probability}
            message.set(INTENT, intent, add_to_output=True)
            message.set(_RANKING, [intent], add_to_output=True)
            known = {**match.as_dict(), "services": [list(pair) for pair in match.services]}
            message.set(MATCH, known, add_to_output=True)
        return messages

    @classmethod
    def build(cls, config: dict[str, Any], knowledge: Knowledge, fitted: Fitted) -> Engine:
        """Make the engine."""
        thresholds = {each.name: config[each.name] for each in fields(Thresholds)}
        return Engine(knowledge, fitted, Thresholds(**thresholds), cls.find_fields)
