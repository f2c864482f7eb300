"""Who is told of tickets: programs with a webhook, and the CRM."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.ledger.database import insert_once
from bot.ledger.tables import subscriber
from bot.privacy import Vault

CRM = "crm"
"""The subscriber whose address is in the settings."""
GRACE = timedelta(hours=24)
"""How long events are signed with the secret before a rotation too."""


def put(
    connection: Connection,
    vault: Vault,
    id: str,
    url: str,
    hears_all: bool,
    hears_complaints: bool,
) -> str:
    """Add or change a webhook; return the secret that signs its events when it is new."""
    secret = secrets.token_urlsafe(32)
    about = {"url": url, "hears_all": hears_all, "hears_complaints": hears_complaints}
    new = {"id": id, "sealed_secrets": vault.seal([[secret, None]]), **about}
    if insert_once(connection, subscriber, new):
        return secret
    connection.execute(subscriber.update().where(subscriber.c.id == id).values(**about))
    return ""


def rotate(connection: Connection, vault: Vault, id: str, keep_old: bool, now: datetime) -> str:
    """Make another signing secret and return it; with the old one kept, both sign for `GRACE`."""
    sealed = connection.execute(
        sa.select(subscriber.c.sealed_secrets).where(subscriber.c.id == id).with_for_update()
    ).scalar_one()
    secret, until = secrets.token_urlsafe(32), (now + GRACE).isoformat()
    old = [[vault.open(sealed)[0][0], until]] if keep_old else []
    connection.execute(
        subscriber.update()
        .where(subscriber.c.id == id)
        .values(sealed_secrets=vault.seal([[secret, None], *old]))
    )
    return secret


def signing(vault: Vault, sealed: bytes, now: datetime) -> tuple[str, ...]:
    """Return the secrets that sign now, the newest first."""
    return tuple(
        secret
        for secret, until in vault.open(sealed)
        if until is None or now < datetime.fromisoformat(until)
    )


def set_crm(connection: Connection, vault: Vault, on: bool, now: datetime) -> None:
    """Let the CRM hear of every ticket but complaints, or of none."""
    insert_once(
        connection,
        subscriber,
        {"id": CRM, "url": "", "sealed_secrets": vault.seal([]), "hears_all": True},
    )
    connection.execute(
        subscriber.update().where(subscriber.c.id == CRM).values(disabled_at=None if on else now)
    )
