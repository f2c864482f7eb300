"""Guessing at look-ups: 10,000 guesses from 1, 10 and 1,000 senders with `make security`.

The guesses go to the real actions, the real clients and the sandbox's systems; only Rasa, which
has no part in it, is left out (`tests/conversations` plays a few of them through the whole turn).
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import services as action_services
from actions.akun_digit import AkunDigit
from actions.base import Turn
from actions.info_sp2d import InfoSp2d
from actions.lacak_tiket import LacakTiket
from actions.lookup import Lookup
from actions.register_kontrak import RegisterKontrak
from actions.reset_sakti import ResetSakti
from actions.services import Services
from actions.status_supplier import StatusSupplier
from bot.channels.message import Inbound, Kind, Sender
from bot.ledger import alarms, chat_sessions, misses, people
from bot.ledger.claims import Claim
from bot.ledger.database import Ledger
from bot.ledger.misses import NUMBER_WINDOW, OF_NUMBER, OF_PERSON, PERSON_WINDOW
from bot.ledger.unit_of_work import UnitOfWork
from bot.settings import Settings
from sandbox.app import create_app
from tests.kit import START, sqlite_ledger
from tests.security.volume import share
from tests.ticketing import Desk

GUESSES = share(10_000)
HOUR = timedelta(hours=1)
SP2D, ACCOUNT = "260261301000123", "0012345678901"
CONTRACT, SATKER = "001/PPK/2026", "527010"
NIK, NIKS_SATKER = "3171014508900001", "527010"
NIP, ADDRESS = "198508122010121001", "siti@contoh.go.id"
MISSED = {"utter_tidak_ditemukan", "utter_digit_email_tidak_cocok"}
PAUSED = {"utter_jeda", "utter_jeda_nomor"}
Slots = dict[str, str]
Guess = tuple[type[Lookup], Slots]


@dataclass
class Attack:
    """Puts guesses and remembers what was said to whom, and what the systems were asked."""

    ledger: Ledger
    services: Services
    asked: Counter[str] = field(default_factory=Counter)
    now: datetime = START
    messages: int = 0
    said: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    people: dict[object, str] = field(default_factory=dict)
    missed_at: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))

    async def put(self, who: object, guess: Guess) -> str:
        """Look something up as somebody; return the sentence's name."""
        action, slots = guess
        conversation = self.person(who)
        message = Inbound("whatsapp", "1", "x", Sender(user_id=str(who)), self.now, Kind.TEXT)
        self.messages += 1
        claim = Claim(self.messages, conversation, 0, None, None, message, 1, 0, self.now)
        work, heard = UnitOfWork(claim, self.now), CollectingDispatcher()
        tracker = Tracker(conversation, slots, {}, [], False, None, {}, "")
        await action(self.services).act(Turn(self.services, work, heard, tracker))
        self.ledger.transact(misses.record, conversation, work.misses, self.now)
        for number in work.misses:
            self.missed_at[number].append(self.now)
        (said,) = heard.messages
        # The moment of a pause is the person's own; all else must be the same for everybody.
        shown = {name: value for name, value in said.items() if name != "sampai"}
        self.said[str(said["response"]) + action.category].add(repr(sorted(shown.items(), key=str)))
        return str(said["response"])

    def person(self, who: object) -> str:
        if who not in self.people:
            sender = Sender(user_id=f"ID.{who}")
            self.people[who] = self.ledger.transact(
                people.find_or_create, "whatsapp", sender, START
            )
        return self.people[who]

    def visitor(self, who: str) -> str:
        """Make somebody of web chat whom nobody knows."""
        self.ledger.transact(chat_sessions.make, who, None, START)
        found = self.ledger.transact(chat_sessions.find, who)
        assert found is not None
        self.people[who] = found.conversation_id
        return who


@pytest_asyncio.fixture
async def attack(tmp_path: Path) -> AsyncIterator[Attack]:
    asked: Counter[str] = Counter()

    @web.middleware
    async def count(request: web.Request, handler: Callable[..., Any]) -> web.StreamResponse:
        asked[request.path] += 1
        answer: web.StreamResponse = await handler(request)
        return answer

    app = create_app(
        webhook_url="http://127.0.0.1:9/", app_secret="s", access_token="t", phone_number_id="1"
    )
    app.middlewares.insert(0, count)
    server = TestServer(app)
    await server.start_server()
    base = str(server.make_url("")).rstrip("/")
    urls = {f"{system}_url": f"{base}/{system}" for system in ("span", "sakti", "digit")}
    with sqlite_ledger(tmp_path) as ledger:
        async with aiohttp.ClientSession() as session:
            made = Attack(ledger, None, asked)  # type: ignore[arg-type]
            made.services = action_services.build(
                Settings(var_dir=tmp_path, **urls), ledger, session, lambda: made.now
            )
            yield made
    await server.close()


def digits(chance: random.Random, length: int) -> str:
    return "".join(chance.choices("0123456789", k=length))


