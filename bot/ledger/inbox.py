"""Messages that came in: written once, claimed in order, finished with their turn."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.channels.message import Inbound, Kind, Sender
from bot.ledger import attachments, fetches, positions
from bot.ledger.crowd import find_or_create_all
from bot.ledger.database import insert_all_once, insert_once, some_at_once
from bot.ledger.tables import Moment, conversation, inbox
from bot.privacy import Vault

T = TypeVar("T")
log = logging.getLogger(__name__)

_UNREADABLE = timedelta(minutes=1)
_PENDING, _DEAD = sa.text("inbox.state = 'pending'"), sa.text("inbox.state = 'dead'")
"""Written out, so that the partial indexes serve them."""

# Statements for every message are made once, which is most of what they cost.
_KNOWN = sa.select(inbox.c.message_key).where(
    inbox.c.message_key.in_(sa.bindparam("keys", expanding=True))
)
_ID = sa.select(inbox.c.id).where(inbox.c.message_key == sa.bindparam("key"))

_THIS = conversation.update().where(conversation.c.id == sa.bindparam("whose"))
_COUNT = inbox.update().where(inbox.c.id == sa.bindparam("which")).values(claims=inbox.c.claims + 1)
_NOW = sa.bindparam("now", type_=Moment)
_OLDEST_FREE = (
    sa.select(inbox.c.conversation_id)
    .join(conversation, conversation.c.id == inbox.c.conversation_id)
    .where(
        _PENDING,
        sa.or_(conversation.c.lease_until.is_(None), conversation.c.lease_until <= _NOW),
        sa.or_(conversation.c.not_before.is_(None), conversation.c.not_before <= _NOW),
    )
    .order_by(inbox.c.sent_at, inbox.c.id)
    .limit(1)
    .with_for_update(skip_locked=True, of=conversation)
)
_OLDEST_OF = (
    sa.select(
        inbox,
        conversation.c.version,
        conversation.c.sealed_state,
        conversation.c.last_turn_at,
        conversation.c.holder_id,
        conversation.c.notice,
    )
    .join(conversation, conversation.c.id == inbox.c.conversation_id)
    .where(inbox.c.conversation_id == sa.bindparam("whose"), _PENDING)
    .order_by(inbox.c.sent_at, inbox.c.id)
    .limit(1)
)

PENDING, DONE, DEAD, SILENT = "pending", "done", "dead", "silent"


@dataclass(frozen=True)
class Claim:
    """A message that this worker may answer, with the conversation as it stands.

    Attributes:
        inbox_id: The message's row.
        conversation_id: Whose turn it is.
        version: The conversation's version; the commit compares it.
        state: The dialogue's short state, or None at the beginning.
        last_turn_at: When the last turn was committed.
        message: The message.
        claims: How often it has been claimed, this time included.
        failures: How often its turn failed.
        holder_id: The agent who has taken the conversation over, if one has.
        matter: What the message was written about, when the conversation was taken over since.
        received_at: When it was stored.
        notice: The version of the privacy notice that was shown in the conversation, if one was.
        trace: The message's name in the log.
    """

    inbox_id: int
    conversation_id: str
    version: int
    state: dict[str, Any] | None
    last_turn_at: datetime | None
    message: Inbound
    claims: int
    failures: int
    received_at: datetime
    holder_id: str | None = None
    matter: str | None = None
    notice: str = ""
    trace: str = ""


def trace_of(message_key: str) -> str:
    """Return a message's name in the log: enough of its key to be found, and of no other use."""
    return message_key[:12]


def key_of(vault: Vault, message: Inbound) -> str:
    """Return the key under which a message is stored once."""
    return vault.key("message", message.channel, message.account, message.external_id)


