"""Sessions: signed by us, bound to their origin, renewed, ended; nobody gets into another's."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta

import pytest

from bot.channels.webchat import tokens
from bot.ledger import tables
from bot.ledger.database import Ledger
from bot.ledger.tickets import Content, NewTicket, open_ticket
from bot.tickets.life import ChangeRefused, Resolution
from bot.tickets.record import Seen
from bot.tickets.sheet import read_sheet
from tests.desk.conftest import add
from tests.kit import START, Clock, answer, rows
from tests.ticketing import CHANGES, TAKEOVER
from tests.webchat.stage import IDENTITY_KEY, ORIGIN, OTHER_ORIGIN, WORDS, Door, Visitor

READING = [
    ("GET", "/messages"), ("GET", "/events"), ("GET", "/transcript"),
    ("POST", "/messages"), ("POST", "/seen"), ("POST", "/ratings"), ("DELETE", "/sessions"),
]  # fmt: skip


def proof(user_id: str, key: str = IDENTITY_KEY) -> str:
    return hmac.new(key.encode(), user_id.encode(), hashlib.sha256).hexdigest()


def user(user_id: str, name: str = "Siti Aminah") -> dict[str, str]:
    return {"id": user_id, "name": name, "hmac": proof(user_id)}


async def test_a_session_is_random_and_lasts_a_day(door: Door, clock: Clock) -> None:
    seen = set()
    for _ in range(3):
        answer = await Visitor(door).call("POST", "/sessions")
        assert answer.status == 201
        seen.add(answer.json["session_id"])
        expires = datetime.fromisoformat(answer.json["expires_at"])
        assert expires == clock() + timedelta(hours=24)
    assert len(seen) == 3
    assert all(len(one) == 22 for one in seen)


@pytest.mark.parametrize(("method", "path"), READING)
async def test_nothing_is_had_without_a_good_token(
    door: Door, visitor: Visitor, ledger: Ledger, method: str, path: str
) -> None:
    body, _, seal = visitor.token.rpartition(".")
    parts = visitor.token.split(".")
    other = await door.visitor()
    wrong = [
        "",
        "x",
        visitor.session_id,
        body + "." + "A" * 43,
        f"{other.session_id}.{'.'.join(parts[1:])}",
        f"{parts[0]}.9999999999.{parts[2]}.{seal}",
        visitor.token + "x",
        tokens.issue(b"another key", visitor.session_id, ORIGIN, START),
        tokens.issue(door.chat.token_key, tokens.new_session_id(), ORIGIN, START),
        tokens.issue(door.chat.token_key, visitor.session_id, ORIGIN, START - timedelta(hours=24)),
    ]
    good = visitor.token
    for token in wrong:
        answer = await visitor.call(method, path, headers={"Authorization": f"Bearer {token}"})
        assert (answer.status, answer.error) == (401, "token"), token
    visitor.token = ""
    assert (await visitor.call(method, path)).status == 401
    # What the client fills in names no session.
    query = {"session_id": other.session_id, "token": good}
    assert (await visitor.call(method, path, params=query, json=query)).status == 401
    answer = await visitor.call(method, path, headers={"Authorization": f"Basic {good}"})
    assert (answer.status, answer.error) == (401, "token")
    assert rows(ledger, tables.inbox) == []


@pytest.mark.parametrize(("method", "path"), [*READING, ("POST", "/sessions"), ("GET", "/config")])
@pytest.mark.parametrize(
    "origin",
    ["https://jahat.contoh.com", "null", "", ORIGIN + ".jahat.com", ORIGIN.replace("s:", ":")],
)
async def test_pages_that_are_not_listed_get_nothing(
    visitor: Visitor, ledger: Ledger, method: str, path: str, origin: str
) -> None:
    answer = await visitor.call(method, path, headers={"Origin": origin})
    assert (answer.status, answer.error) == (403, "origin")
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert len(rows(ledger, tables.chat_session)) == 1


@pytest.mark.parametrize(("method", "path"), [*READING, ("POST", "/sessions")])
async def test_a_token_is_for_the_pages_it_was_issued_for(
    door: Door, visitor: Visitor, method: str, path: str
) -> None:
    answer = await visitor.call(method, path, headers={"Origin": OTHER_ORIGIN})
    assert (answer.status, answer.error) == (403, "origin")
    nobodys = await door.visitor(origin=None)
    assert (await nobodys.call(method, path, headers={"Origin": ORIGIN})).status == 403


async def test_a_request_of_no_other_site_is_let_in(door: Door, visitor: Visitor) -> None:
    # Browsers send no Origin with a GET to their own.
    visitor.origin = None
    assert (await visitor.poll())["messages"] == []
    plain = await door.visitor(origin=None)
    assert (await plain.say()).status == 202


async def test_preflight_and_answers_name_the_page(visitor: Visitor) -> None:
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    answer = await visitor.call("OPTIONS", "/messages", headers=asked)
    assert answer.status == 204
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    assert "DELETE" in answer.headers["Access-Control-Allow-Methods"]
    wrong = await visitor.call("OPTIONS", "/messages", headers={**asked, "Origin": "https://x.id"})
    assert wrong.status == 403
    for path in ("/messages", "/config"):
        answer = await visitor.call("GET", path)
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert "Origin" in answer.headers["Vary"]
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "Set-Cookie" not in answer.headers


async def test_past_half_its_life_a_token_is_followed_by_a_fresh_one(
    door: Door, visitor: Visitor, clock: Clock
) -> None:
    old = visitor.token
    assert "X-Nindy-Token" not in (await visitor.say("satu")).headers
    clock.forward(hours=13)
    answer = await visitor.say("dua")
    assert "X-Nindy-Token" in answer.headers["Access-Control-Expose-Headers"]
    visitor.token = answer.headers["X-Nindy-Token"]
    assert "X-Nindy-Token" not in (await visitor.say("tiga")).headers
    refused = await visitor.call("GET", "/messages", headers={"Origin": OTHER_ORIGIN})
    assert refused.status == 403
    fresh, visitor.token = visitor.token, old
    assert await visitor.texts() == ["satu", "dua", "tiga"]
    clock.forward(hours=12)
    assert (await visitor.say("empat")).status == 401
    visitor.token = fresh
    assert await visitor.texts() == ["satu", "dua", "tiga"]


async def test_a_token_is_renewed_for_the_same_session(visitor: Visitor, clock: Clock) -> None:
    await visitor.say("halo")
    before = visitor.session_id
    clock.forward(hours=20)
    assert await visitor.begin() == 201
    clock.forward(hours=20)
    assert visitor.session_id == before
    assert await visitor.texts() == ["halo"]
    clock.forward(hours=20)
    assert await visitor.begin() == 401


async def test_the_notice_that_was_accepted_is_in_the_audit_trail(
    door: Door, ledger: Ledger
) -> None:
    visitor = await door.visitor(notice=WORDS.notice_version)
    assert await visitor.begin(notice=WORDS.notice_version) == 201
    assert await visitor.begin() == 201
    assert await visitor.begin(notice="2027-01-01") == 201
    kinds = [row.kind for row in rows(ledger, tables.audit, tables.audit.c.id)]
    assert kinds == [f"notice {WORDS.notice_version}", "notice 2027-01-01"]
    for wrong in ("<x>", "x" * 14, 5):
        assert await visitor.begin(notice=wrong) == 422


async def test_a_known_user_has_one_conversation_wherever_they_come_from(
    door: Door, ledger: Ledger
) -> None:
    desktop = await door.visitor(user=user("pegawai-7"))
    phone = await door.visitor(user=user("pegawai-7"), origin=OTHER_ORIGIN)
    assert desktop.session_id != phone.session_id
    await desktop.say("dari meja")
    assert await phone.texts() == ["dari meja"]
    other = await door.visitor(user=user("pegawai-8"))
    assert await other.texts() == []
    person = rows(ledger, tables.person)[0]
    assert ledger.vault.open(person.sealed_address)["name"] == "Siti Aminah"
    assert "pegawai-7" not in str(rows(ledger, tables.person))


@pytest.mark.parametrize(
    "given",
    [
        {"id": "pegawai-7", "name": "x", "hmac": proof("pegawai-8")},
        {"id": "pegawai-7", "name": "x", "hmac": proof("pegawai-7", "kunci lain")},
        {"id": "pegawai-7", "name": "x", "hmac": ""},
        {"id": "pegawai-7", "name": "x", "hmac": "é" * 64},
        {"id": "pegawai-7", "name": "x"},
        {"id": "pegawai-7", "name": "x", "hmac_verified": True, "hmac": None},
        {"id": "", "name": "x", "hmac": proof("")},
        {"id": "x" * 101, "name": "x", "hmac": proof("x" * 101)},
        {"id": ["pegawai-7"], "name": "x", "hmac": proof("pegawai-7")},
        "pegawai-7",
    ],
)
async def test_nobody_becomes_a_user_without_the_hosts_proof(
    door: Door, ledger: Ledger, given: object
) -> None:
    answer = await Visitor(door).call("POST", "/sessions", json={"user": given})
    assert (answer.status, answer.error) == (422, "invalid")
    assert rows(ledger, tables.person) == []


async def test_without_a_key_nobody_is_vouched_for(door: Door) -> None:
    assert tokens.vouched(IDENTITY_KEY.encode(), "a", proof("a").upper())
    assert not tokens.vouched(b"", "a", proof("a", ""))


async def test_nobody_goes_on_with_the_talk_of_who_sat_here_before(door: Door) -> None:
    visitor = await door.visitor(user=user("pegawai-7"))
    await visitor.say("rahasia saya")
    first = visitor.session_id
    assert await visitor.begin(user=user("pegawai-7")) == 201
    assert visitor.session_id == first
    for next_one in ({"user": user("pegawai-8")}, {}):
        mine = visitor.token
        assert await visitor.begin(**next_one) == 201
        assert visitor.session_id != first
        assert await visitor.texts() == []
        visitor.token = mine
    stranger = await door.visitor()
    before = stranger.session_id
    assert await stranger.begin(user=user("pegawai-7")) == 201
    assert stranger.session_id != before


async def test_who_is_forgotten_leaves_nothing_but_tickets(
    door: Door, visitor: Visitor, ledger: Ledger
) -> None:
    tab = Visitor(door, ORIGIN, visitor.token, visitor.session_id)
    other = await door.visitor()
    await other.say("pesan orang lain")
    answer(ledger, "jawaban orang lain")
    conversation = visitor.conversation()
    await visitor.say("NIK saya 3171234567890123")
    work = answer(ledger, "Baik, Kak", events=[{"event": "user", "text": "NIK saya"}])
    content = Content("SP2D tertahan", "Sudah dua hari", "Siti", "siti@contoh.go.id", "")
    new = NewTicket("20261123-ABC234", "tanya_nindy", 2, content, START, START)
    ledger.transact(open_ticket, new, conversation, work.claim.inbox_id, "webchat")
    await visitor.say("belum dijawab")
    await visitor.call("POST", "/ratings", json={"value": 5})
    assert (await visitor.call("DELETE", "/sessions")).status == 204
    for page in (visitor, tab):
        assert (await page.call("GET", "/messages")).status == 401
        assert await page.begin() == 401
    assert await other.texts() == ["pesan orang lain", "jawaban orang lain"]
    of_visitor = [
        row
        for table in (tables.inbox, tables.outbox, tables.turn, tables.chat_session)
        for row in rows(ledger, table)
        if row.conversation_id == conversation
    ]
    assert len(of_visitor) == 1  # The message that the ticket points to, without its words.
    assert ledger.vault.open(of_visitor[0].sealed_body) == {"text": ""}
    person = next(
        row for row in rows(ledger, tables.person) if ledger.vault.open(row.sealed_address) == {}
    )
    assert person.user_key is None
    kept = ledger.transact(read_sheet, "20261123-ABC234")
    assert kept is not None and kept.content.subject == "SP2D tertahan"
    assert kept.said == []
    assert [row.kind for row in rows(ledger, tables.audit)] == ["forgotten"]
    assert rows(ledger, tables.chat_rating) == []


async def test_a_message_that_arrives_while_the_visitor_is_forgotten_is_erased_too(
    door: Door, visitor: Visitor, ledger: Ledger
) -> None:
    store = door.chat.intake.store

    async def forget_first(delivery):  # type: ignore[no-untyped-def]
        from bot.ledger import chat_sessions

        await ledger.run(chat_sessions.forget, visitor.conversation(), START)
        return await store(delivery)

    door.chat.intake.store = forget_first  # type: ignore[method-assign]
    assert (await visitor.say("terlambat")).status == 401
    assert rows(ledger, tables.inbox) == []


async def test_the_widget_is_told_what_it_must_know(door: Door, clock: Clock) -> None:
    answer = await Visitor(door).call("GET", "/config")
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    found = answer.json
    assert found["words"] == WORDS.widget
    assert found["notice"] == {"version": WORDS.notice_version, "text": WORDS.notice}
    assert found["hours"] == {"open": True, "text": WORDS.hours["open"]}
    assert found["limits"]["text"] == 4000
    names = [one["name"] for one in found["channels"]]
    assert "Whatsapp" in names and "Web Chat" not in names
    clock.forward(hours=8)
    hours = (await Visitor(door).call("GET", "/config")).json["hours"]
    assert not hours["open"]
    assert "Selasa, 24 November 2026 pukul 08.00 WIB" in hours["text"]
    clock.forward(days=9999)
    assert (await Visitor(door).call("GET", "/config")).json["hours"] == {"open": False, "text": ""}


async def test_agents_cannot_answer_who_was_forgotten_and_are_told(
    door: Door, visitor: Visitor, ledger: Ledger
) -> None:
    conversation = visitor.conversation()
    content = Content("SP2D tertahan", "Sudah dua hari", "Siti", "siti@contoh.go.id", "")
    new = NewTicket("20261123-ABC234", "tanya_nindy", 2, content, START, START)
    ledger.transact(open_ticket, new, conversation, None, "webchat")
    agent = add(ledger)
    seen = Seen("20261123-ABC234", None, f"agent:{agent.id}", START)
    ledger.transact(CHANGES.reply, seen, "Sudah kami periksa")
    await visitor.call("DELETE", "/sessions")
    for deed in (
        lambda: ledger.transact(CHANGES.reply, seen, "Masih di sana?"),
        lambda: ledger.transact(TAKEOVER.take_over, seen),
    ):
        with pytest.raises(ChangeRefused, match="gone"):
            deed()
    ledger.transact(CHANGES.resolve, seen, Resolution.INFORMED, "Sudah")
    assert rows(ledger, tables.outbox) == []
