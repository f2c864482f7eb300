"""Forged signatures on the webhook: 20,000 with `make security`, and not one is let in."""

from __future__ import annotations

import ast
import hashlib
import hmac
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from multidict import CIMultiDict

from bot.channels.whatsapp.webhook import LARGEST_BODY, PATH, Webhook
from bot.ledger import tables
from bot.ledger.database import Ledger
from bot.live.wake import Wake
from bot.settings import Settings
from bot.turn.intake import Intake
from tests.conftest import PROJECT
from tests.kit import START, rows, sqlite_ledger
from tests.security.volume import share

SECRET, OLDER, NUMBER = "rahasia-uji", "rahasia-lama", "100000000000001"
HEADER = "X-Hub-Signature-256"
FORGERIES = share(20_000)
Client = TestClient[web.Request, web.Application]
Headers = CIMultiDict[str]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with sqlite_ledger(tmp_path) as made:
        yield made


@pytest.fixture
async def client(ledger: Ledger, tmp_path: Path) -> AsyncIterator[Client]:
    settings = Settings(
        var_dir=tmp_path,
        whatsapp_app_secret=f"{SECRET},{OLDER}",
        whatsapp_verify_token="token-uji",
        whatsapp_phone_number_id=NUMBER,
    )
    app = web.Application(client_max_size=LARGEST_BODY)
    Webhook(settings, Intake(ledger, Wake(), lambda: START), lambda: START).add_to(app)
    async with TestClient(TestServer(app)) as made:
        yield made


