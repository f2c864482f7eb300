"""Who really called the webhook: Meta's signature and its one-time handshake."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from enum import Enum

_PREFIX = b"sha256="
_LENGTH = len(_PREFIX) + 64
_CHALLENGE = re.compile(r"[!-~]{1,256}")


class Verdict(Enum):
    """What the signature of a webhook is worth."""

    ABSENT = "absent"
    WRONG = "wrong"
    GOOD = "good"


def verify(secrets: Sequence[bytes], body: bytes, header: str | None) -> Verdict:
    """Check ``X-Hub-Signature-256``.

    Every secret is tried, so that the time taken does not tell which one fitted.

    Args:
        secrets: The app secrets in force; several while one is being replaced. An empty one
            fits nothing.
        body: The raw bytes exactly as received.
        header: The header's value, or None when it was not sent.
    """
    if header is None or not header.strip():
        return Verdict.ABSENT
    # As bytes: compare_digest raises TypeError for text that is not ASCII.
    given = header.encode("utf-8", "replace")
    if len(given) != _LENGTH or not given.startswith(_PREFIX):
        return Verdict.WRONG
    good = False
    for secret in filter(None, secrets):
        expected = hmac.new(secret, body, hashlib.sha256).hexdigest().encode()
        good |= hmac.compare_digest(_PREFIX + expected, given)
    return Verdict.GOOD if good else Verdict.WRONG


def handshake(query: Mapping[str, str], token: str) -> str | None:
    """Answer the GET that Meta sends when the webhook is set up.

    Args:
        query: The query string's parameters.
        token: The verify token that was entered at Meta; an empty one fits nothing.

    Returns:
        The challenge to send back as plain text, or None to refuse with 403.
    """
    given = query.get("hub.verify_token", "").encode("utf-8", "replace")
    same = hmac.compare_digest(given, token.encode("utf-8", "replace"))
    challenge = query.get("hub.challenge", "")
    if not (token and same and query.get("hub.mode") == "subscribe"):
        return None
    return challenge if _CHALLENGE.fullmatch(challenge) else None
