"""Stock Rasa: a project as ``rasa init`` makes it, with this bot's own training data.

Domain, intents and rules are ours; pipeline and policies are those that ``rasa init`` writes. The
FAQ's phrasings are examples of the intent ``faq``, so that its classifier learns from the same
texts as our matcher. A few stories give its machine-learning policies something to learn.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bench.paths import BIN, PROJECT, cache, environment
from bench.processes import NotStarted, Program
from bot.faq import Bank

EPOCHS, QUICK_EPOCHS = 100, 5
_LONGEST = 7_200.0
#: Rasa's own are used: ours need the turn around them.
_OWN_TO_RASA = ("action_session_start", "action_default_fallback", "action_restart")


@dataclass(frozen=True)
class Stock:
    """The trained project.

    Attributes:
        folder: Where it is.
        model: The model file.
        epochs: How long its networks were trained.
        train_seconds: How long the training took.
        cached: Whether an earlier run trained it.
    """

    folder: Path
    model: Path
    epochs: int
    train_seconds: float
    cached: bool


def prepare(epochs: int) -> Stock:
    """Write the project and train it, unless the same was trained before.

    Raises:
        NotStarted: The training failed.
    """
    return trained("stock", _files(epochs), epochs, "train")


def trained(name: str, files: dict[str, str], epochs: int, *command: str) -> Stock:
    """Write a project into the cache and train it, unless the same was trained before.

    Args:
        name: What the folder's name begins with.
        files: The project: path to text.
        epochs: How long its networks are trained.
        command: The words after ``rasa``.

    Raises:
        NotStarted: The training failed.
    """
    folder = cache() / f"{name}-{_hash(files)}"
    model, note = folder / "models" / "stock.tar.gz", folder / "trained.json"
    if model.exists() and note.exists():
        seconds = json.loads(note.read_text(encoding="utf-8"))["seconds"]
        return Stock(folder, model, epochs, seconds, cached=True)
    shutil.rmtree(folder, ignore_errors=True)
    for place, text in files.items():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    began = time.monotonic()
    words = [str(BIN / "rasa"), *command, "--fixed-model-name", model.name, "--out", "models"]
    program = Program.start("train", words, folder, environment())
    try:
        code = program.finish(_LONGEST)
    finally:
        program.stop()
    if code or not model.exists():
        raise NotStarted(f"rasa {' '.join(command)} failed ({code}): {program.last_words()}")
    seconds = time.monotonic() - began
    note.write_text(json.dumps({"seconds": seconds}), encoding="utf-8")
    return Stock(folder, model, epochs, seconds, cached=False)


def _files(epochs: int) -> dict[str, str]:
    copied = {
        str(path.relative_to(PROJECT)): path.read_text(encoding="utf-8")
        for folder in ("nlu", "rules")
        for path in sorted((PROJECT / "data" / folder).glob("*.yml"))
    }
    domain = yaml.safe_load((PROJECT / "domain.yml").read_text(encoding="utf-8"))
    domain["actions"] = [name for name in domain["actions"] if name not in _OWN_TO_RASA]
    return {
        **copied,
        "data/nlu/faq.yml": dump({"version": "3.1", "nlu": [_faq()]}),
        "data/stories.yml": dump({"version": "3.1", "stories": _stories()}),
        "domain.yml": dump(domain),
        "config.yml": dump(_config(epochs)),
    }


def _faq() -> dict[str, str]:
    bank = Bank.load(PROJECT / "data" / "faq")
    return examples("faq", [text for entry in bank.entries for text in entry.phrasings])


def examples(intent: str, texts: Iterable[str]) -> dict[str, str]:
    """Return an intent with its examples as Rasa's training data holds them."""
    # Square and curly brackets would be read as entities.
    clean = [" ".join(text.translate(str.maketrans("[]{}", "()()")).split()) for text in texts]
    return {"intent": intent, "examples": "".join(f"- {text}\n" for text in clean)}


def _stories() -> list[dict[str, Any]]:
    greet = [{"intent": "greet"}, {"action": "action_greet"}]
    question = [{"intent": "faq"}, {"action": "action_jawab"}]
    thank = [{"intent": "thank"}, {"action": "action_thank"}]
    menu = [{"intent": "menu"}, {"action": "action_menu"}]
    paths = {
        "greeting, question, thanks": [*greet, *question, *thank],
        "two questions": [*greet, *question, *question, *thank],
        "menu, then a question": [*menu, *question, *thank],
        "question, then menu": [*greet, *question, *menu],
    }
    return [{"story": name, "steps": steps} for name, steps in paths.items()]


def nlu_config(epochs: int) -> dict[str, Any]:
    """Return the part of the configuration that tells what a message means."""
    learning = _learning(epochs)
    return {
        "recipe": "default.v1",
        "assistant_id": "stock",
        "language": "id",
        "pipeline": [
            {"name": "WhitespaceTokenizer"},
            {"name": "RegexFeaturizer"},
            {"name": "LexicalSyntacticFeaturizer"},
            {"name": "CountVectorsFeaturizer"},
            {
                "name": "CountVectorsFeaturizer",
                "analyzer": "char_wb",
                "min_ngram": 1,
                "max_ngram": 4,
            },
            {"name": "DIETClassifier", **learning},
            {"name": "EntitySynonymMapper"},
            {"name": "ResponseSelector", **learning},
            {"name": "FallbackClassifier", "threshold": 0.3, "ambiguity_threshold": 0.1},
        ],
    }


def _config(epochs: int) -> dict[str, Any]:
    return {
        **nlu_config(epochs),
        "policies": [
            {"name": "MemoizationPolicy"},
            {"name": "RulePolicy"},
            {"name": "UnexpecTEDIntentPolicy", "max_history": 5, "epochs": epochs},
            {"name": "TEDPolicy", "max_history": 5, **_learning(epochs)},
        ],
    }


def _learning(epochs: int) -> dict[str, Any]:
    return {"epochs": epochs, "constrain_similarities": True}


def dump(data: dict[str, Any]) -> str:
    """Write YAML."""
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=10_000)


def _hash(files: dict[str, str]) -> str:
    digest = hashlib.sha256()
    for name, text in sorted(files.items()):
        digest.update(name.encode() + b"\0" + text.encode() + b"\0")
    return digest.hexdigest()[:16]
