"""What went wrong, for programs: ``application/problem+json`` (RFC 9457) with a stable code."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import sqlalchemy as sa
from aiohttp import web

from bot.errors import ApiRefused
from bot.tickets.life import ChangeRefused

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

TITLES = {
    "malformed": "The body is not a JSON object.",
    "key_missing": "The header Idempotency-Key is missing or not 1 to 255 printable characters.",
    "credentials": "The credentials are missing, wrong or no longer good.",
    "scope": "The credentials do not allow this.",
    "group_not_served": "This service does not serve this group.",
    "complaints_elsewhere": "This program may not open complaints.",
    "not_found": "There is no such thing, or not for you.",
    "method": "The path does not know this method.",
    "changed": "The ticket has changed since the version you named.",
    "step": "The ticket cannot take this step from its present state.",
    "closed": "The ticket is closed.",
    "window": "WhatsApp takes no free text to this person now.",
    "unfinished": "The ticket is not finished.",
    "rated": "The ticket is rated already.",
    "refused": "The ticket refuses this change.",
    "too_large": "The body is too large.",
    "media_type": "The body must be application/json in UTF-8.",
    "invalid": "Some members are missing or wrong.",
    "key_reused": "The Idempotency-Key stands for another request.",
    "too_many": "Too many requests.",
    "internal": "Something failed here; try again later.",
    "away": "The database is away; try again later.",
}
"""By stable code."""
_BY_STATUS = {401: "credentials", 404: "not_found", 405: "method", 413: "too_large"}


def problem(
    status: int, code: str, detail: str = "", headers: dict[str, str] | None = None, **more: Any
) -> web.Response:
    """Make the answer."""
    body = {
        "type": f"urn:nindy:problem:{code}",
        "title": TITLES[code],
        "status": status,
        "code": code,
        **({"detail": detail} if detail else {}),
        **more,
    }
    text = json.dumps(body, ensure_ascii=False)
    return web.Response(
        text=text, status=status, content_type="application/problem+json", headers=headers
    )


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every failure into a problem; nothing of a stack trace gets out."""
    try:
        return await handler(request)
    except ApiRefused as refused:
        return problem(
            refused.status, refused.code, refused.detail, _headers(refused), **refused.more
        )
    except ChangeRefused as refused:
        if refused.reason == "unknown":
            return problem(404, "not_found")
        return problem(409, refused.reason if refused.reason in TITLES else "refused")
    except web.HTTPException as error:
        if error.status not in _BY_STATUS:
            raise
        allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
        return problem(error.status, _BY_STATUS[error.status], headers=allow)
    except (sa.exc.OperationalError, sa.exc.InterfaceError):
        log.exception("the API has no database")
        return problem(503, "away", headers={"Retry-After": "5"})
    except Exception:
        log.exception("the API failed")
        return problem(500, "internal")


def _headers(refused: ApiRefused) -> dict[str, str] | None:
    if refused.status == 401:
        return {"WWW-Authenticate": 'Bearer realm="nindy"'}
    if refused.status == 429:
        return {"Retry-After": str(refused.more["retry_after"])}
    return None