def receive(
    connection: Connection, vault: Vault, messages: Sequence[Inbound], now: datetime
) -> list[bool]:
    """Store messages under their unique keys; say of each whether it is new.

    All go in with few statements, since one for each of a thousand messages would cost a second.
    Of one of several that another transaction stores at this very moment both may say that it is
    new; it is stored once.
    """
    keys = [key_of(vault, message) for message in messages]
    new = dict[str, Inbound]()
    for key, message in zip(keys, messages, strict=True):
        new.setdefault(key, message)
    for some in some_at_once(list(new)):
        for known in connection.execute(_KNOWN, {"keys": some}).scalars():
            del new[known]
    senders = [(message.channel, message.sender) for message in new.values()]
    whose = find_or_create_all(connection, vault, senders, now)
    # Before the files: it holds the conversations, so no file comes with two messages.
    places = positions.allot_all(connection, whose, now)
    rows = []
    for (key, message), conversation_id, place in zip(
        list(new.items()), whose, places, strict=True
    ):
        if message.media is None and not message.attachments:
            rows.append(_row(vault, key, message, conversation_id, place, now))
            continue
        _insert(connection, rows, new)
        rows.clear()
        files = attachments.brought(connection, message, conversation_id)
        brings = replace(message, media=None, attachments=files)
        _insert(connection, [_row(vault, key, brings, conversation_id, place, now)], new)
        if files and key in new:
            _bring(connection, vault, key, message, files, conversation_id, now)
    _insert(connection, rows, new)
    # Of a message that comes twice in here the first is new.
    return [new.pop(key, None) is not None for key in keys]


def _insert(connection: Connection, rows: list[dict[str, Any]], new: dict[str, Inbound]) -> None:
    if len(rows) > 1:
        insert_all_once(connection, inbox, rows)
    elif rows and not insert_once(connection, inbox, rows[0]):
        del new[rows[0]["message_key"]]


def _bring(
    connection: Connection,
    vault: Vault,
    key: str,
    message: Inbound,
    files: tuple[str, ...],
    conversation_id: str,
    now: datetime,
) -> None:
    inbox_id = connection.execute(_ID, {"key": key}).scalar_one()
    if message.media is None:
        attachments.bind(connection, inbox_id, files)
    else:
        fetches.expect(connection, vault, files[0], conversation_id, inbox_id, message, now)


def _row(
    vault: Vault, key: str, message: Inbound, conversation_id: str, position: int, now: datetime
) -> dict[str, Any]:
    return {
        "message_key": key,
        "conversation_id": conversation_id,
        "position": position,
        "sent_at": message.sent_at,
        "received_at": now,
        "sealed_body": vault.seal(_to_json(message)),
        "state": SILENT if message.kind is Kind.SILENT else PENDING,
        "claims": 0,
        "failures": 0,
    }


def keep(
    connection: Connection, vault: Vault, message: Inbound, conversation_id: str, now: datetime
) -> int:
    """Store a message that no turn is to answer, because it belongs to a ticket; return its row."""
    key = vault.key("message", message.channel, message.account, message.external_id)
    kept = connection.execute(
        inbox.insert().values(
            message_key=key,
            conversation_id=conversation_id,
            position=positions.allot(connection, conversation_id, now),
            sent_at=message.sent_at,
            received_at=now,
            sealed_body=vault.seal(_to_json(message)),
            state=DONE,
            claims=0,
            failures=0,
            finished_at=now,
        )
    )
    return int(kept.inserted_primary_key[0])


