"""Logs: one line of JSON each, and nothing personal in any part of it."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import structlog

from bot import log as module
from bot.errors import FileLost, TurnFailed

NIK, MAIL, PHONE = "3174012345678901", "siti.aminah@kemenkeu.go.id", "+62 812-3456-7890"
SENTENCE = f"NIK {NIK}, {MAIL}, {PHONE}"
PLANTED = (NIK, MAIL, "812-3456-7890", "81234567890")


@dataclass
class Person:
    nik: str = NIK
    email: str = MAIL


class Unprintable:
    def __repr__(self) -> str:
        raise ValueError(NIK)


Write = Callable[[logging.Logger], object]
Run = Callable[[Write], list[dict[str, Any]]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Write with Nindy's configuration alone (pytest has handlers of its own)."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def _run(write: Write) -> list[dict[str, Any]]:
        stream = io.StringIO()
        monkeypatch.setattr(sys, "stderr", stream)
        module.configure("DEBUG")
        try:
            write(logging.getLogger("bot.test"))
        finally:
            root.handlers[:] = handlers
            root.setLevel(level)
            structlog.reset_defaults()
        return [json.loads(line) for line in stream.getvalue().splitlines()]

    yield _run


def boom() -> None:
    raise ValueError(f"no account of {MAIL}")


def nested() -> None:
    try:
        boom()
    except ValueError as error:
        raise RuntimeError(f"while looking up {NIK}") from error


def caught(log: logging.Logger) -> None:
    try:
        nested()
    except RuntimeError:
        log.exception("failed for %s", PHONE)


@pytest.mark.parametrize(
    "write",
    [
        lambda log: log.info(SENTENCE),
        lambda log: log.info("NIK %s, %s, %s", NIK, MAIL, PHONE),
        lambda log: log.info("NIK %d", int(NIK)),
        lambda log: log.info("%(a)s", {"a": NIK}),
        lambda log: log.info("x", extra={"nik": NIK, "to": MAIL, "phone": PHONE}),
        lambda log: log.info("x", extra={"nik": int(NIK)}),
        lambda log: log.info("x", extra={"who": {"nik": NIK, MAIL: [PHONE, {"n": int(NIK)}]}}),
        lambda log: log.info("x", extra={"who": ({NIK}, (MAIL,), frozenset([PHONE]))}),
        lambda log: log.info("x", extra={"who": Person(), "raw": NIK.encode()}),
        caught,
        lambda log: log.error("x", exc_info=ValueError(NIK)),
        lambda log: log.info(Person()),
    ],
)
def test_nothing_personal_comes_out(run: Run, write: Write) -> None:
    (line,) = run(write)
    text = json.dumps(line, ensure_ascii=False)
    assert not any(marker in text for marker in PLANTED), text
    assert (line["logger"], line["level"] in ("info", "error")) == ("bot.test", True)
    assert line["timestamp"].startswith("20")


@pytest.mark.parametrize(
    "write",
    [
        lambda log: log.info("NIK %d", NIK + "x"),
        lambda log: log.info("%s %s", NIK),
        lambda log: log.info("x", extra={"who": Unprintable()}),
    ],
)
def test_a_broken_line_says_where_it_is_and_nothing_more(run: Run, write: Write) -> None:
    (line,) = run(write)
    assert line["event"] == "log line is broken"
    assert line["at"].startswith("bot.test:")
    assert NIK not in json.dumps(line)


def test_what_is_not_personal_stays(run: Run) -> None:
    extra = {"inbox": 1234567, "outbox": "0a1b2c3d-1234-5678", "ms": 12.5, "failures": 2}
    extra = {**extra, "code": 131047, "ok": True}
    (line,) = run(lambda log: log.warning("turn done", extra=extra))
    assert {**extra, "event": "turn done"}.items() <= line.items()


def test_an_exception_keeps_its_lines(run: Run) -> None:
    (line,) = run(caught)
    assert line["exception"].endswith("RuntimeError")
    assert "in nested" in line["exception"] and "in boom" in line["exception"]
    assert line["exception"].index("ValueError") < line["exception"].index("RuntimeError")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (TurnFailed("TimeoutError"), "TurnFailed: TimeoutError"),
        (OSError(28, "No space left on device"), "OSError: [Errno 28] No space left on device"),
        (KeyError("Siti Aminah"), "KeyError"),
        (ValueError("'Siti Aminah' is not a valid Kind"), "ValueError"),
        (FileLost(), "FileLost"),
    ],
)
def test_only_our_own_exceptions_are_quoted(run: Run, error: Exception, told: str) -> None:
    """What others say may quote what a person wrote: a name is no pattern that could be found."""
    (line,) = run(lambda log: log.error("x", exc_info=error))
    assert line["exception"].splitlines()[-1] == told


def test_structlog_goes_the_same_way(run: Run) -> None:
    (line,) = run(lambda _: structlog.get_logger("bot.x").warning("failed", to=MAIL, code=131047))
    assert (line["event"], line["to"], line["code"]) == ("failed", "<email>", 131047)


def test_libraries_are_quiet(run: Run) -> None:
    def write(_log: logging.Logger) -> None:
        logging.getLogger("rasa.core.processor").info("x")
        logging.getLogger("aiohttp.access").info("x")

    assert run(write) == []


def test_a_log_that_nobody_takes_fails_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = io.StringIO()
    monkeypatch.setattr(sys, "stderr", gone)
    module.configure("INFO")
    gone.close()
    logging.getLogger("bot.test").error("nobody hears this")
