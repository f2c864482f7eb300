"""Looks whether the account at Meta is as Nindy needs it, and says what to mend."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from datetime import date, datetime

import aiohttp

from bot.channels.whatsapp import wire
from bot.channels.whatsapp.account import Account
from bot.channels.whatsapp.errors import Action, action_for
from bot.clock import JAKARTA
from bot.errors import Blocked, ChannelError, Retryable
from bot.finding import Finding
from bot.settings import Settings
from bot.templates import Approved

_NUMBER = "display_phone_number,verified_name,status,quality_rating,webhook_configuration"
_TIMEOUT = aiohttp.ClientTimeout(total=10)
_OVERRIDES = ("phone_number", "whatsapp_business_account", "application")
"""Where Meta may be told to deliver, the one that wins first."""
_RIGHTS = ("whatsapp_business_messaging", "whatsapp_business_management")
_RENEW = "make a new system user's token for NINDY_WHATSAPP_ACCESS_TOKEN"


async def check_templates(
    account: Account, account_id: str, ours: Sequence[Approved]
) -> list[Finding]:
    """Compare our templates with the account's."""
    try:
        theirs = await account.templates(account_id)
    except ChannelError as error:
        return [_unreadable("templates", error, "NINDY_WHATSAPP_ACCOUNT_ID")]
    known = {(one.get("name"), one.get("language")): one for one in theirs}
    return [
        _compare(f"template {one.name} ({one.language})", one, known.get((one.name, one.language)))
        for one in ours
    ]


async def check_account(
    session: aiohttp.ClientSession, settings: Settings, account: Account, ours: Sequence[Approved]
) -> list[Finding]:
    """Look at number, webhook, token, subscription and templates, in this order."""
    account_id = settings.whatsapp_account_id
    found = []
    try:
        number = await account.read(settings.whatsapp_phone_number_id, fields=_NUMBER)
    except ChannelError as error:
        found.append(_unreadable("token and number", error, "NINDY_WHATSAPP_PHONE_NUMBER_ID"))
    else:
        found.append(_found("token and number"))
        found += _check_number(number)
        found.append(await _check_webhook(session, settings, number))
    token, app_id = await _check_token(account, settings)
    found.append(token)
    found.append(await _check_subscription(account, account_id, app_id))
    return found + await check_templates(account, account_id, ours)


def _found(what: str, mend: str = "") -> Finding:
    return Finding(what, not mend, mend or "in order")


def _unreadable(what: str, error: ChannelError, setting: str) -> Finding:
    if isinstance(error, Retryable) and not isinstance(error, Blocked):
        return _found(what, f"Meta does not answer ({error.detail}); try again")
    if error.code == 190:
        return _found(what, f"{_RENEW} (190)")
    if action_for(error.code) is Action.ACCOUNT:
        return _found(what, f"give the system user {' and '.join(_RIGHTS)} ({error.code})")
    return _found(what, f"set {setting} to the id that WhatsApp Manager shows ({error.code})")


def _check_number(number: wire.Table) -> list[Finding]:
    status, quality = wire.word(number.get("status")), wire.word(number.get("quality_rating"))
    connected = status in ("CONNECTED", "missing")
    register = f"it is {status}; register it or lift what holds it in WhatsApp Manager"
    low = "people block or report it; send fewer templates until it has recovered"
    return [
        _found("state of the number", "" if connected else register),
        _found("quality of the number", low if quality == "RED" else ""),
    ]


async def _check_token(account: Account, settings: Settings) -> tuple[Finding, str | None]:
    """Look at what the token may do and how long; return also the id of its app."""
    what, token = "rights and term of the token", settings.whatsapp_access_token.get_secret_value()
    try:
        told = wire.table((await account.read("debug_token", input_token=token)).get("data"))
    except ChannelError as error:
        return _unreadable(what, error, "NINDY_WHATSAPP_ACCESS_TOKEN"), None
    missing = [right for right in _RIGHTS if right not in wire.rows(told.get("scopes"))]
    if told.get("is_valid") is not True:
        mend = _RENEW
    elif missing:
        mend = f"give the system user {' and '.join(missing)}, then {_RENEW}"
    elif end := _end(told):
        mend = f"it ends on {end}, and nothing is sent then; {_RENEW} that never expires"
    else:
        mend = ""
    return _found(what, mend), wire.identifier(told.get("app_id"))


