"""Opens the matcher of a trained model without Rasa, for measuring it."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import IO

from bot.datafile import load
from bot.errors import StartupError
from bot.nlu.component import FITTED, KNOWLEDGE, Matcher
from bot.nlu.knowledge import Knowledge
from bot.nlu.matcher import Engine
from bot.nlu.training import Fitted


def open_engine(model: Path, config: Path) -> Engine:
    """Rebuild the engine of a model with the thresholds of ``config.yml``.

    Raises:
        StartupError: The model holds no matcher, or the configuration names none.
    """
    steps = load(config).get("pipeline", [])
    settings = next((step for step in steps if step["name"].endswith(".Matcher")), None)
    if settings is None:
        raise StartupError(f"{config}: the pipeline names no Matcher")
    with tarfile.open(model) as archive:
        knowledge = Knowledge.from_dict(json.load(_member(archive, KNOWLEDGE)))
        fitted = Fitted.load(_member(archive, FITTED))
    return Matcher.build(Matcher.get_default_config() | dict(settings), knowledge, fitted)


def _member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    for member in archive.getmembers():
        if member.name.endswith(f"/{name}") and (file := archive.extractfile(member)):
            return file
    raise StartupError(f"{name} is missing in the model; train again with `nindy train`")