def guess(chance: random.Random) -> Guess:
    """Guess at something: a half that is right, or nothing."""
    account, nik, address = digits(chance, 13), digits(chance, 16), f"{digits(chance, 6)}@x.go.id"
    number = digits(chance, 15)
    wish = chance.choice(["status", "email", "aktivasi", "reset", "buka_blokir"])
    reset = chance.choice(["password", "mfa"])
    return chance.choice(
        [
            (InfoSp2d, {"nomor_sp2d": SP2D, "nomor_rekening": account}),
            (InfoSp2d, {"nomor_sp2d": number, "nomor_rekening": ACCOUNT}),
            (InfoSp2d, {"nomor_sp2d": number, "nomor_rekening": account}),
            (StatusSupplier, {"tipe_supplier": "2", "nomor_rekening": account}),
            (StatusSupplier, {"tipe_supplier": "6", "nomor_rekening": ACCOUNT}),
            (RegisterKontrak, {"kode_satker": "111111", "nomor_kontrak": CONTRACT}),
            (RegisterKontrak, {"kode_satker": SATKER, "nomor_kontrak": f"{number}/PPK/2026"}),
            (AkunDigit, {"digit_layanan": wish, "identitas": NIP, "email_digit": address}),
            (AkunDigit, {"digit_layanan": wish, "identitas": nik, "email_digit": ADDRESS}),
            (ResetSakti, {"sakti_layanan": reset, "nik": NIK, "kode_satker": "111111"}),
            (ResetSakti, {"sakti_layanan": reset, "nik": nik, "kode_satker": NIKS_SATKER}),
            (LacakTiket, {"nomor_tiket": f"20261123-{digits(chance, 6)}"}),
        ]
    )


RIGHT: tuple[tuple[Guess, str], ...] = (
    ((InfoSp2d, {"nomor_sp2d": SP2D, "nomor_rekening": ACCOUNT}), "utter_hasil_sp2d"),
    (
        (AkunDigit, {"digit_layanan": "status", "identitas": NIP, "email_digit": ADDRESS}),
        "utter_digit_aktif",
    ),
)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("senders", [1, 10, 1000])
async def test_guesses_find_nothing_are_slowed_down_and_hold_nobody_else_up(
    attack: Attack, senders: int
) -> None:
    chance, said = random.Random(senders), Counter[str]()
    Desk(attack.ledger).open()
    for number in range(GUESSES):
        attack.now = START + number * HOUR / GUESSES
        said[await attack.put(number % senders, guess(chance))] += 1
        if number % (GUESSES // 20) == 0:
            # Somebody honest, who may mistype once, is served all the while.
            for at, (right, answer) in enumerate(RIGHT):
                assert await attack.put(f"honest {number} {at}", right) == answer
    # Nothing was confirmed, and every category says one and the same to all.
    assert set(said) <= MISSED | PAUSED, said
    for name, sentences in attack.said.items():
        if not name.startswith(("utter_hasil", "utter_digit_aktif")):
            assert len(sentences) == 1, sentences
    # Nobody asks more than five things in a quarter of an hour.
    quarters = int(HOUR / PERSON_WINDOW)
    asked = said["utter_tidak_ditemukan"] + said["utter_digit_email_tidak_cocok"]
    assert asked <= senders * OF_PERSON * quarters
    # And no number more often than ten times, but once more for each who is known to us.
    for number, moments in attack.missed_at.items():
        assert not number or len(moments) <= OF_NUMBER + senders
    standing = {one.word: one for one in attack.ledger.transact(alarms.standing)}
    assert standing, "the desk was not told"
    held = [moments for number, moments in attack.missed_at.items() if number in (SP2D, NIP, NIK)]
    tenth = min((one[OF_NUMBER - 1] for one in held if len(one) >= OF_NUMBER), default=None)
    if tenth is not None:
        assert standing["lookup_number"].raised_at <= tenth
    if senders == 1:
        assert standing["lookup_person"].raised_at - START < HOUR
    if senders == 1000:
        assert "lookup_many" in standing


async def test_a_half_that_is_right_costs_what_a_wrong_one_costs(attack: Attack) -> None:
    """The same questions go to the outside systems, so that time tells nothing of ours either."""
    chance, costs = random.Random(1), defaultdict(set)
    for number in range(share(2_000)):
        attack.now += NUMBER_WINDOW
        action, slots = guess(chance)
        if slots.get("tipe_supplier") or action is LacakTiket:
            continue
        before = Counter(attack.asked)
        assert await attack.put(number, (action, slots)) in MISSED
        wish = slots.get("digit_layanan", "")
        costs[action.category + wish].add(tuple((attack.asked - before).items()))
    assert len(costs) == 8
    for asked in costs.values():
        assert len(asked) == 1 and [times for _, times in next(iter(asked))] == [1]


async def test_a_number_that_was_burnt_still_opens_for_its_owner(attack: Attack) -> None:
    right, answer = RIGHT[0]
    wrong: Guess = (InfoSp2d, {"nomor_sp2d": SP2D, "nomor_rekening": "9" * 13})
    for number in range(share(500)):
        attack.now = START + number * HOUR / share(500)
        await attack.put(f"burner {number // 2 % 100}", wrong)
    assert await attack.put("owner", right) == answer
    assert await attack.put("owner", right) == answer
    # Visitors of web chat can be made without end, and none of them has a try of its own.
    assert await attack.put(attack.visitor("nobody"), right) == "utter_jeda_nomor"
    assert await attack.put("burner 0", right) in PAUSED


async def test_paused_is_paused_whether_the_pair_is_right_or_wrong(attack: Attack) -> None:
    right, _ = RIGHT[0]
    for number in range(OF_PERSON):
        wrong: Guess = (
            InfoSp2d,
            {"nomor_sp2d": digits(random.Random(number), 15), "nomor_rekening": ACCOUNT},
        )
        assert await attack.put("x", wrong) in MISSED
    before = Counter(attack.asked)
    assert await attack.put("x", right) == "utter_jeda"
    assert attack.asked == before