def _end(told: wire.Table) -> date | None:
    """Return the day on which a token ends; 0 stands for never."""
    terms = (told.get(key) for key in ("expires_at", "data_access_expires_at"))
    ends = [one for one in terms if isinstance(one, int) and 0 < one < 10**11]
    return datetime.fromtimestamp(min(ends), JAKARTA).date() if ends else None


async def _check_subscription(account: Account, account_id: str, app_id: str | None) -> Finding:
    what = "subscription"
    try:
        apps = await account.read(f"{account_id}/subscribed_apps")
    except ChannelError as error:
        return _unreadable(what, error, "NINDY_WHATSAPP_ACCOUNT_ID")
    told = (wire.table(one) for one in wire.rows(apps.get("data")))
    subscribed = [wire.table(one.get("whatsapp_business_api_data")).get("id") for one in told]
    mend = "subscribe the app to the account: POST <account id>/subscribed_apps"
    if subscribed and app_id not in (None, *subscribed):
        mend += "; another app is, but not the token's"
    return _found(what, "" if subscribed and app_id in (None, *subscribed) else mend)


async def _check_webhook(
    session: aiohttp.ClientSession, settings: Settings, number: wire.Table
) -> Finding:
    what, told = "webhook", wire.table(number.get("webhook_configuration"))
    url = next((u for key in _OVERRIDES if (u := wire.identifier(told.get(key)))), None)
    if url is None:
        return _found(what, "enter https://<host>/webhooks/whatsapp in the app's configuration")
    if not url.startswith(("https://", "http://127.0.0.1:")):
        return _found(what, "its address must begin with https://")
    challenge = str(secrets.randbelow(10**12))
    query = {
        "hub.mode": "subscribe",
        "hub.challenge": challenge,
        "hub.verify_token": settings.whatsapp_verify_token.get_secret_value(),
    }
    try:
        async with session.get(
            url, params=query, timeout=_TIMEOUT, allow_redirects=False
        ) as response:
            status, body = response.status, await response.content.read(len(challenge) + 1)
    except (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError) as error:
        return _found(what, f"{type(error).__name__}; look at address, proxy and certificate")
    if status == 403:
        return _found(what, "enter NINDY_WHATSAPP_VERIFY_TOKEN at Meta: the two differ (403)")
    if status != 200 or body != challenge.encode():
        return _found(what, f"something else answers there ({status}); look at address and proxy")
    return _found(what)


def _compare(what: str, ours: Approved, theirs: wire.Table | None) -> Finding:
    if theirs is None:
        return _found(what, "submit it in WhatsApp Manager, as data/whatsapp/templates.yml has it")
    wrong = []
    parts = {wire.table(one).get("type"): wire.table(one) for one in _components(theirs)}
    body = wire.words(parts.get("BODY", {}).get("text")).strip()
    if body != ours.body.replace("{", "{{").replace("}", "}}"):
        wrong.append("its words differ from the file's")
    pressed = [wire.table(one) for one in wire.rows(parts.get("BUTTONS", {}).get("buttons"))]
    buttons = [(one.get("type"), one.get("text")) for one in pressed]
    if buttons != ([("QUICK_REPLY", ours.button)] if ours.button else []):
        wrong.append(
            f"its quick reply must be {ours.button!r}" if ours.button else "it has buttons"
        )
    if wire.word(theirs.get("category")).lower() != ours.category:
        wrong.append(f"Meta counts it as {wire.word(theirs.get('category'))}; change the file")
    status = wire.word(theirs.get("status"))
    if status != "APPROVED":
        wrong.append(f"it is {status} and cannot be sent; look for the reason in WhatsApp Manager")
    return _found(what, "; ".join(wrong))


def _components(theirs: wire.Table) -> list[object]:
    return wire.rows(theirs.get("components"))
