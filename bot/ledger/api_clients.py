"""Programs that may use the API: who they are, their secrets, and what they may do.

A secret has 256 random bits, so the ledger keeps a keyed hash of it: there is nothing to guess
that a slow hash would protect. It ends with a tag that only this installation can make, so what is
no secret of ours is known without a look into the ledger. A rotated secret stays good for `GRACE`,
so that a program can be given the new one without a gap.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.ledger import subscribers
from bot.ledger.database import insert_once
from bot.ledger.tables import api_client, audit, subscriber
from bot.privacy import Vault

GRACE = timedelta(hours=24)
"""How long the secret before a rotation stays good."""
_TAG = 12
"""Characters at a secret's end that say that we made it."""
_KEY, _MARK = 64, 16
"""Hex digits of a secret's hash, and those that an access token shows of it."""
_ID = re.compile(r"[a-z0-9][a-z0-9-]{1,30}[a-z0-9]")


class Scope(str, Enum):
    """What a program may do."""

    WRITE = "tickets:write"
    """Open tickets, write on its own, rate them."""
    READ = "tickets:read"
    """Read its own tickets."""
    READ_ALL = "tickets:read_all"
    """Read every ticket but complaints, and hear of each."""
    COMPLAINTS = "complaints:write"
    """Open complaints, and read its own."""
    STATES = "states:write"
    """Say how a ticket stands in the CRM."""


@dataclass(frozen=True)
class Client:
    """A program.

    Attributes:
        id: Chosen when it is added; never changes and is never used again.
        name: What agents see.
        scopes: What it may do.
        disabled: Whether it is refused.
        url: Where its webhooks go; empty for none.
    """

    id: str
    name: str
    scopes: frozenset[Scope]
    disabled: bool
    url: str


def id_allowed(id: str) -> bool:
    """Say whether an id can be chosen: 3 to 32 of a-z, 0-9 and dash; the CRM's is taken."""
    return bool(_ID.fullmatch(id)) and id != subscribers.CRM


def add(
    connection: Connection,
    vault: Vault,
    id: str,
    name: str,
    scopes: frozenset[Scope],
    url: str,
    now: datetime,
) -> tuple[str, str] | None:
    """Make a client; return its secret and that of its webhooks (empty without a URL).

    Returns:
        None when the id is taken.
    """
    secret = _new_secret(vault, id)
    values = {
        "id": id,
        "name": name,
        "scopes": sorted(scope.value for scope in scopes),
        "secret_key": _key(vault, id, secret),
        "old_key": "",
        "created_at": now,
    }
    if not insert_once(connection, api_client, values):
        return None
    write_down(connection, "client_added", id, now)
    signing = ""
    if url:
        hears = (Scope.READ_ALL in scopes, Scope.COMPLAINTS in scopes)
        signing = subscribers.put(connection, vault, id, url, *hears)
    return secret, signing


def rotate(connection: Connection, vault: Vault, id: str, keep_old: bool, now: datetime) -> str:
    """Give a client another secret and return it; the present one goes at once or after `GRACE`."""
    secret = _new_secret(vault, id)
    present = connection.execute(
        sa.select(api_client.c.secret_key).where(api_client.c.id == id).with_for_update()
    ).scalar_one()
    connection.execute(
        api_client.update()
        .where(api_client.c.id == id)
        .values(
            secret_key=_key(vault, id, secret),
            old_key=present if keep_old else "",
            old_until=now + GRACE if keep_old else None,
        )
    )
    write_down(connection, "client_rotated", id, now)
    return secret


def change(
    connection: Connection,
    vault: Vault,
    id: str,
    scopes: frozenset[Scope],
    url: str,
    now: datetime,
) -> str:
    """Let a client do other things, or hear elsewhere.

    Returns:
        The secret of its webhooks if it had none before, else nothing.
    """
    values = sorted(scope.value for scope in scopes)
    connection.execute(api_client.update().where(api_client.c.id == id).values(scopes=values))
    write_down(connection, "client_changed", id, now)
    hears = (Scope.READ_ALL in scopes, Scope.COMPLAINTS in scopes)
    return subscribers.put(connection, vault, id, url, *hears) if url else ""


