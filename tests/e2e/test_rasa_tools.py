"""What a Rasa person types first works on the same project: `rasa run`, `rasa run actions`."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import aiohttp
import pytest

from tests.product import PROJECT, free_port

pytestmark = [pytest.mark.rasa, pytest.mark.timeout(150)]


async def _wait_for(session: aiohttp.ClientSession, url: str) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        try:
            async with session.get(url) as response:
                if response.status == 200:
                    return
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(0.2)
    raise AssertionError(f"{url} did not come up")


async def test_rasa_run_with_its_action_server_answers(model: Path, tmp_path: Path) -> None:
    actions_port, port = free_port(), free_port()
    endpoints = tmp_path / "endpoints.yml"
    endpoints.write_text(f"action_endpoint:\n  url: http://localhost:{actions_port}/webhook\n")
    environment = {**os.environ, "NINDY_VAR_DIR": str(tmp_path / "var")}
    rasa = str(Path(sys.executable).parent / "rasa")
    commands = [
        [rasa, "run", "actions", "-p", str(actions_port)],
        [
            rasa,
            "run",
            "-m",
            str(model),
            "--endpoints",
            str(endpoints),
            "-p",
            str(port),
            "--credentials",
            "credentials.yml",
        ],
    ]
    with (tmp_path / "rasa.log").open("wb") as log:
        running = [
            subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=log)
            for command in commands
        ]
    try:
        async with aiohttp.ClientSession() as session:
            await _wait_for(session, f"http://localhost:{actions_port}/health")
            await _wait_for(session, f"http://localhost:{port}/")
            url = f"http://localhost:{port}/webhooks/rest/webhook"
            for text, expected in (("menu", "Informasi SP2D"), ("3", "nomor SP2D")):
                async with session.post(url, json={"sender": "s", "message": text}) as response:
                    said = " ".join(m.get("text", "") for m in await response.json())
                assert expected in said, (tmp_path / "rasa.log").read_text()[-2000:]
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(20)
