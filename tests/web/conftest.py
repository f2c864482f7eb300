"""A real browser, and pictures of what it shows where somebody wants them."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from tests.conftest import missing

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]


@asynccontextmanager
async def open_chromium() -> AsyncIterator[Browser]:
    """Chromium, closed at the end."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        missing("chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


@pytest_asyncio.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with open_chromium() as browser:
        yield browser


async def shot(page: Page, name: str, whole: bool = False) -> None:
    """Take a picture, of the whole page or what is seen, if NINDY_SCREENSHOTS says where to."""
    folder = os.environ.get("NINDY_SCREENSHOTS")
    if folder:
        if whole:
            await page.evaluate("scrollTo(0, 0)")
        await page.screenshot(path=f"{folder}/{name}.png", full_page=whole)
