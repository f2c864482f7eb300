"""Webhooks reach the public internet, and nothing inside unless it is allowed."""

from __future__ import annotations

import socket
from ipaddress import ip_address, ip_network
from typing import Any

import aiohttp
import pytest

from bot.api.addresses import AddressRefused, GuardedResolver, allowed, problem
from bot.errors import StartupError
from bot.settings import load

LOOPBACK = (ip_network("127.0.0.0/8"),)
INSIDE = (ip_network("10.20.0.0/16"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    "url",
    [
        "http://pintu.contoh.go.id/", "ftp://pintu.contoh.go.id/", "https://", "https:///x", "x",
        "https://user:geheim@pintu.contoh.go.id/", "https://pintu.contoh.go.id/#x",
        "https://pintu.contoh.go.id:0/", "https://pintu.contoh.go.id:99999/", "https://[::1",
        "https://127.0.0.1/", "https://10.20.0.1/", "https://169.254.169.254/latest/meta-data",
        "https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://[fd00::1]/", "https://0.0.0.0/",
        "https://100.64.0.1/", "https://224.0.0.1/", "http://localhost/", "http://127.0.0.1/",
        "https://pintu.contoh.go.id/\r\nX: y", "https://pintü.contoh.go.id/",
        "https://pintu.contoh.go.id/" + "x" * 500,
    ],
)  # fmt: skip
def test_what_cannot_be_a_webhook_is_refused(url: str) -> None:
    assert problem(url, ())


def test_a_public_address_with_https_is_taken() -> None:
    assert problem("https://pintu.contoh.go.id:8443/kait?a=b", ()) == ""
    assert problem("https://203.0.113.9.contoh.id/", ()) == ""
    assert problem("https://8.8.8.8/", ()) == ""


def test_plain_http_is_for_loopback_where_that_is_allowed() -> None:
    assert problem("http://127.0.0.1:8001/x", LOOPBACK) == ""
    assert problem("http://127.0.0.1:8001/x", INSIDE)
    assert problem("http://10.20.0.1/x", INSIDE)
    assert problem("https://10.20.0.1/x", INSIDE) == ""
    assert problem("https://10.21.0.1/x", INSIDE)


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("8.8.8.8", True), ("2001:4860:4860::8888", True), ("10.20.3.4", True), ("fd00::1", True),
        ("10.21.0.1", False), ("192.168.1.1", False), ("172.16.0.1", False), ("0.0.0.0", False),
        ("169.254.169.254", False), ("100.64.0.1", False), ("224.0.0.1", False),
        ("255.255.255.255", False), ("::1", False), ("::", False), ("fe80::1", False),
        ("ff02::1", False), ("::ffff:192.168.1.1", False), ("::ffff:10.20.0.1", True),
        ("64:ff9b::a00:1", False), ("64:ff9b::808:808", True), ("2002:c0a8:101::1", False),
        ("2001:0:4136:e378:8000:63bf:3f57:fefe", False),
    ],
)  # fmt: skip
def test_which_addresses_may_be_reached(address: str, inside: bool) -> None:
    assert allowed(ip_address(address), INSIDE) is inside


async def test_a_name_is_judged_by_every_address_that_it_has_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found: list[str] = []

    async def resolve(_self: Any, host: str, port: int = 0, family: Any = 0) -> list[Any]:
        return [{"hostname": host, "host": one, "port": port, "family": family} for one in found]

    monkeypatch.setattr(aiohttp.ThreadedResolver, "resolve", resolve)
    resolver = GuardedResolver(())
    found[:] = ["8.8.8.8", "1.1.1.1"]
    assert len(await resolver.resolve("pintu.contoh.go.id", 443)) == 2
    for bad in ("10.0.0.1", "fe80::1%eth0"):
        found[:] = ["8.8.8.8", bad]
        with pytest.raises(AddressRefused):
            await resolver.resolve("pintu.contoh.go.id", 443)
    await resolver.close()


async def test_odd_spellings_of_loopback_are_seen_through() -> None:
    resolver = GuardedResolver(())
    for name in ("localhost", "2130706433", "0x7f000001", "127.1"):
        with pytest.raises(OSError):
            await resolver.resolve(name, 443, socket.AF_INET)
    await resolver.close()


def test_settings_name_the_networks(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.chdir(tmp_path)
    assert load().reachable == LOOPBACK
    monkeypatch.setenv("NINDY_WEBHOOK_NETWORKS", "10.20.0.0/16, fd00::/8")
    assert load().reachable == INSIDE
    monkeypatch.setenv("NINDY_WEBHOOK_NETWORKS", "10.20.0.1/16")
    with pytest.raises(StartupError, match=r"NINDY_WEBHOOK_NETWORKS: '10\.20\.0\.1/16' is not"):
        load()
    monkeypatch.delenv("NINDY_WEBHOOK_NETWORKS")
    for name in ("APP_SECRET", "VERIFY_TOKEN", "ACCESS_TOKEN"):
        monkeypatch.setenv(f"NINDY_WHATSAPP_{name}", "an invented secret")
    monkeypatch.setenv("NINDY_WHATSAPP_PHONE_NUMBER_ID", "1")
    for name in ("SPAN", "SAKTI", "DIGIT"):
        monkeypatch.setenv(f"NINDY_{name}_URL", f"https://{name.lower()}.contoh.go.id")
    monkeypatch.setenv("NINDY_WHATSAPP_API_URL", "https://graph.facebook.com/v26.0")
    assert load().reachable == ()
