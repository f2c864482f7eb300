"""Who asks, and whether they may: API keys and access tokens, checked before every handler.

Right credentials are always let in: a secret of 256 bits cannot be guessed, and a lock would only
let a stranger behind the same proxy shut a program out. Wrong ones are counted by address; beyond
the count they are answered 429, and no longer written down.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from aiohttp import web

from bot.api import tokens
from bot.api.parts import API, CLIENT, SIGHT, Api
from bot.api.problems import Handler
from bot.errors import ApiRefused
from bot.ledger import api_clients
from bot.ledger.api_clients import Client, Scope
from bot.ledger.api_tickets import Sight

PREFIX = "nk_"
"""An API key is this, the client's id, a line, and its secret."""
_LONGEST = 2048
_NEEDS = "needs"
H = TypeVar("H", bound=Handler)


def needs(*scopes: Scope) -> Callable[[H], H]:
    """Let a handler be used by who has one of these scopes; without this nobody may use it."""

    def mark(handler: H) -> H:
        setattr(handler, _NEEDS, scopes)
        return handler

    return mark


def free(handler: H) -> H:
    """Let a handler be used without credentials."""
    setattr(handler, _NEEDS, ())
    return handler


def needed(handler: object) -> tuple[Scope, ...] | None:
    """Return the scopes of which a handler needs one; None when it names none."""
    return getattr(handler, _NEEDS, None)


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Find out who asks, and let in whom the route's handler names."""
    if request.match_info.http_exception is not None:
        return await handler(request)
    wanted = needed(request.match_info.handler)
    if wanted is None:
        raise web.HTTPNotFound
    if not wanted:
        return await handler(request)
    api = request.app[API]
    client, scopes = await _who(api, request)
    if wait := await api.requests.take(client.id):
        raise ApiRefused(429, "too_many", retry_after=wait)
    if not scopes & set(wanted):
        await api.ledger.run(api_clients.note, "client_scope", client.id, api.now())
        raise ApiRefused(403, "scope", needs=[scope.value for scope in wanted])
    request[CLIENT], request[SIGHT] = client, Sight(client.id, scopes)
    return await handler(request)


async def _who(api: Api, request: web.Request) -> tuple[Client, frozenset[Scope]]:
    kind, _, shown = request.headers.get("Authorization", "").partition(" ")
    shown = shown.strip()
    if kind.casefold() != "bearer" or not 0 < len(shown) <= _LONGEST or not shown.isascii():
        raise ApiRefused(401, "credentials")
    if shown.startswith(PREFIX):
        id, _, secret = shown.removeprefix(PREFIX).partition("_")
        client, _ = await by_secret(api, request, id, secret)
        return client, client.scopes
    grant = tokens.read(signing_key(api), shown)
    if grant is None:
        await count_guess(api, request)
        raise ApiRefused(401, "credentials")
    found = None
    if api.now() < grant.until:
        found = await api.ledger.run(api_clients.by_mark, grant.client_id, grant.mark, api.now())
    if found is None:
        raise ApiRefused(401, "credentials")
    return found, found.scopes & {Scope(scope) for scope in grant.scopes.split()}


async def by_secret(api: Api, request: web.Request, id: str, secret: str) -> tuple[Client, str]:
    """Return the client that shows its secret, and the secret's mark.

    Raises:
        ApiRefused: ``credentials``, or ``too_many`` wrong ones from this address.
    """
    found = None
    if api_clients.is_ours(api.ledger.vault, id, secret):
        found = await api.ledger.run(api_clients.by_secret, id, secret, api.now())
    if found is None:
        await count_guess(api, request)
        await api.ledger.run(api_clients.note, "client_refused", id, api.now())
        raise ApiRefused(401, "credentials")
    return found


async def count_guess(api: Api, request: web.Request) -> None:
    """Count wrong credentials.

    Raises:
        ApiRefused: ``too_many`` from this address.
    """
    if wait := await api.guesses.take(api.proxies.of(request)):
        raise ApiRefused(429, "too_many", retry_after=wait)


def signing_key(api: Api) -> bytes:
    """Return the key of the access tokens."""
    return api.ledger.vault.derived("api-token")
