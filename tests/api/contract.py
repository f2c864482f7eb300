"""Holds every answer of the API against docs/api.openapi.yaml."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import jsonschema  # type: ignore[import-untyped]
from ruamel.yaml import YAML

from tests.conftest import PROJECT

FILE = PROJECT / "docs/api.openapi.yaml"
SEEN: set[tuple[str, str, str]] = set()
"""Method, path and status of every answer that was looked at."""


@lru_cache
def spec() -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe", pure=True).load(FILE)
    return loaded


def documented() -> set[tuple[str, str, str]]:
    return {
        (method, path, status)
        for path, operations in spec()["paths"].items()
        for method, operation in operations.items()
        if method != "parameters"
        for status in operation["responses"]
    }


def operation(method: str, path: str) -> tuple[str, dict[str, Any]] | None:
    """The operation that serves a path below /api, and its path in the file."""
    for template, operations in spec()["paths"].items():
        pattern = re.sub(r"\{\w+\}", "[^/]+", template)
        if re.fullmatch(pattern, path) and method in operations:
            return template, operations[method]
    return None


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        found: Any = spec()
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def fits(schema: dict[str, Any], value: object) -> None:
    """Fail unless a value fits a schema, and has no member that the schema does not name."""
    resolver = jsonschema.RefResolver.from_schema(spec())
    checker = jsonschema.FormatChecker()
    jsonschema.Draft7Validator(schema, resolver=resolver, format_checker=checker).validate(value)
    if isinstance(value, dict):
        assert set(value) <= members(schema), set(value) - members(schema)


def members(schema: dict[str, Any]) -> set[str]:
    schema = resolved(schema)
    found = set(schema.get("properties", {}))
    return found.union(*(members(part) for part in schema.get("allOf", ())))


def check(method: str, path: str, status: int, media: str, body: object) -> None:
    """Fail unless the file documents this answer."""
    found = operation(method.lower(), path)
    if found is None:
        # No operation: only a problem may come.
        assert status in (401, 404, 405), (method, path, status)
        assert media == "application/problem+json"
        return fits(spec()["components"]["schemas"]["Problem"], body)
    template, about = found
    assert str(status) in about["responses"], (method, template, status, body)
    content = resolved(about["responses"][str(status)])["content"]
    assert media in content, (method, template, status, media)
    schema = content[media]["schema"]
    fits(schema, body)
    for row in body.get("tickets", ()) if isinstance(body, dict) else ():
        fits(spec()["components"]["schemas"]["Ticket"], row)
    SEEN.add((method.lower(), template, str(status)))
    return None