def set_disabled(
    connection: Connection, vault: Vault, id: str, disabled: bool, now: datetime
) -> None:
    """Refuse a client from the next request on, or let it in again; its webhooks follow."""
    moment = now if disabled else None
    for table in (api_client, subscriber):
        connection.execute(table.update().where(table.c.id == id).values(disabled_at=moment))
    write_down(connection, "client_disabled" if disabled else "client_enabled", id, now)


def find(connection: Connection, vault: Vault, id: str) -> Client | None:
    """Find a client by its id."""
    row = connection.execute(_every().where(api_client.c.id == id)).first()
    return None if row is None else _of_row(row)


def every(connection: Connection, vault: Vault) -> list[Client]:
    """List all clients by id."""
    return [_of_row(row) for row in connection.execute(_every().order_by(api_client.c.id))]


def is_ours(vault: Vault, id: str, secret: str) -> bool:
    """Say whether we once made this secret for this id, be it good or not."""
    tag = _tag(vault, id, secret[:-_TAG])
    return hmac.compare_digest(tag.encode(), secret[-_TAG:].encode())


def by_secret(
    connection: Connection, vault: Vault, id: str, secret: str, now: datetime
) -> tuple[Client, str] | None:
    """Return a client that shows its secret, and the secret's mark; None for all others."""
    return _with(connection, id, _key(vault, id, secret), _KEY, now)


def by_mark(
    connection: Connection, vault: Vault, id: str, mark: str, now: datetime
) -> Client | None:
    """Return a client while the secret with this mark is good."""
    found = _with(connection, id, mark, _MARK, now)
    return found[0] if found else None


def write_down(connection: Connection, kind: str, id: str | None, now: datetime) -> None:
    """Add a line to the audit trail."""
    connection.execute(audit.insert().values(at=now, kind=kind, client_id=id))


def note(connection: Connection, vault: Vault, kind: str, id: str, now: datetime) -> None:
    """Add a line to the audit trail; the id of a client that does not exist is left out."""
    known = connection.execute(sa.select(api_client.c.id).where(api_client.c.id == id)).scalar()
    write_down(connection, kind, known, now)


def _with(
    connection: Connection, id: str, key: str, length: int, now: datetime
) -> tuple[Client, str] | None:
    row = connection.execute(_every().where(api_client.c.id == id)).first()
    kept = (row.secret_key, row.old_key) if row is not None else ("", "")
    # Both are compared in any case, and as long for a client that does not exist.
    is_present, is_old = (
        hmac.compare_digest(key.encode(), one[:length].encode().ljust(length)) for one in kept
    )
    if row is None or row.disabled_at is not None:
        return None
    if is_present or (is_old and row.old_until is not None and now < row.old_until):
        return _of_row(row), key[:_MARK]
    return None


def _every() -> Any:
    return sa.select(api_client, subscriber.c.url).outerjoin(
        subscriber, subscriber.c.id == api_client.c.id
    )


def _of_row(row: Any) -> Client:
    return Client(
        id=row.id,
        name=row.name,
        scopes=frozenset(Scope(scope) for scope in row.scopes),
        disabled=row.disabled_at is not None,
        url=row.url or "",
    )


def _new_secret(vault: Vault, id: str) -> str:
    drawn = secrets.token_urlsafe(32)
    return drawn + _tag(vault, id, drawn)


def _tag(vault: Vault, id: str, drawn: str) -> str:
    return vault.key("api-tag", id, drawn)[:_TAG]


def _key(vault: Vault, id: str, secret: str) -> str:
    return vault.key("api-secret", id, secret)
