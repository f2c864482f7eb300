"""Answers to requests that carry an ``Idempotency-Key``: given once, repeated when asked again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.errors import ApiRefused
from bot.ledger.database import insert_once
from bot.ledger.tables import api_answer
from bot.privacy import Vault


@dataclass(frozen=True)
class Asked:
    """A request that changes something.

    Attributes:
        client_id: Who asks.
        key: Its ``Idempotency-Key``.
        content: Method, path and body in one text, the same for the same request.
    """

    client_id: str
    key: str
    content: str


@dataclass(frozen=True)
class Answer:
    """What was answered: HTTP status and JSON, and whether it was given before."""

    status: int
    body: dict[str, Any]
    repeated: bool = False


Act = Callable[[Connection, Vault], Answer]


def find(connection: Connection, vault: Vault, asked: Asked) -> Answer | None:
    """Return the answer that a request got before.

    Raises:
        ApiRefused: ``key_reused``: the key stands for another request.
    """
    row = connection.execute(
        sa.select(api_answer).where(api_answer.c.answer_key == _key(vault, asked))
    ).first()
    if row is None:
        return None
    if row.request_key != _request(vault, asked):
        raise ApiRefused(422, "key_reused", "Use another Idempotency-Key for another request.")
    return Answer(row.status, vault.open(row.sealed_body), repeated=True)


def once(connection: Connection, vault: Vault, asked: Asked, now: datetime, act: Act) -> Answer:
    """Act, or return the answer of the time before; of two at once the second waits.

    An act that raises is undone with its key, so it can be asked again.

    Raises:
        ApiRefused: ``key_reused``, or what `act` raises.
    """
    values = {
        "answer_key": _key(vault, asked),
        "request_key": _request(vault, asked),
        "status": 0,
        "sealed_body": b"",
        "at": now,
    }
    if not insert_once(connection, api_answer, values):
        earlier = find(connection, vault, asked)
        assert earlier is not None  # noqa: S101  the key that forbade ours is committed
        return earlier
    answer = act(connection, vault)
    connection.execute(
        api_answer.update()
        .where(api_answer.c.answer_key == values["answer_key"])
        .values(status=answer.status, sealed_body=vault.seal(answer.body))
    )
    return answer


def _key(vault: Vault, asked: Asked) -> str:
    return vault.key("idempotency", asked.client_id, asked.key)


def _request(vault: Vault, asked: Asked) -> str:
    return vault.key("api-request", asked.content)
