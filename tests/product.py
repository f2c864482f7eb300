"""Starts the real product and the real sandbox as processes of their own, and talks to them."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp

from bot.settings import SANDBOX_NUMBER
from tests import wire

PROJECT = Path(__file__).resolve().parents[1]
SECRET = "a-secret-of-tests"
START_SECONDS = 60


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Product:
    """The processes, their addresses, and a person's view of them.

    The product's own sandbox is left alone: the one used here lives outside, so that it
    remembers what it accepted when the product is killed.
    """

    def __init__(self, folder: Path, **settings: str) -> None:
        self.edge_port, self.desk_port, self.sandbox_port = free_port(), free_port(), free_port()
        self.sandbox = f"http://127.0.0.1:{self.sandbox_port}"
        self.edge = f"http://127.0.0.1:{self.edge_port}"
        self._folder = folder
        self._sandbox_process: subprocess.Popen[bytes] | None = None
        self.process: subprocess.Popen[bytes] | None = None
        self.session: aiohttp.ClientSession
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("NINDY_")},
            "NINDY_VAR_DIR": str(folder / "var"),
            "NINDY_EDGE_PORT": str(self.edge_port),
            "NINDY_DESK_PORT": str(self.desk_port),
            "NINDY_SANDBOX_PORT": str(free_port()),
            "NINDY_WHATSAPP_API_URL": f"{self.sandbox}/graph/v26.0",
            "NINDY_WHATSAPP_PHONE_NUMBER_ID": SANDBOX_NUMBER,
            "NINDY_WHATSAPP_APP_SECRET": SECRET,
            "NINDY_WHATSAPP_VERIFY_TOKEN": SECRET,
            "NINDY_WHATSAPP_ACCESS_TOKEN": SECRET,
            "NINDY_SPAN_URL": f"{self.sandbox}/span",
            "NINDY_SAKTI_URL": f"{self.sandbox}/sakti",
            "NINDY_DIGIT_URL": f"{self.sandbox}/digit",
            **settings,
        }

    async def __aenter__(self) -> Product:
        self.session = aiohttp.ClientSession()
        self._sandbox_process = self._spawn(
            "sandbox.log",
            [
                sys.executable,
                "-m",
                "sandbox",
                "--port",
                str(self.sandbox_port),
                "--webhook-url",
                f"{self.edge}/webhooks/whatsapp",
                "--app-secret",
                SECRET,
                "--access-token",
                SECRET,
            ],
        )
        await self._until_up(self.sandbox)
        return self

    async def __aexit__(self, kind: object, *_: object) -> None:
        try:
            fine = kind is None and self._sandbox_process is not None
            sent = (await self.get("/sandbox/sent"))["sent"] if fine else []
        finally:
            await self._end()
        for body in sent:
            wire.check(body)

    async def _end(self) -> None:
        for process in (self.process, self._sandbox_process):
            if process is not None and process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(20)
        await self.session.close()

    async def start(self, failpoint: str = "") -> None:
        """Start the product and wait for its doors (its model may still be loading)."""
        environment = {**self.environment, "NINDY_FAILPOINT": failpoint}
        nindy = str(Path(sys.executable).parent / "nindy")
        self.process = self._spawn("nindy.log", [nindy, "up"], environment)
        await self._until_up(self.edge)

    def kill(self) -> None:
        """End the product as ``kill -9`` does."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def stop(self, number: int = signal.SIGTERM) -> float:
        """Ask the product to stop; return the seconds it took."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(30)
        return time.monotonic() - began

    @property
    def log(self) -> str:
        """Everything the product said on its standard streams."""
        return (self._folder / "nindy.log").read_text(errors="replace")

    def let_in(self, client: str, scope: str, webhook: str = "") -> str:
        """Let a program use the API, by the command; return its API key."""
        nindy = str(Path(sys.executable).parent / "nindy")
        line = ["api", "client", "add", client, "--name", f"Nama {client}", "--scope", scope]
        made = subprocess.run(
            [nindy, *line, "--webhook", webhook],
            cwd=PROJECT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return next(word for word in made.stdout.split() if word.startswith("nk_"))

    async def write(self, person: str, **body: Any) -> int:
        """Let a person send something; return its place in the chat."""
        url = f"{self.sandbox}/sandbox/people/{person}/messages"
        async with self.session.post(url, json=body) as response:
            assert response.status == 200, await response.text()
            return int((await response.json())["index"])

    async def chat(self, person: str) -> list[dict[str, Any]]:
        """A person's chat, both sides, in order."""
        return list((await self.get(f"/sandbox/people/{person}/messages"))["messages"])

    async def get(self, path: str) -> dict[str, Any]:
        """Ask the sandbox."""
        async with self.session.get(self.sandbox + path) as response:
            return dict(await response.json())

    async def faults(self, switches: dict[str, Any]) -> None:
        """Turn the sandbox's switches."""
        async with self.session.put(f"{self.sandbox}/sandbox/faults", json=switches) as response:
            assert response.status == 200, await response.text()

    async def ask(self, person: str, text: str, seconds: float = 30) -> dict[str, Any]:
        """Let a person write and return the answer."""
        return await self.answer(person, await self.write(person, text=text), seconds)

    async def press(self, person: str, title: str, seconds: float = 30) -> dict[str, Any]:
        """Let a person press what the last bubble offered."""
        last = [entry for entry in await self.chat(person) if entry["from"] == "nindy"][-1]
        rows = [row for part in (last["list"] or {}).get("sections", []) for row in part["rows"]]
        offered = {item["title"]: item["id"] for item in [*last["buttons"], *rows]}
        index = await self.write(person, choice_id=offered[title], title=title)
        return await self.answer(person, index, seconds)

    async def answer(self, person: str, index: int, seconds: float = 30) -> dict[str, Any]:
        """Wait for the first bubble after a place in the chat."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for entry in await self.chat(person):
                if entry["index"] > index and entry["from"] == "nindy":
                    return entry
            await asyncio.sleep(0.03)
        raise AssertionError(f"no answer within {seconds} s; log:\n{self.log[-3000:]}")

    def _spawn(
        self, log: str, command: list[str], environment: dict[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        with (self._folder / log).open("ab") as out:
            return subprocess.Popen(
                command, cwd=PROJECT, env=environment, stdout=out, stderr=subprocess.STDOUT
            )

    async def _until_up(self, url: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                async with self.session.get(url + "/healthz") as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)
        raise AssertionError(f"{url} did not come up")
