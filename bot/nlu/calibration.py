"""Which `slope` and `shift` of config.yml labelled questions ask for (`nindy evaluate`)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize  # type: ignore[import-untyped]

from bot.nlu import choice
from bot.nlu.choice import Floats
from bot.nlu.evaluate import FAR, NEAR, Row
from bot.nlu.matcher import Engine
from bot.nlu.training import MISSING

_TINY = 1e-6


def asked_for(engine: Engine, rows: Sequence[Row]) -> tuple[float, float]:
    """Return the slope and shift with which the best entry's probability is the most truthful.

    Args:
        engine: A trained engine, whatever its own slope and shift.
        rows: Labelled questions; those that expect an intent are passed over.
    """
    names = engine.targets.names
    asked = [(row, engine.scores(row.text)) for row in rows if row.expected in (*names, NEAR, FAR)]
    inside = sum(row.expected in names for row, _ in asked)
    odds = MISSING / (1 - MISSING) * inside / max(len(asked) - inside, 1)
    entries = np.flatnonzero(engine.targets.kinds == choice.ENTRY)

    def loss(values: Floats) -> float:
        missed = 0.0
        for row, scored in asked:
            chances = choice.probabilities(scored, float(values[0]), float(values[1]))[entries]
            best = int(np.argmax(chances))
            right = names[entries[best]] == row.expected
            truth = chances[best] if right else 1 - chances[best]
            missed -= (1.0 if row.expected in names else odds) * float(np.log(truth + _TINY))
        return missed

    found = minimize(loss, (1.0, 0.0), method="Nelder-Mead")
    return float(found.x[0]), float(found.x[1])
