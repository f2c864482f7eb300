"""The model: where it is, whether it is still the one of today's data, and training it."""

from __future__ import annotations

import hashlib
import os
import warnings
from pathlib import Path

from bot.errors import StartupError

_DATA = ("config.yml", "domain.yml", "data/catalogue/examples.yml")
_FOLDERS = ("data/nlu", "data/rules", "data/faq", "data/lexicon", "bot/nlu")
_SUFFIXES = (".yml", ".py")


def fingerprint(project: Path) -> str:
    """Hash everything a model is made of: data, configuration and the matcher's code."""
    digest = hashlib.sha256()
    files = [project / name for name in _DATA]
    for folder in _FOLDERS:
        files += sorted(p for p in (project / folder).rglob("*") if p.suffix in _SUFFIXES)
    for path in files:
        digest.update(str(path.relative_to(project)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def model_path(project: Path) -> Path:
    """Return where the model of today's data is, or would be."""
    return project / "models" / f"nindy-{fingerprint(project)}.tar.gz"


def train(project: Path) -> Path:
    """Train the model of today's data and remove older ones of ours.

    Raises:
        StartupError: Training failed.
    """
    os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
    from rasa.model_training import train as rasa_train
    from rasa.shared.exceptions import RasaException

    target = model_path(project)
    # Rasa's progress bars say nothing to somebody who waits for Nindy; its errors do.
    os.environ["LOG_LEVEL"] = "ERROR"
    warnings.filterwarnings("ignore")
    try:
        result = rasa_train(
            domain=str(project / "domain.yml"),
            config=str(project / "config.yml"),
            # Only these folders: Rasa would take any YAML with a key like "rules:" for its own.
            training_files=[str(project / "data/nlu"), str(project / "data/rules")],
            output=str(target.parent),
            fixed_model_name=target.name,
            force_training=True,
        )
    except RasaException as error:
        raise StartupError(" ".join(str(error).split())) from None
    except SystemExit as stop:
        raise StartupError(f"training stopped (code {stop.code}); see the lines above") from None
    if result.model is None:
        raise StartupError("training gave no model; see the lines above")
    for old in target.parent.glob("nindy-*.tar.gz"):
        if old != target:
            old.unlink(missing_ok=True)
    return target
