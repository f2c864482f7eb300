"""Which tickets an agent sees, and who may change them: asked by every page and every change."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.ledger.agents import Agent, Role
from bot.ledger.tables import COMPLAINTS, ticket
from bot.privacy import Vault
from bot.tickets.queue import Filter

READERS = (Role.AGENT, Role.UNIT_AGENT, Role.SUPERVISOR, Role.AUDITOR, Role.ADMIN)
"""Who sees tickets that are no complaints."""
SEERS = (*READERS, Role.COMPLAINT_OFFICER)
"""Who sees tickets of any kind."""
WRITERS = (Role.AGENT, Role.UNIT_AGENT, Role.SUPERVISOR, Role.ADMIN, Role.COMPLAINT_OFFICER)
"""Who may change what they see."""
ENDERS = (Role.SUPERVISOR, Role.ADMIN)
"""Who may end what a colleague has taken over."""
OVERSEERS = (Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR)
"""Who sees the numbers of all units."""


def may_see(agent: Agent, service: int | None, unit: str) -> bool:
    """Say whether an agent sees tickets of a service that lie with a unit."""
    if service == COMPLAINTS or agent.role is Role.COMPLAINT_OFFICER:
        return service == COMPLAINTS and agent.role is Role.COMPLAINT_OFFICER
    if agent.role is Role.UNIT_AGENT:
        return bool(agent.unit) and unit == agent.unit
    return True


def may_change(agent: Agent) -> bool:
    """Say whether an agent changes anything at all."""
    return agent.role in WRITERS


def narrow(agent: Agent, wanted: Filter) -> Filter | None:
    """Keep a filter within what the agent sees; None when that is nothing."""
    if agent.role is Role.COMPLAINT_OFFICER:
        return replace(wanted, complaints=True)
    wanted = replace(wanted, complaints=False)
    if agent.role is not Role.UNIT_AGENT:
        return wanted
    if not agent.unit or wanted.unit not in (None, agent.unit):
        return None
    return replace(wanted, unit=agent.unit)


def sees(connection: Connection, vault: Vault, agent: Agent, number: str) -> bool:
    """Say whether there is a ticket of this number that the agent sees."""
    row = connection.execute(
        sa.select(ticket.c.service, ticket.c.unit).where(ticket.c.number == number)
    ).first()
    return row is not None and may_see(agent, row.service, row.unit)
