"""The CRM keeps each ticket once, in its newest version."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest


async def push(sandbox: Any, number: Any, version: Any, **more: Any) -> int:
    body = {"number": number, "version": version, **more}
    answer = await sandbox.client.post("/crm/tickets", json=body)
    return int(answer.status)


async def test_a_ticket_is_kept_once_in_its_newest_version(sandbox: Any) -> None:
    assert await push(sandbox, "A", 0, state="new") == 201
    assert await push(sandbox, "A", 2, state="closed") == 200
    assert await push(sandbox, "A", 1, state="resolved") == 200
    assert await push(sandbox, "A", 2, state="closed") == 200
    kept = await sandbox.get("/sandbox/crm")
    assert kept == {"tickets": [{"number": "A", "version": 2, "state": "closed"}], "pushes": 4}
    assert (await sandbox.get("/sandbox/stats"))["crm_tickets"] == 1
    await sandbox.client.post("/sandbox/reset")
    assert (await sandbox.get("/sandbox/crm"))["tickets"] == []


@pytest.mark.parametrize(("number", "version"), [(1, 0), ("A", "0"), ("A", None), (None, 0)])
async def test_what_is_no_ticket_is_invalid(sandbox: Any, number: Any, version: Any) -> None:
    assert await push(sandbox, number, version) == 422
    assert (await sandbox.client.post("/crm/tickets", data=b"[]")).status == 422


async def test_a_ticket_may_be_taken_and_the_answer_lost(sandbox: Any) -> None:
    await sandbox.fault(crm={"kind": "accept_then_drop", "times": 1})
    with pytest.raises(aiohttp.ClientError):
        await push(sandbox, "A", 0)
    assert len((await sandbox.get("/sandbox/crm"))["tickets"]) == 1
    assert await push(sandbox, "A", 0) == 200
