"""`nindy whatsapp …` against the sandbox's account: what is in order, and what is to be mended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.broadcast.texts import BroadcastTexts
from bot.channels.whatsapp import checkup
from bot.channels.whatsapp.account import Account
from bot.channels.whatsapp.webhook import PATH, Webhook
from bot.settings import Settings
from bot.templates import Templates
from sandbox.app import WORLD, create_app
from sandbox.envelope import ACCOUNT
from tests.conftest import PROJECT
from tests.kit import START

BROADCASTS = BroadcastTexts.load(PROJECT / "data/whatsapp/broadcast.yml").every
OURS = [
    *Templates.load(PROJECT / "data/whatsapp/templates.yml").every,
    *(one.approved for one in BROADCASTS),
]
FIRST = OURS[0].name
TOKEN = "rights and term of the token"
NUMBER, SECRET = "100000000000001", "rahasia-uji"


@dataclass
class House:
    """The sandbox, our webhook, and the settings that join them."""

    settings: Settings
    session: aiohttp.ClientSession
    sandbox: TestServer

    @property
    def world(self) -> Any:
        return self.sandbox.app[WORLD]

    async def mend(self, token: str = SECRET, **settings: Any) -> dict[str, str]:
        """Run the whole check; return what is to be mended."""
        changed = self.settings.copy(update=settings)
        account = Account(self.session, changed.whatsapp_api_url, token)
        found = await checkup.check_account(self.session, changed, account, OURS)
        assert SECRET not in "".join(map(str, found))
        return {one.about: one.text for one in found if not one.good}


@pytest.fixture
async def house() -> AsyncIterator[House]:
    values = {"whatsapp_app_secret": SECRET, "whatsapp_verify_token": SECRET}
    edge = web.Application()
    settings = Settings(whatsapp_access_token=SECRET, **values)
    Webhook(settings, None, lambda: START).add_to(edge)  # type: ignore[arg-type]
    async with TestServer(edge) as server:
        made = create_app(
            webhook_url=str(server.make_url(PATH)),
            app_secret=SECRET,
            access_token=SECRET,
            phone_number_id=NUMBER,
        )
        async with TestServer(made) as sandbox, aiohttp.ClientSession() as session:
            url = str(sandbox.make_url("/graph/v26.0"))
            yield House(settings.copy(update={"whatsapp_api_url": url}), session, sandbox)


async def test_the_sandboxs_account_is_in_order_and_has_our_templates(house: House) -> None:
    assert await house.mend() == {}


async def test_a_wrong_token_is_named_everywhere_and_never_shown(house: House) -> None:
    found = await house.mend(token="lain")
    assert set(found) == {"token and number", TOKEN, "subscription", "templates"}
    assert all("NINDY_WHATSAPP_ACCESS_TOKEN" in mend for mend in found.values())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"expires_at": 1790420400}, "it ends on 2026-09-26"),
        ({"data_access_expires_at": 1790420400}, "it ends on 2026-09-26"),
        ({"is_valid": False}, "make a new system user's token"),
        ({"scopes": ["whatsapp_business_messaging"]}, "user whatsapp_business_management, then"),
        ({"scopes": []}, "whatsapp_business_messaging and whatsapp_business_management"),
        ({"scopes": None, "is_valid": None}, "make a new system user's token"),
    ],
)
async def test_a_token_that_ends_or_may_not_do_all_is_named(
    house: House, change: dict[str, Any], words: str
) -> None:
    house.world.account.about_token.update(change)
    found = await house.mend()
    assert list(found) == [TOKEN] and words in found[TOKEN]


async def test_a_subscription_of_another_app_is_named(house: House) -> None:
    house.world.account.about_token["app_id"] = "400000000000002"
    found = await house.mend()
    assert list(found) == ["subscription"] and "not the token's" in found["subscription"]
    house.world.account.about_token["app_id"] = None
    assert await house.mend() == {}


async def test_a_wrong_number_and_a_wrong_account_are_named(house: House) -> None:
    found = await house.mend(whatsapp_phone_number_id="1")
    assert list(found) == ["token and number"]
    assert "NINDY_WHATSAPP_PHONE_NUMBER_ID" in found["token and number"]
    found = await house.mend(whatsapp_account_id="1")
    assert "NINDY_WHATSAPP_ACCOUNT_ID" in found["templates"]


async def test_a_verify_token_that_differs_is_named(house: House) -> None:
    found = await house.mend(whatsapp_verify_token=Settings().whatsapp_verify_token)
    assert list(found) == ["webhook"] and "NINDY_WHATSAPP_VERIFY_TOKEN" in found["webhook"]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (None, "enter https://<host>/webhooks/whatsapp"),
        ("http://nindy.contoh.go.id/webhooks/whatsapp", "https://"),
        ("http://127.0.0.1:9/webhooks/whatsapp", "look at address"),
        ("graph", "something else answers"),
    ],
)
async def test_a_webhook_that_cannot_be_reached_is_named(
    house: House, url: str | None, words: str
) -> None:
    if url == "graph":
        url = str(house.sandbox.make_url("/"))
    house.world.account._webhook = url
    assert words in (await house.mend())["webhook"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"status": "PAUSED"}, "it is PAUSED"),
        ({"status": "PENDING"}, "it is PENDING"),
        ({"category": "MARKETING"}, "Meta counts it as MARKETING"),
        ({"components": []}, "its words differ"),
        ({"components": [{"type": "BODY", "text": OURS[0].body}]}, "its words differ"),
        ({"components": "odd"}, "its quick reply must be 'Lihat balasan'"),
        ({"language": "en"}, "submit it"),
    ],
)
async def test_a_template_that_differs_is_named(
    house: House, change: dict[str, Any], words: str
) -> None:
    house.world.templates._all[0].update(change)
    found = await house.mend()
    assert list(found) == [f"template {FIRST} (id)"]
    assert words in found[f"template {FIRST} (id)"]


async def test_a_button_that_we_do_not_know_is_named(house: House) -> None:
    forwarded = next(one for one in OURS if not one.button)
    (held,) = (one for one in house.world.templates._all if one["name"] == forwarded.name)
    held["components"].append({"type": "BUTTONS", "buttons": [{"type": "URL", "text": "x"}]})
    assert (await house.mend())[f"template {forwarded.name} (id)"] == "it has buttons"


async def test_every_page_is_read(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    account = Account(house.session, house.settings.whatsapp_api_url, SECRET)
    at_once = await account.templates(ACCOUNT)
    monkeypatch.setattr("bot.channels.whatsapp.account._PAGE", 2)
    assert await account.templates(ACCOUNT) == at_once
    assert {one.name for one in OURS} <= {one["name"] for one in at_once}


async def test_a_graph_api_that_is_away_or_answers_nonsense(house: House) -> None:
    found = await house.mend(whatsapp_api_url="http://127.0.0.1:9/v26.0")
    assert all("Meta does not answer" in mend for mend in found.values()) and len(found) == 4
    found = await house.mend(whatsapp_api_url=str(house.sandbox.make_url("/static/phone.html")))
    assert len(found) == 4
