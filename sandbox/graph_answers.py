"""What every call of the Graph API shares: who may call, and how a refusal reads."""

from __future__ import annotations

import hmac
from uuid import uuid4

from aiohttp import web

from sandbox.graph_limits import Refusal

TITLES = {
    100: "Invalid parameter",
    190: "Invalid OAuth access token",
    130429: "Rate limit hit",
    131000: "Something went wrong",
    131008: "Required parameter is missing",
    131009: "Parameter value is not valid",
    131047: "Re-engagement message",
    131056: "(Business Account, Consumer Account) pair rate limit hit",
    132000: "Number of parameters does not match the expected number of params",
    132001: "Template name does not exist in the translation",
    132005: "Translated text too long",
    132007: "Template format character policy violated",
    132012: "Parameter format does not match format in the created template",
    132015: "Template is paused",
    132016: "Template is disabled",
}


def check_token(request: web.Request, token: str) -> None:
    """Refuse a call without the account's token.

    Raises:
        Refusal: With code 190.
    """
    given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
    if not hmac.compare_digest(given, f"Bearer {token}".encode()):
        raise Refusal(190, "The access token could not be decrypted", 401)


def refused(refusal: Refusal) -> web.Response:
    """Make the answer of a refusal."""
    error = {
        "message": f"(#{refusal.code}) {TITLES[refusal.code]}",
        "type": "OAuthException",
        "code": refusal.code,
        "error_data": {"messaging_product": "whatsapp", "details": refusal.details},
        "fbtrace_id": uuid4().hex[:12],
    }
    return web.json_response({"error": error}, status=refusal.status)
