"""Logs: one line of JSON each, an event with its fields, personal data taken out last."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from bot.privacy import redact

Event = MutableMapping[str, Any]
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
    numeric = logging.getLevelName(level.upper())
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        processors=[structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
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
                structlog.processors.format_exc_info,
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


_SAFE = ("timestamp", "level", "logger", "request_id", "outbox", "inbox", "ms", "milliseconds")


def _redact(_logger: Any, _method: str, event: Event) -> Event:
    return {
        name: value if name in _SAFE or not isinstance(value, str) else redact(value)
        for name, value in event.items()
    }
