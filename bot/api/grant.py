"""``POST /api/token``: OAuth 2.0 client credentials (RFC 6749, section 4.4).

Its errors have the shape of that standard, which OAuth libraries read.
"""

from __future__ import annotations

import base64
import binascii
from urllib.parse import parse_qsl, unquote_plus

from aiohttp import web

from bot.api import tokens
from bot.api.door import by_secret, free, signing_key
from bot.api.parts import API
from bot.api.reading import read_body
from bot.errors import ApiRefused
from bot.ledger import api_clients
from bot.ledger.api_clients import Scope

_HEADERS = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_KNOWN = {scope.value for scope in Scope}


@free
async def grant(request: web.Request) -> web.Response:
    """Give a token to who shows a client's secret, by Basic or in the form."""
    if request.content_type != "application/x-www-form-urlencoded":
        return _refuse("invalid_request")
    form, twice = _form(await read_body(request))
    credentials = _credentials(request, form)
    if twice or credentials is None or "grant_type" not in form:
        return _refuse("invalid_request")
    if form["grant_type"] != "client_credentials":
        return _refuse("unsupported_grant_type")
    api = request.app[API]
    try:
        client, mark = await by_secret(api, request, *credentials)
    except ApiRefused as refused:
        if refused.status != 401:
            raise
        return _refuse("invalid_client", 401)
    wanted = set(form.get("scope", "").split()) or {scope.value for scope in client.scopes}
    if not wanted <= _KNOWN or not wanted <= {scope.value for scope in client.scopes}:
        return _refuse("invalid_scope")
    now, scopes = api.now(), " ".join(sorted(wanted))
    await api.ledger.run(api_clients.note, "client_token", client.id, now)
    token = tokens.issue(
        signing_key(api), tokens.Grant(client.id, scopes, mark, now + tokens.LIFETIME)
    )
    return web.json_response(
        {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": int(tokens.LIFETIME.total_seconds()),
            "scope": scopes,
        },
        headers=_HEADERS,
    )


def _form(body: bytes) -> tuple[dict[str, str], bool]:
    """Read a form; say also whether a name came twice, which the standard forbids."""
    pairs = parse_qsl(body.decode("utf-8", "replace"), max_num_fields=20)
    return dict(pairs), len(dict(pairs)) < len(pairs)


def _credentials(request: web.Request, form: dict[str, str]) -> tuple[str, str] | None:
    header = request.headers.get("Authorization")
    in_form = (form.get("client_id", ""), form.get("client_secret", ""))
    if header is None:
        return in_form if all(in_form) else None
    kind, _, value = header.partition(" ")
    if kind.casefold() != "basic" or any(in_form):
        return None
    try:
        id, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return unquote_plus(id), unquote_plus(secret)


def _refuse(error: str, status: int = 400) -> web.Response:
    headers = dict(_HEADERS)
    if status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="nindy"'
    return web.json_response({"error": error}, status=status, headers=headers)
