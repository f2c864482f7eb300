"""Gives every action its services and to Rasa's executor."""

from __future__ import annotations

import importlib
import inspect
import logging
import pkgutil

from rasa_sdk.executor import ActionExecutor

import actions
from actions.base import NindyAction
from actions.services import Services


def hand_out(services: Services, to: ActionExecutor) -> None:
    """Give an executor every action, each with these services; earlier ones are replaced."""
    logging.getLogger("rasa_sdk.executor").setLevel(logging.WARNING)
    for module in pkgutil.walk_packages(actions.__path__, "actions."):
        importlib.import_module(module.name)
    for kind in _concrete(NindyAction):  # type: ignore[type-abstract]
        to.register_action(kind(services))


def _concrete(kind: type[NindyAction]) -> list[type[NindyAction]]:
    found = [] if inspect.isabstract(kind) else [kind]
    for child in kind.__subclasses__():
        found += _concrete(child)
    return found
