"""Logs: one line of JSON each, an event with its fields, personal data taken out last."""

from __future__ import annotations

import contextlib
import logging
import sys
import traceback
from collections.abc import Iterator, MutableMapping
from contextvars import ContextVar
from typing import Any

import structlog

from bot.errors import NindyError
from bot.privacy import redact

_SHORT = 100_000
"""A number below is a count or a code, not somebody's."""

Event = MutableMapping[str, Any]
_trace: ContextVar[str] = ContextVar("trace", default="")
_QUIET = (
    "rasa",
    "apscheduler",
    "matplotlib",
    "tensorflow",
    "absl",
    "asyncio",
    "aiohttp.access",
    "alembic",
)


def configure(level: str) -> None:
    """Send all logs to standard error as JSON; Rasa's own only from WARNING on.

    Rasa copies data for its debug lines even when nobody reads them, so they are filtered before
    they are made.
    """
    numeric = logging.getLevelName(level)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        processors=[structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = _Stream(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_logger_name,
                structlog.stdlib.add_log_level,
                structlog.stdlib.ExtraAdder(),
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                _tell_exception,
                _add_trace,
                _redact,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(numeric)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, numeric))


@contextlib.contextmanager
def trace(name: str) -> Iterator[None]:
    """Put a name on every line of what is inside: one message, from the webhook to its answer."""
    token = _trace.set(name)
    try:
        yield
    finally:
        _trace.reset(token)


def _add_trace(_logger: Any, _method: str, event: Event) -> Event:
    if name := _trace.get():
        event.setdefault("trace", name)
    return event


def told(error: BaseException) -> str:
    """Return what a log may say of an exception.

    Ours hold no personal data, and those of the system speak of files and hosts. What others quote
    may be what a person wrote: of them it is the type alone.
    """
    name = type(error).__name__
    return f"{name}: {error}" if isinstance(error, (NindyError, OSError)) and str(error) else name


def _tell_exception(_logger: Any, _method: str, event: Event) -> Event:
    given = event.pop("exc_info", None)
    error = given[1] if isinstance(given, tuple) else given
    if given is True:
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        event["exception"] = "\n\nand then\n\n".join(reversed([*_links(error)]))
    return event


def _links(error: BaseException) -> Iterator[str]:
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        frames = "".join(traceback.format_tb(link.__traceback__))
        yield f"Traceback (most recent call last):\n{frames}{told(link)}"
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


class _Stream(logging.StreamHandler):  # type: ignore[type-arg]
    def handleError(self, record: logging.LogRecord) -> None:
        """Say which line could not be written; logging's own report would print its values."""
        where = f"{record.name}:{record.lineno}"
        line = f'{{"level": "error", "event": "log line is broken", "at": "{where}"}}\n'
        # Where nobody takes the log any more, what was to be logged must not fail for it.
        with contextlib.suppress(OSError, ValueError):
            self.stream.write(line)


_SAFE = {
    *("timestamp", "level", "logger"),
    *("trace", "request_id", "outbox", "inbox", "attachment", "code", "ms", "milliseconds"),
}


def _redact(_logger: Any, _method: str, event: Event) -> Event:
    return {name: value if name in _SAFE else _clean(value) for name, value in event.items()}


def _clean(value: Any) -> Any:
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, int):
        return value if abs(value) < _SHORT else redact(str(value))
    if isinstance(value, dict):
        return {redact(str(key)): _clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_clean(item) for item in value]
    return redact(value if isinstance(value, str) else repr(value))
