"""A site with the widget: the real door behind it, and hands to use it as a visitor does."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from bot.channels.message import Choice
from bot.clock import now
from bot.ledger import agents, inbox
from bot.ledger.agents import Role
from bot.ledger.tables import conversation, outbox
from tests.kit import until
from tests.web.test_desk_day import AXE
from tests.webchat.stage import Door

SECONDS = 10
ACCEPT, BOX, SEND = "Saya mengerti, mulai", "Tulis pesan", "Kirim"
LAUNCHER = "Tanya Nindy"
WIDE = {"width": 1280, "height": 800}


@dataclass
class Later:
    """The time, which a test may let pass."""

    passed: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return now() + self.passed


class Site:
    """The door, and those who answer behind it."""

    def __init__(self, door: Door, edge: str, clock: Later) -> None:
        self.door, self.edge, self.clock = door, edge, clock
        self.ledger = door.ledger

    async def answer(self, text: str, *choices: Choice) -> None:
        """Nindy answers the oldest message, once it has come."""
        await until(lambda: self.ledger.transact(inbox.waiting))
        self.door.answer(text, choices=choices)

    def agent(self, name: str = "Budi Santoso") -> str:
        made = self.ledger.transact(agents.add, "budi", name, Role.AGENT, "", "no password", now())
        return str(made.id)

    def push(self, text: str, agent_id: str | None = None) -> None:
        """Somebody writes to the only visitor without being asked."""
        self.door.push(self.conversation(), text, agent_id)

    def hold(self, agent_id: str | None) -> None:
        """An agent takes the only conversation over, or hands it back."""
        with self.ledger.engine.begin() as connection:
            connection.execute(conversation.update().values(holder_id=agent_id))
        self.door.wake.ring("outbox")

    def read(self) -> int:
        """How many of our bubbles the visitor has been shown."""
        with self.ledger.engine.connect() as connection:
            shown = sa.select(sa.func.count()).where(outbox.c.state == "read")
            return int(connection.execute(shown).scalar_one())

    def conversation(self) -> str:
        with self.ledger.engine.connect() as connection:
            return str(connection.execute(sa.select(conversation.c.id)).scalar_one())


@dataclass
class Visitor:
    """One tab of a browser with the widget."""

    page: Page
    edge: str
    problems: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()
    """Words of complaints that belong to the test: a lost network, a refusal."""

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        # A policy that was broken is told here too.
        self.page.on(
            "console",
            lambda said: self.problems.append(said.text) if said.type == "error" else None,
        )

    @property
    def log(self) -> Locator:
        return self.page.get_by_role("log")

    @property
    def box(self) -> Locator:
        return self.page.get_by_role("textbox", name=BOX)

    @property
    def panel(self) -> Locator:
        return self.page.get_by_role("dialog", name="Percakapan dengan Nindy")

    @property
    def launcher(self) -> Locator:
        return self.page.get_by_role("button", name=LAUNCHER)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def message(self, text: str) -> Locator:
        return self.log.locator(".message", has_text=text)

    async def visit(self, path: str = "/") -> None:
        await self.page.goto(self.edge + path)

    async def start(self, path: str = "/") -> None:
        """Open the chat and accept the notice."""
        await self.visit(path)
        await self.launcher.click()
        await self.button(ACCEPT).click()
        await expect(self.box).to_be_visible()
        # What comes before this counts as history.
        await expect(self.log).to_have_attribute("aria-live", "polite")

    async def write(self, text: str) -> None:
        await self.box.fill(text)
        await self.box.press("Enter")

    async def delivered(self, text: str, state: str) -> None:
        await expect(self.message(text).locator(".mark")).to_have_text(state)

    async def menu(self, name: str) -> None:
        await self.button("Pilihan lain").click()
        await self.button(name).click()

    async def kept(self, key: str) -> Any:
        """What the browser keeps under this key of the widget."""
        script = "name => Object.entries(localStorage).find(([key]) => key.endsWith(name))?.[1]"
        found = await self.page.evaluate(script, f":{key}")
        return None if found is None else json.loads(found)

    async def barriers(self) -> list[str]:
        """Everything that axe finds, whatever its weight."""
        cdp = await self.page.context.new_cdp_session(self.page)
        await cdp.send("Runtime.evaluate", {"expression": AXE.read_text()})
        # An animation that is still running dims colours.
        await self.page.evaluate(
            """() => Promise.all(document.querySelector("nindy-chat").shadowRoot.getAnimations()
              .filter(one => one.effect.getComputedTiming().endTime < Infinity)
              .map(one => one.finished))"""
        )
        found: dict[str, Any] = await self.page.evaluate("axe.run()")
        return [
            f"{one['id']}: {[node['target'] for node in one['nodes']][:3]}"
            for one in found["violations"]
        ]

    def quiet(self) -> None:
        """Nothing went wrong that the test did not mean to."""
        left = [text for text in self.problems if not any(one in text for one in self.expected)]
        assert left == []


class Browsing:
    """Opens tabs; at the end none of them may have complained."""

    def __init__(self, browser: Browser, edge: str) -> None:
        self.browser, self.edge = browser, edge
        self.visitors: list[Visitor] = []

    async def context(self, **more: Any) -> BrowserContext:
        given = {"viewport": WIDE, "locale": "id-ID", "timezone_id": "Asia/Jakarta", **more}
        made = await self.browser.new_context(**given)
        made.set_default_timeout(SECONDS * 1000)
        return made

    async def visitor(self, context: BrowserContext | None = None, **more: Any) -> Visitor:
        page = await (context or await self.context(**more)).new_page()
        self.visitors.append(Visitor(page, self.edge))
        return self.visitors[-1]
