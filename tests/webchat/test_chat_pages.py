"""The widget's files over HTTP, their size, and that they are what the sources make."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from ruamel.yaml import YAML

from bot.channels.webchat.pages import STATIC, demo_routes, widget_routes
from tests.conftest import PROJECT, missing

SOURCES = PROJECT / "webchat"
LAUNCHER_LIMIT, ALL_LIMIT = 5 * 1024, 30 * 1024
BUILT = ("nindy.js", "nindy.css", "chat-*.js")


def built(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for name in BUILT for path in folder.glob(name)}


def chat_name() -> str:
    return next(STATIC.glob("chat-*.js")).name


@pytest_asyncio.fixture
async def client() -> AsyncIterator[TestClient]:
    app, below = web.Application(), web.Application()
    below.add_routes(widget_routes())
    app.add_routes(demo_routes())
    app.add_subapp("/webchat", below)
    async with TestClient(TestServer(app), auto_decompress=False) as made:
        yield made


def test_the_files_are_what_the_sources_make(tmp_path: Path) -> None:
    if shutil.which("node") is None or not (SOURCES / "node_modules/esbuild").exists():
        missing("Node with webchat/node_modules (`make webchat`)")
    command = ["node", "build.mjs", str(tmp_path)]
    subprocess.run(command, cwd=SOURCES, check=True, timeout=60)
    assert built(tmp_path) == built(STATIC)


def test_a_site_loads_five_kilobytes_and_thirty_when_the_chat_is_opened() -> None:
    packed = {name: len(gzip.compress(body)) for name, body in built(STATIC).items()}
    assert packed["nindy.js"] <= LAUNCHER_LIMIT
    assert sum(packed.values()) <= ALL_LIMIT


def test_the_launcher_names_the_chat_and_says_what_the_data_say() -> None:
    launcher = (STATIC / "nindy.js").read_text("utf-8")
    words = YAML(typ="safe").load(PROJECT / "data/webchat/words.yml")["words"]
    assert chat_name() in launcher
    assert words["launcher"] in launcher and words["error_unknown"] in launcher


def test_the_widget_says_every_sentence_and_no_other() -> None:
    words = YAML(typ="safe").load(PROJECT / "data/webchat/words.yml")["words"]
    sources = "".join(path.read_text("utf-8") for path in (SOURCES / "src").glob("*.ts"))
    said = set(re.findall(r'"([a-z][a-z0-9_]+)"', sources))
    built_in = {"launcher", "error_unknown"}
    counted = {f"rating_{value}" for value in range(1, 6)} | {"typing_nindy", "typing_agent"}
    errors = {key for key in words if key.startswith("error_")}
    assert set(words) - said - built_in - counted - errors == set()
    asked = set(re.findall(r'\bsay\("([a-z0-9_]+)"', sources))
    assert asked <= set(words)


def test_nothing_parses_html_or_runs_text() -> None:
    forbidden = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|srcdoc"
        r"|DOMParser|createContextualFragment|setAttribute\(\"(on|style)"
    )
    for path in (SOURCES / "src").glob("*.ts"):
        assert not forbidden.search(path.read_text("utf-8")), path.name
    for name, body in built(STATIC).items():
        assert not forbidden.search(body.decode()), name


def test_the_lock_file_names_no_registry() -> None:
    assert "http" not in re.sub(r'"(funding|url)":.*', "", _lock())
    assert '"integrity"' in _lock()


def _lock() -> str:
    return (SOURCES / "package-lock.json").read_text("utf-8")


@pytest.mark.parametrize("name", ["nindy.js", "nindy.css", chat_name()])
async def test_any_site_may_load_the_widget(client: TestClient, name: str) -> None:
    answer = await client.get(f"/webchat/{name}", headers={"Accept-Encoding": "gzip"})
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Content-Type"].startswith(("text/javascript", "text/css"))
    assert gzip.decompress(await answer.read()) == (STATIC / name).read_bytes()


async def test_what_has_not_changed_is_not_sent_again(client: TestClient) -> None:
    first = await client.get("/webchat/nindy.js", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in first.headers
    kept = {"If-None-Match": first.headers["ETag"]}
    again = await client.get("/webchat/nindy.js", headers=kept)
    assert again.status == 304 and await again.read() == b""


async def test_todays_chat_is_kept_for_ever_and_an_older_name_gets_it_unkept(
    client: TestClient,
) -> None:
    today = await client.get(f"/webchat/{chat_name()}")
    before = await client.get("/webchat/chat-0123456789ab.js")
    assert "immutable" in today.headers["Cache-Control"]
    assert before.headers["Cache-Control"] == "no-cache"
    assert await before.read() == await today.read()


@pytest.mark.parametrize("name", ["demo.html", "../pages.py", "%2e%2e/pages.py", "chat-.js", ""])
async def test_nothing_else_is_served(client: TestClient, name: str) -> None:
    assert (await client.get(f"/webchat/{name}")).status == 404


@pytest.mark.parametrize("path", ["/", "/tentang"])
async def test_the_demo_pages_keep_to_a_strict_policy(client: TestClient, path: str) -> None:
    answer = await client.get(path, headers={"Accept-Encoding": "identity"})
    policy, text = answer.headers["Content-Security-Policy"], await answer.text()
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert '<script src="/webchat/nindy.js" defer></script>' in text
    assert text.count("<script") == 1 and "<style" not in text
    assert not re.search(r"\s(style|on[a-z]+)=", text)