def claim(
    connection: Connection, vault: Vault, owner: str, now: datetime, lease: timedelta
) -> Claim | None:
    """Lease the conversation whose waiting message is the oldest, and return that message.

    A leased conversation, or one that rests after a failed turn, is passed over as a whole, so
    nobody's messages are answered out of order.
    """
    while (conversation_id := _lock_oldest(connection, now)) is not None:
        row = connection.execute(_OLDEST_OF, {"whose": conversation_id}).first()
        if row is None:
            continue  # Answered by somebody else between our look and our lock.
        try:
            state = vault.open(row.sealed_state) if row.sealed_state else None
            message = _from_json(vault.open(row.sealed_body))
        except Exception:
            # Nobody else waits for a message that cannot be read.
            log.exception("message cannot be read", extra={"inbox": row.id})
            rest = now + _UNREADABLE
            connection.execute(_THIS, {"whose": conversation_id, "not_before": rest})
            continue
        leased = {"lease_owner": owner, "lease_until": now + lease}
        connection.execute(_THIS, {"whose": conversation_id, **leased})
        connection.execute(_COUNT, {"which": row.id})
        return Claim(
            inbox_id=row.id,
            conversation_id=conversation_id,
            version=row.version,
            state=state,
            last_turn_at=row.last_turn_at,
            message=message,
            claims=row.claims + 1,
            failures=row.failures,
            received_at=row.received_at,
            holder_id=row.holder_id,
            matter=row.matter,
            notice=row.notice,
            trace=trace_of(row.message_key),
        )
    return None


def _lock_oldest(connection: Connection, now: datetime) -> str | None:
    found: str | None = connection.execute(_OLDEST_FREE, {"now": now}).scalar()
    return found


def give_back(
    connection: Connection, vault: Vault, claimed: Claim, owner: str, not_before: datetime | None
) -> None:
    """End the lease of a turn that was undone, if it is still ours.

    Args:
        connection: The open transaction.
        vault: Unused.
        claimed: What was claimed.
        owner: Who claimed it.
        not_before: After a failure, which is counted, the conversation rests until then; None
            when the turn was only lost to a change from outside and is to be done again.
    """
    ended = connection.execute(
        conversation.update()
        .where(conversation.c.id == claimed.conversation_id, conversation.c.lease_owner == owner)
        .values(lease_owner=None, lease_until=None, not_before=not_before)
    )
    if ended.rowcount and not_before is not None:
        connection.execute(
            inbox.update()
            .where(inbox.c.id == claimed.inbox_id)
            .values(failures=inbox.c.failures + 1)
        )


def release(connection: Connection, vault: Vault, owners: list[str]) -> int:
    """End the leases of owners that are known to be dead; return how many there were."""
    freed = connection.execute(
        conversation.update()
        .where(conversation.c.lease_owner.in_(owners))
        .values(lease_owner=None, lease_until=None)
    )
    return int(freed.rowcount)


def owners(connection: Connection, vault: Vault) -> list[str]:
    """Return everybody who holds a lease for which a message waits."""
    rows = connection.execute(
        sa.select(conversation.c.lease_owner)
        .join(inbox, inbox.c.conversation_id == conversation.c.id)
        .where(_PENDING, conversation.c.lease_owner.is_not(None))
        .distinct()
    )
    return [str(row.lease_owner) for row in rows]


def dead_letters(connection: Connection, vault: Vault) -> int:
    """Count the messages that no turn could answer."""
    return int(
        connection.execute(sa.select(sa.func.count()).select_from(inbox).where(_DEAD)).scalar_one()
    )


def waiting(connection: Connection, vault: Vault) -> int:
    """Count the messages that wait for their turn."""
    return int(
        connection.execute(
            sa.select(sa.func.count()).select_from(inbox).where(_PENDING)
        ).scalar_one()
    )


def _to_json(message: Inbound) -> dict[str, Any]:
    return {
        **vars(message),
        "sender": vars(message.sender),
        "sent_at": message.sent_at.isoformat(),
        "kind": message.kind.value,
    }


def _from_json(body: dict[str, Any]) -> Inbound:
    return _made(
        Inbound,
        {
            **body,
            "sender": _made(Sender, body["sender"]),
            "sent_at": datetime.fromisoformat(body["sent_at"]),
            "kind": Kind(body["kind"]),
            "attachments": tuple(body.get("attachments", ())),
        },
    )


def _made(shape: type[T], values: dict[str, Any]) -> T:
    # An edge of a newer version may have stored more than this version has a field for.
    names = {field.name for field in fields(shape)}  # type: ignore[arg-type]
    return shape(**{name: value for name, value in values.items() if name in names})