def body(number: int) -> bytes:
    message = {
        "id": f"wamid.{number}",
        "from": "6281100000001",
        "timestamp": str(int(START.timestamp())),
        "type": "text",
        "text": {"body": "halo"},
    }
    value = {"metadata": {"phone_number_id": NUMBER}, "messages": [message]}
    entry = {"id": "1", "changes": [{"field": "messages", "value": value}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def seal(raw: bytes, secret: str = SECRET, algorithm: str = "sha256") -> str:
    return hmac.new(secret.encode(), raw, algorithm).hexdigest()


def one(*pairs: tuple[str, str]) -> Headers:
    return CIMultiDict(pairs)


def forge(kind: str, raw: bytes, chance: random.Random) -> tuple[bytes, Headers]:
    """Make what a forger would send, who has seen many bodies and signatures but no secret."""
    good = seal(raw)
    place = chance.randrange(64)
    other = chance.choice([digit for digit in "0123456789abcdef" if digit != good[place]])
    made: dict[str, tuple[bytes, Headers]] = {
        "absent": (raw, one()),
        "empty": (raw, one((HEADER, ""))),
        "blank": (raw, one((HEADER, "   "))),
        "old header alone": (raw, one(("X-Hub-Signature", "sha1=" + seal(raw, SECRET, "sha1")))),
        "no prefix": (raw, one((HEADER, good))),
        "another key": (raw, one((HEADER, "sha256=" + seal(raw, chance.randbytes(8).hex())))),
        "empty key": (raw, one((HEADER, "sha256=" + seal(raw, "")))),
        "both keys as one": (raw, one((HEADER, "sha256=" + seal(raw, f"{SECRET},{OLDER}")))),
        "no key": (raw, one((HEADER, "sha256=" + hashlib.sha256(raw).hexdigest()))),
        "sha1": (raw, one((HEADER, "sha1=" + seal(raw, SECRET, "sha1")))),
        "sha1 under our name": (raw, one((HEADER, "sha256=" + seal(raw, SECRET, "sha1")))),
        "sha512": (raw, one((HEADER, "sha512=" + seal(raw, SECRET, "sha512")))),
        "md5": (raw, one((HEADER, "md5=" + seal(raw, SECRET, "md5")))),
        "truncated": (raw, one((HEADER, "sha256=" + good[:place]))),
        "longer": (raw, one((HEADER, f"sha256={good}{other}"))),
        "one digit": (raw, one((HEADER, f"sha256={good[:place]}{other}{good[place + 1 :]}"))),
        "upper case": (raw, one((HEADER, "sha256=" + (good[:-1] + "a").upper()))),
        "upper prefix": (raw, one((HEADER, "SHA256=" + good))),
        "twice in one": (raw, one((HEADER, f"sha256={'0' * 64}, sha256={good}"))),
        "a wrong one first": (raw, one((HEADER, "sha256=" + "0" * 64), (HEADER, f"sha256={good}"))),
        "a blank more": (raw + b" ", one((HEADER, "sha256=" + good))),
        "a blank inside": (raw.replace(b'":', b'" :', 1), one((HEADER, "sha256=" + good))),
        "a byte less": (raw[:-1], one((HEADER, "sha256=" + good))),
        "another body": (body(chance.randrange(10**9)), one((HEADER, "sha256=" + good))),
        "another member": (raw.replace(b"halo", b"hapu"), one((HEADER, "sha256=" + good))),
        "no body": (b"", one((HEADER, "sha256=" + good))),
        "of the verify token": (raw, one((HEADER, "sha256=" + seal(raw, "token-uji")))),
        "not ascii": (raw, one((HEADER, "sha256=" + "é" * 32))),
    }
    return made[kind]


KINDS = (
    "absent", "empty", "blank", "old header alone", "no prefix", "another key", "empty key",
    "both keys as one", "no key", "sha1", "sha1 under our name", "sha512", "md5", "truncated",
    "longer", "one digit", "upper case", "upper prefix", "twice in one", "a wrong one first",
    "a blank more", "a blank inside", "a byte less", "another body", "another member", "no body",
    "of the verify token", "not ascii",
)  # fmt: skip


async def test_no_forgery_is_let_in(client: Client, ledger: Ledger) -> None:
    chance, statuses = random.Random(10), Counter[int]()
    for number in range(FORGERIES):
        kind = KINDS[number % len(KINDS)]
        raw, headers = forge(kind, body(number), chance)
        async with client.post(PATH, data=raw, headers=headers) as answer:
            assert answer.status in (401, 403), kind
            statuses[answer.status] += 1
    assert sum(statuses.values()) == FORGERIES and set(statuses) == {401, 403}
    for table in (tables.person, tables.conversation, tables.inbox):
        assert rows(ledger, table) == []
    # The door was not simply shut: with either secret it opens.
    for number, secret in enumerate((SECRET, OLDER)):
        raw = body(number)
        headers = {HEADER: "sha256=" + seal(raw, secret)}
        async with client.post(PATH, data=raw, headers=headers) as answer:
            assert answer.status == 200
    assert len(rows(ledger, tables.inbox)) == 2


async def test_an_old_body_that_is_played_again_is_one_message(
    client: Client, ledger: Ledger
) -> None:
    raw = body(1)
    for _ in range(share(500)):
        async with client.post(PATH, data=raw, headers={HEADER: "sha256=" + seal(raw)}) as answer:
            assert answer.status == 200
    assert len(rows(ledger, tables.inbox)) == 1


_SECRET_WORDS = {
    "signature", "secret", "token", "csrf", "seal", "sealed", "hmac", "proof", "verifier", "nonce",
    "challenge", "api_key",
}  # fmt: skip


def unsafe(source: str) -> list[str]:
    """The comparisons of a module that take the longer the more of a secret was guessed."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Compare):
            continue
        sides = [node.left, *node.comparators]
        constant = any(isinstance(side, ast.Constant) for side in sides)
        equal = any(isinstance(operator, ast.Eq | ast.NotEq) for operator in node.ops)
        names = {side.id for side in sides if isinstance(side, ast.Name)}
        names |= {side.attr for side in sides if isinstance(side, ast.Attribute)}
        if equal and not constant and names & _SECRET_WORDS:
            found.append(ast.unparse(node))
    return found


@pytest.mark.parametrize(
    "source", ["signature == given", "given != self.secret", "token == request.query['t']"]
)
def test_an_unsafe_comparison_is_found(source: str) -> None:
    assert unsafe(source) == [source]


def test_secrets_are_compared_in_constant_time() -> None:
    for room in ("bot", "desk", "actions"):
        for path in (PROJECT / room).rglob("*.py"):
            assert unsafe(path.read_text(encoding="utf-8")) == [], path
    source = (PROJECT / "bot/channels/whatsapp/signature.py").read_text(encoding="utf-8")
    assert source.count("hmac.compare_digest(") == 2
