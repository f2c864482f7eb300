"""References behind buttons and rows: signed, and good for one conversation only.

Nothing a person can type or forge may drive the dialogue; an id that we did not issue for this
very conversation resolves to nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

LIMIT = 200
"""Characters of a list row's id, the tighter of WhatsApp's two limits."""

_PREFIX = "n1:"
_SEAL = 16
_PURPOSE = b"nindy/choice/1"


def issue(key: bytes, conversation_id: str, payload: str) -> str:
    """Make the id of a button or row.

    Args:
        key: The secret that seals ids.
        conversation_id: The only conversation in which the id will mean anything.
        payload: What the dialogue shall receive when it is pressed.

    Raises:
        ValueError: The key is empty, or the payload is empty, too long or holds characters
            that a provider may alter.
    """
    if not payload or not payload.isascii() or not payload.isprintable():
        raise ValueError("a choice's payload must be printable ASCII and not empty")
    reference = f"{_PREFIX}{payload}:{_seal(key, conversation_id, payload)}"
    if len(reference) > LIMIT:
        raise ValueError(f"a choice's payload makes an id of {len(reference)} characters")
    return reference


def resolve(key: bytes, conversation_id: str, choice_id: str) -> str | None:
    """Return the payload of an id that we issued for this conversation, else None."""
    if not choice_id.startswith(_PREFIX) or len(choice_id) > LIMIT:
        return None
    payload, separator, seal = choice_id[len(_PREFIX) :].rpartition(":")
    if not separator or not payload:
        return None
    expected = _seal(key, conversation_id, payload).encode()
    same = hmac.compare_digest(expected, seal.encode("utf-8", "surrogatepass"))
    return payload if same else None


def _seal(key: bytes, conversation_id: str, payload: str) -> str:
    if not key:
        raise ValueError("choices cannot be sealed with an empty key")
    whose = conversation_id.encode("utf-8", "surrogatepass")
    what = payload.encode("utf-8", "surrogatepass")
    # The length in front keeps two different pairs from running into the same bytes.
    message = b"%s:%d:%s:%s" % (_PURPOSE, len(whose), whose, what)
    digest = hmac.new(key, message, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest)[:_SEAL].decode()
