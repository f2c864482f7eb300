"""What is hostile stays text, and nobody reads another's conversation."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import urlencode

import pytest
from playwright.async_api import expect

from bot.channels.message import Choice
from tests.web.webchat.site import ACCEPT, Browsing, Site, Visitor
from tests.webchat.stage import IDENTITY_KEY, ORIGIN

pytestmark = pytest.mark.browser

HOSTILE = (
    '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>'
    '<a href="javascript:window.pwned=1">x</a> [y](javascript:window.pwned=1) **<b>tebal</b>**'
)


def proof(user_id: str) -> str:
    return hmac.new(IDENTITY_KEY.encode(), user_id.encode(), hashlib.sha256).hexdigest()


def known(user_id: str) -> str:
    return urlencode({"user-id": user_id, "user-name": "Siti", "user-hmac": proof(user_id)})


async def test_html_and_scripts_of_both_sides_are_words(visitor: Visitor, site: Site) -> None:
    await visitor.start()
    await visitor.write(HOSTILE)
    await site.answer(HOSTILE, Choice("<i>miring</i>", "/affirm", "<u>garis</u>"))
    await expect(visitor.button("<i>miring</i> <u>garis</u>")).to_be_visible()
    name = '<img src=x onerror="window.pwned=1">'
    site.push(HOSTILE, site.agent(name))
    await expect(visitor.log.get_by_text(f"Petugas {name}")).to_be_visible()
    await expect(visitor.message("<script>window.pwned=1</script>")).to_have_count(3)
    for found in ("img", "script", "b", "i", "u", "a"):
        await expect(visitor.log.locator(found)).to_have_count(0)
    assert await visitor.page.evaluate("window.pwned") is None


async def test_a_forged_token_begins_anew_and_shows_nothing_of_before(
    visitor: Visitor, site: Site
) -> None:
    visitor.expected = ("401",)
    await visitor.start()
    await visitor.write("punya saya")
    await visitor.delivered("punya saya", "Terkirim")
    # The same token with its seal altered, as one who guesses would show it.
    await visitor.page.evaluate(
        """() => {
          const name = Object.keys(localStorage).find(key => key.endsWith(":session"));
          const kept = JSON.parse(localStorage.getItem(name));
          const last = kept.token.slice(-2, -1) === "A" ? "B" : "A";
          kept.token = kept.token.slice(0, -2) + last + kept.token.slice(-1);
          localStorage.setItem(name, JSON.stringify(kept));
        }"""
    )
    await visitor.page.reload()
    await visitor.write("mulai lagi")
    await visitor.delivered("mulai lagi", "Terkirim")
    await expect(visitor.message("punya saya")).to_have_count(0)


async def test_a_token_taken_from_another_site_opens_nothing(visitor: Visitor, site: Site) -> None:
    visitor.expected = ("403",)
    other = await site.door.visitor(ORIGIN)
    await other.say("rahasia orang lain")
    await visitor.start()
    await visitor.page.evaluate(
        """token => {
          const name = Object.keys(localStorage).find(key => key.endsWith(":session"));
          const kept = JSON.parse(localStorage.getItem(name));
          localStorage.setItem(name, JSON.stringify({...kept, token}));
        }""",
        other.token,
    )
    # A GET of the same origin has no Origin header; a POST has.
    await visitor.write("titip pesan")
    await expect(visitor.message("titip pesan")).to_contain_text("hai.kemenkeu.go.id")
    assert await other.texts() == ["rahasia orang lain"]


async def test_one_user_of_the_host_site_never_sees_anothers_talk(
    browsing: Browsing, site: Site, host: str
) -> None:
    context = await browsing.context()
    visitor = await browsing.visitor(context)
    visitor.edge = host
    await visitor.start(f"/?{known('siti')}")
    await visitor.write("rahasia Siti")
    await visitor.delivered("rahasia Siti", "Terkirim")
    # Somebody else signs in on the same computer.
    await visitor.visit(f"/?{known('budi')}")
    await visitor.button(ACCEPT).click()
    await visitor.write("saya Budi")
    await visitor.delivered("saya Budi", "Terkirim")
    await expect(visitor.message("rahasia Siti")).to_have_count(0)
    # And nobody at all, after signing out.
    await visitor.visit("/")
    await expect(visitor.button(ACCEPT)).to_be_visible()
    await expect(visitor.message("saya Budi")).to_have_count(0)
    # Siti finds hers again, on whatever computer.
    elsewhere = await browsing.visitor()
    elsewhere.edge = host
    await elsewhere.start(f"/?{known('siti')}")
    await expect(elsewhere.message("rahasia Siti")).to_be_visible()


async def test_a_wrong_proof_makes_a_stranger(browsing: Browsing, site: Site, host: str) -> None:
    siti = await browsing.visitor()
    siti.edge = host
    await siti.start(f"/?{known('siti')}")
    await siti.write("rahasia Siti")
    await siti.delivered("rahasia Siti", "Terkirim")
    thief = await browsing.visitor()
    thief.edge, thief.expected = host, ("422",)
    forged = urlencode({"user-id": "siti", "user-name": "Siti", "user-hmac": "0" * 64})
    await thief.start(f"/?{forged}")
    await thief.write("saya Siti, sungguh")
    await thief.delivered("saya Siti", "Terkirim")
    await expect(thief.message("rahasia Siti")).to_have_count(0)


async def test_a_site_that_is_not_on_the_list_is_shown_the_other_doors(
    browsing: Browsing, site: Site, host: str
) -> None:
    visitor = await browsing.visitor()
    visitor.edge, visitor.expected = host, ("403", "CORS", "net::ERR")
    await visitor.page.route(
        "**/webchat/messages*",
        lambda route: route.fulfill(
            status=403,
            headers={"Access-Control-Allow-Origin": host},
            json={"error": "origin"},
        ),
    )
    await visitor.visit()
    await visitor.launcher.click()
    await visitor.button(ACCEPT).click()
    await expect(visitor.page.get_by_text("tidak dapat dipakai dari halaman ini")).to_be_visible()
    await expect(visitor.page.get_by_role("link", name="hai.djpb@kemenkeu.go.id")).to_be_visible()
