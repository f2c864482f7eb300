"""The OpenAPI files and the clients say the same."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from aiohttp import web
from ruamel.yaml import YAML

from actions.clients.digit import Digit
from actions.clients.http import Upstream
from actions.clients.sakti import Sakti
from actions.clients.span import Span

DOCS = Path(__file__).parents[3] / "docs" / "upstream"
CLIENTS: dict[str, type[Any]] = {"span": Span, "sakti": Sakti, "digit": Digit}


def contract(system: str) -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe", pure=True).load(DOCS / f"{system}.openapi.yaml")
    return loaded


def methods(client: type[Any]) -> list[str]:
    return [
        name
        for name, member in inspect.getmembers(client, inspect.iscoroutinefunction)
        if not name.startswith("_")
    ]


def resolved(spec: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        found: Any = spec
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if "$ref" in node else []
        return own + [ref for child in node.values() for ref in references(child)]
    if isinstance(node, list):
        return [ref for child in node for ref in references(child)]
    return []


def accepts(spec: dict[str, Any], schema: dict[str, Any], value: object) -> None:
    resolver = jsonschema.RefResolver.from_schema(spec)
    jsonschema.Draft7Validator(schema, resolver=resolver).validate(value)


@pytest.mark.parametrize("system", CLIENTS)
def test_each_contract_says_that_it_is_our_own(system: str) -> None:
    spec = contract(system)
    assert spec["openapi"] == "3.1.0"
    assert "Nindy's own contract" in spec["info"]["description"]
    assert "is published" in spec["info"]["description"]
    assert f"NINDY_{system.upper()}_URL" in spec["servers"][0]["description"]
    for reference in references(spec):
        assert resolved(spec, {"$ref": reference})


@pytest.mark.parametrize("system", CLIENTS)
async def test_the_clients_call_the_paths_of_the_contract_and_no_others(
    system: str, upstream_to: Callable[..., Awaitable[Upstream]]
) -> None:
    """Every method is called with its contract's example and given the example answer."""
    spec = contract(system)
    asked: list[str] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        path = request.path.removeprefix("/span")
        asked.append(path)
        operation = spec["paths"][path]["post"]
        content = operation["requestBody"]["content"]["application/json"]
        accepts(spec, content["schema"], await request.json())
        for parameter in operation["parameters"]:
            assert resolved(spec, parameter)["name"] in request.headers
        keyed = any("IdempotencyKey" in parameter["$ref"] for parameter in operation["parameters"])
        assert keyed == ("Idempotency-Key" in request.headers)
        status = min(operation["responses"])
        answer = operation["responses"][status]["content"]["application/json"]
        accepts(spec, answer["schema"], answer["example"])
        return web.json_response(answer["example"], status=int(status))

    example: dict[str, str] = {"request_id": "r", "idempotency_key": "k"}
    for path in spec["paths"].values():
        content = path["post"]["requestBody"]["content"]["application/json"]
        example |= content["example"]

    client = CLIENTS[system](await upstream_to(handler, budget=8.0))
    for name in methods(CLIENTS[system]):
        method = getattr(client, name)
        await method(**{word: example[word] for word in inspect.signature(method).parameters})
    assert sorted(asked) == sorted(spec["paths"])
    assert all(list(path) == ["post"] for path in spec["paths"].values())


@pytest.mark.parametrize("system", CLIENTS)
def test_error_examples_fit_their_schemas(system: str) -> None:
    spec = contract(system)
    for response in spec["components"]["responses"].values():
        for content in response.get("content", {}).values():
            accepts(spec, content["schema"], content["example"])
