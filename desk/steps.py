"""Steps on what one agent drafts and another approves: FAQ entries and broadcasts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from aiohttp import web
from sqlalchemy.engine import Connection

from bot.privacy import Vault
from desk.keys import AGENT, DESK

T = TypeVar("T")

Form = dict[str, str]
Step = Callable[[T, Connection, Vault, Any, Form], None]
"""Does it to the desk's object with what the maker had seen."""


async def take(
    request: web.Request,
    steps: Mapping[str, Step[T]],
    work: T,
    seen: Callable[[int, str, datetime], Any],
) -> str:
    """Take the step that the path names, and return its name.

    Args:
        request: A form that a page of what is drafted has sent.
        steps: Those that may be taken here, by name.
        work: What the steps are done to.
        seen: Makes what the maker had seen of the version, the agent's id and the moment.

    Raises:
        HTTPNotFound: There is no such step.
    """
    desk, step = request.app[DESK], request.match_info["step"]
    if step not in steps:
        raise web.HTTPNotFound
    form = {key: str(value) for key, value in (await request.post()).items()}
    what = seen(version(form), request[AGENT].id, desk.now())
    await desk.ledger.run(partial(steps[step], work), what, form)
    return step


def version(form: Form) -> int:
    """Return the version that a form saw; one that cannot be read is none that there is."""
    text = form.get("versi", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1


def plain(name: str) -> Step[Any]:
    """Return the step that calls the method of this name."""

    def step(work: Any, connection: Connection, vault: Vault, seen: Any, form: Form) -> None:
        getattr(work, name)(connection, vault, seen)

    return step


def noted(name: str) -> Step[Any]:
    """Return the step that calls the method of this name with the form's note."""

    def step(work: Any, connection: Connection, vault: Vault, seen: Any, form: Form) -> None:
        getattr(work, name)(connection, vault, seen, form.get("catatan", ""))

    return step
