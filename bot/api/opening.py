"""Opening a ticket for another program: read, routed and written as the bot does it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from bot import routing
from bot.api.parts import Api
from bot.api.reading import Members
from bot.channels.message import Sender
from bot.errors import ApiRefused
from bot.ledger import api_tickets, people, tickets
from bot.ledger.api_answers import Answer
from bot.ledger.api_clients import Client, Scope
from bot.ledger.api_tickets import Sight
from bot.ledger.deliveries import API as CHANNEL
from bot.ledger.tables import COMPLAINTS
from bot.ledger.tickets import LENGTHS, Content, NewTicket, Reason
from bot.privacy import Vault
from bot.routing import Candidates

log = logging.getLogger(__name__)

MEMBERS = (
    *("subject", "chronology", "name", "email", "satker", "group", "service"),
    *("reference", "person"),
)
_LONGEST_REFERENCE = 100
_JUDGE_SECONDS = 3.0
_CHANNELS = 3
"""Channels that are named to who is sent elsewhere."""


@dataclass(frozen=True)
class Told:
    """What a program tells of a ticket; the group is the catalogue's, 1..13."""

    content: Content
    group: int
    service: int | None


def read(api: Api, members: Members) -> Told:
    """Read the members; `Members.checked` then says what is wrong with them."""
    catalogue = api.catalogue
    content = Content(
        subject=members.text("subject", *LENGTHS["subject"]),
        chronology=members.text("chronology", *LENGTHS["chronology"], lines=True),
        name=members.field("name", "nama"),
        email=members.field("email", "email"),
        satker=members.text("satker", *LENGTHS["satker"], required=False),
        reference=members.text("reference", 1, _LONGEST_REFERENCE, required=False),
        person=members.text("person", 1, _LONGEST_REFERENCE, required=False),
    )
    group = members.number("group", [one.number for one in catalogue.groups])
    service = members.number("service", [one.number for one in catalogue.services], False)
    return Told(content, group or 0, service)


async def candidates(api: Api, told: Told) -> Candidates:
    """Ask the matcher where a ticket belongs whose service is not named."""
    if told.service is not None:
        return ()
    text = f"{told.content.subject}\n{told.content.chronology}"
    try:
        return await asyncio.wait_for(api.judge(text), _JUDGE_SECONDS)
    except Exception as error:
        # Who sorts tickets will do it.
        log.warning("a ticket could not be routed: %s", type(error).__name__)
        return ()


def route(api: Api, told: Told, found: Candidates, sight: Sight) -> int | None:
    """Return the service of a ticket; None is sorted by a person.

    Raises:
        ApiRefused: ``complaints_elsewhere``, or ``group_not_served`` with who is served and where
            this group may turn.
    """
    catalogue = api.catalogue
    service = told.service or routing.choose(found, catalogue.auto_route)
    if service == COMPLAINTS and Scope.COMPLAINTS not in sight.scopes:
        known = routing.open_channels(catalogue, "hai", _CHANNELS)
        channels = [{"name": one.name, "addresses": list(one.addresses)} for one in known]
        raise ApiRefused(403, "complaints_elsewhere", channels=channels)
    if routing.shut_out(catalogue, service, told.group) and service is not None:
        served = [one for one in catalogue.groups if catalogue.may_ask(one.number, service)]
        doors = catalogue.doors(told.group, service)
        raise ApiRefused(
            403,
            "group_not_served",
            service=service,
            groups_served=[{"number": one.number, "name": one.name} for one in served],
            turn_to=[{"number": one.number, "name": one.name} for one in doors],
        )
    return service


def open_ticket(
    connection: Connection,
    vault: Vault,
    api: Api,
    client: Client,
    told: Told,
    found: Candidates,
    service: int | None,
) -> Answer:
    """Write the ticket in a conversation of its own, and show it."""
    now = api.now()
    new = NewTicket(
        number=tickets.new_number(now),
        category=CHANNEL,
        service=service,
        content=told.content,
        created_at=now,
        due_at=api.calendar.due(now, api.catalogue.hours(service)),
        unit=api.catalogue.unit(service),
        candidates=tuple(found),
        user_group=told.group,
        client_id=client.id,
        reason=Reason.WISHED,
    )
    # What one person writes about two matters never mixes, and what is said to them has a ticket.
    whose = Sender(user_id=f"{client.id}:{new.number}", name=client.name)
    conversation_id = people.find_or_create(connection, vault, CHANNEL, whose, now)
    tickets.open_ticket(connection, vault, new, conversation_id, None, CHANNEL)
    sight = Sight(client.id, client.scopes)
    row = api_tickets.find(connection, vault, sight, new.number, own_only=True)
    return Answer(201, api_tickets.shown(vault, row))
