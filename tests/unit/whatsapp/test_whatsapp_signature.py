"""Signatures and the handshake, with vectors computed outside this project."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.whatsapp.signature import Verdict, handshake, verify

EMPTY = b'{"object":"whatsapp_business_account","entry":[]}'
SPACED = b'{"object": "whatsapp_business_account", "entry": []}'
THANKS = (
    '{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages",'
    '"value":{"messages":[{"id":"wamid.1","type":"text","text":{"body":"Terima kasih 🙏"}}]}}]}]}'
)
VECTORS = [
    (b"test_app_secret", EMPTY, "dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756"),
    (
        b"test_app_secret",
        SPACED,
        "56cbbaf4961c6cfdae48b7f116c047e5eb513d2c931baae63a2bc1afd26f803a",
    ),
    (b"otro_secreto", EMPTY, "769b03d8c2ae6498f2d1e1f7299c0ba55448c69d741e7b0bb243d852d8a8d8c7"),
    (
        b"rahasia-uji",
        THANKS.encode(),
        "680579b3cc6953e0838f22c23ecf540ebca8e4ebcdd2c876b963c5768bfb0b57",
    ),
    (
        b"rahasia-uji",
        THANKS.replace("🙏", "\\ud83d\\ude4f").encode(),
        "df3976f38da9598e4495ada3b9bec47bec53e6fddcf45450802573a750862502",
    ),
    (b"rahasia-uji", b"", "f2b136d97cb9493aae59909123c35f2d1709ed9b52902b8eb0f87fb04bc8fbd6"),
]
SECRET, BODY, HEX = VECTORS[0]


@pytest.mark.parametrize(("secret", "body", "digest"), VECTORS)
def test_vectors(secret: bytes, body: bytes, digest: str) -> None:
    assert verify([secret], body, f"sha256={digest}") is Verdict.GOOD
    assert verify([secret], body + b" ", f"sha256={digest}") is Verdict.WRONG
    assert verify([b"other"], body, f"sha256={digest}") is Verdict.WRONG


@pytest.mark.parametrize("header", [None, "", "  "])
def test_absent(header: str | None) -> None:
    assert verify([SECRET], BODY, header) is Verdict.ABSENT


@pytest.mark.parametrize(
    "header",
    [
        HEX,
        "sha256=",
        "sha256=" + HEX[:-1],
        "sha256=" + HEX + "0",
        "sha1=" + HEX,
        "SHA256=" + HEX,
        "sha256=" + HEX[:-1] + "é",
        "sha256=" + "é" * 64,
        "sha256=" + "\udce9" * 64,
        "sha256=" + "é" * 32,
    ],
)
def test_wrong(header: str) -> None:
    assert verify([SECRET], BODY, header) is Verdict.WRONG


def test_several_secrets_while_one_is_replaced() -> None:
    assert verify([b"new", SECRET], BODY, f"sha256={HEX}") is Verdict.GOOD
    assert verify([SECRET, b"new"], BODY, f"sha256={HEX}") is Verdict.GOOD
    assert verify([], BODY, f"sha256={HEX}") is Verdict.WRONG


def test_an_empty_secret_fits_nothing() -> None:
    made_with_nothing = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"
    assert verify([b""], b"", f"sha256={made_with_nothing}") is Verdict.WRONG


@given(st.text(st.characters()))
def test_no_header_raises(header: str) -> None:
    assert verify([SECRET], BODY, header) is not Verdict.GOOD
    assert verify([SECRET], BODY, "sha256=" + header) is not Verdict.GOOD


QUERY = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "rahasia"}


def test_handshake_gives_the_challenge_back() -> None:
    assert handshake(QUERY, "rahasia") == "1158201444"


@pytest.mark.parametrize(
    ("change", "token"),
    [
        ({}, "lain"),
        ({"hub.mode": "unsubscribe"}, "rahasia"),
        ({"hub.verify_token": "rahasiá"}, "rahasia"),
        ({"hub.verify_token": "\udcff"}, "rahasia"),
        ({"hub.verify_token": ""}, ""),
        ({"hub.challenge": ""}, "rahasia"),
        ({"hub.challenge": "<b> x"}, "rahasia"),
        ({"hub.challenge": "1" * 300}, "rahasia"),
    ],
)
def test_handshake_refuses(change: dict[str, str], token: str) -> None:
    assert handshake({**QUERY, **change}, token) is None


def test_handshake_without_parameters() -> None:
    assert handshake({}, "rahasia") is None
