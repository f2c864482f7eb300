"""States come back from the CRM as changes of the ticket."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.ledger.api_clients import Scope
from tests.api.conftest import Enter, Program
from tests.kit import Clock
from tests.ticketing import COMPLAINT, Desk

STATES = frozenset({Scope.STATES})


@pytest.fixture
def crm(enter: Enter) -> Program:
    return enter("crm-djpb", STATES)


async def stand(crm: Program, number: str, version: int, state: str, **more: Any) -> Any:
    body = {"version": version, "state": state, **more}
    return await crm.post(f"/tickets/{number}/state", body)


async def test_a_ticket_follows_the_crm_from_start_to_end(
    crm: Program, desk: Desk, clock: Clock
) -> None:
    number = desk.open()
    answers = [
        await stand(crm, number, 0, "in_progress"),
        await stand(crm, number, 1, "waiting", text="Mohon kirim nomor SPM."),
        await stand(crm, number, 2, "in_progress", text="Sudah kami terima."),
        await stand(crm, number, 3, "resolved", resolution="solved", text="Sudah terbit."),
        await stand(crm, number, 4, "closed"),
        await stand(crm, number, 5, "in_progress"),
    ]
    assert [one.status for one in answers] == [200] * 6
    assert [one.body["state"] for one in answers] == [
        "in_progress", "waiting", "in_progress", "resolved", "closed", "in_progress",
    ]  # fmt: skip
    assert [one.body["version"] for one in answers] == [1, 2, 3, 4, 5, 6]
    events = desk.events(number)
    assert [kind for kind, *_ in events] == [
        "resumed", "reply", "reply", "resolved", "closed", "reopened",
    ]  # fmt: skip
    assert {actor for _, actor, *_ in events} == {"crm"}
    told = [one["text"] for one in desk.told()]
    assert "Mohon kirim nomor SPM." in told[0] and "Sudah terbit." in told[2]


async def test_an_old_version_is_told_how_the_ticket_stands(crm: Program, desk: Desk) -> None:
    number = desk.open()
    desk.do("claim", number)
    refused = await stand(crm, number, 0, "resolved", resolution="solved")
    assert (refused.status, refused.body["code"]) == (409, "changed")
    assert (refused.body["version"], refused.body["state"]) == (1, "in_progress")
    assert desk.row(number).state == "in_progress"


async def test_a_step_that_does_not_exist_is_refused(crm: Program, desk: Desk) -> None:
    number = desk.open()
    refused = await stand(crm, number, 0, "closed")
    assert (refused.status, refused.body["code"]) == (409, "step")
    assert desk.row(number).version == 0


async def test_a_shut_window_is_said_and_nothing_is_changed(
    crm: Program, desk: Desk, clock: Clock
) -> None:
    number = desk.open()
    clock.forward(hours=25)
    refused = await stand(crm, number, 0, "waiting", text="Mohon kirim nomor SPM.")
    assert (refused.status, refused.body["code"]) == (409, "window")
    assert desk.events(number) == []


async def test_the_same_news_twice_is_one_change(crm: Program, desk: Desk) -> None:
    number = desk.open()
    body = {"version": 0, "state": "resolved", "resolution": "informed", "text": "Sudah."}
    path = f"/tickets/{number}/state"
    answers = await asyncio.gather(*(crm.post(path, body, key="s1") for _ in range(5)))
    assert {(one.status, one.body["version"]) for one in answers} == {(200, 1)}
    assert len(desk.told()) == 1


async def test_a_complaint_is_no_matter_of_the_crm(crm: Program, desk: Desk) -> None:
    complaint = desk.open(COMPLAINT)
    known = await stand(crm, complaint, 0, "in_progress")
    unknown = await stand(crm, "20261123-ZZZZZZ", 0, "in_progress")
    assert (known.status, known.body) == (unknown.status, unknown.body)
    assert known.status == 404
    assert desk.events(complaint) == []


@pytest.mark.parametrize(
    ("body", "member"),
    [
        ({"state": "in_progress"}, "version"),
        ({"version": -1, "state": "in_progress"}, "version"),
        ({"version": 10**12, "state": "in_progress"}, "version"),
        ({"version": 0}, "state"),
        ({"version": 0, "state": "new"}, "state"),
        ({"version": 0, "state": "waiting"}, "text"),
        ({"version": 0, "state": "resolved"}, "resolution"),
        ({"version": 0, "state": "resolved", "resolution": "x"}, "resolution"),
        ({"version": 0, "state": "in_progress", "text": "x" * 3501}, "text"),
    ],
)
async def test_what_is_wrong_is_named(
    crm: Program, desk: Desk, body: dict[str, Any], member: str
) -> None:
    refused = await crm.post(f"/tickets/{desk.open()}/state", body)
    assert (refused.status, refused.body["errors"][0]["member"]) == (422, member)
