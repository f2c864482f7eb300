"""OpenID Connect: the code flow with PKCE, state and nonce, and what a token must hold."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote_plus, urlencode

import aiohttp
import jwt

from bot.clock import Clock
from bot.errors import SignInError
from bot.ledger.agents import Role

CALLBACK = "/masuk/oidc/kembali"
_ALGORITHMS = ["RS256", "PS256", "ES256"]
"""Only such that need the issuer's private key."""
_LEEWAY = 60
_KEPT = timedelta(hours=1)
_KEYS_AGAIN = timedelta(minutes=1)
_TIMEOUT = aiohttp.ClientTimeout(total=10)


@dataclass(frozen=True)
class Identity:
    """Who the provider says this is.

    Attributes:
        subject: The provider's own id of the person.
        name: For colleagues.
        role: The one of our roles that the role claim names.
        unit: The claim ``unit``, or empty.
    """

    subject: str
    name: str
    role: Role
    unit: str


class Provider:
    """An issuer, known by what it publishes.

    Args:
        session: For requests.
        issuer: As in its tokens.
        client_id: The desk's id there.
        client_secret: The desk's secret there.
        role_claim: The claim with the role, a text or a list of texts.
        desk_url: The desk's address in browsers.
        now: The clock (of caches; tokens are held against the machine's).
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        issuer: str,
        client_id: str,
        client_secret: str,
        role_claim: str,
        desk_url: str,
        now: Clock,
    ) -> None:
        self.issuer = issuer
        self._session = session
        self._client_id = client_id
        self._client_secret = client_secret
        self._role_claim = role_claim
        self._redirect = desk_url + CALLBACK
        self._now = now
        self._published: tuple[datetime, dict[str, Any]] | None = None
        self._keys: tuple[datetime, jwt.PyJWKSet] | None = None

    async def begin(self) -> tuple[str, dict[str, str]]:
        """Return where to send the browser, and what must be kept until it comes back.

        Raises:
            SignInError: The provider cannot be reached.
        """
        kept = {name: secrets.token_urlsafe(32) for name in ("state", "nonce", "verifier")}
        digest = hashlib.sha256(kept["verifier"].encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._redirect,
            "scope": "openid profile",
            "state": kept["state"],
            "nonce": kept["nonce"],
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        door = str((await self._discover())["authorization_endpoint"])
        return f"{door}{'&' if '?' in door else '?'}{urlencode(query)}", kept

    async def finish(self, query: Mapping[str, str], kept: Mapping[str, Any]) -> Identity:
        """Take what the browser brought back and return who it is.

        Raises:
            SignInError: It does not belong to what was begun, or is not to be believed.
        """
        state = str(kept.get("state", ""))
        if not state or not secrets.compare_digest(query.get("state", "").encode(), state.encode()):
            raise SignInError("state")
        if query.get("iss", self.issuer) != self.issuer:
            raise SignInError("mixed up")
        if not query.get("code"):
            raise SignInError("no code")
        published = await self._discover()
        answer = await self._json(
            "POST",
            str(published["token_endpoint"]),
            data={
                "grant_type": "authorization_code",
                "code": query["code"],
                "redirect_uri": self._redirect,
                "code_verifier": str(kept["verifier"]),
            },
            headers={"Authorization": self._basic()},
        )
        return self._identity(await self._claims(str(answer.get("id_token", "")), kept))

    def _basic(self) -> str:
        # RFC 6749, 2.3.1: both are form-encoded before they are joined.
        pair = f"{quote_plus(self._client_id)}:{quote_plus(self._client_secret)}"
        return "Basic " + base64.b64encode(pair.encode()).decode()

    async def _claims(self, token: str, kept: Mapping[str, Any]) -> dict[str, Any]:
        try:
            key = await self._key(jwt.get_unverified_header(token))
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=_ALGORITHMS,
                audience=self._client_id,
                issuer=self.issuer,
                leeway=_LEEWAY,
                options={"require": ["iss", "sub", "aud", "exp", "iat", "nonce"]},
            )
        except jwt.PyJWTError as error:
            raise SignInError(type(error).__name__) from None
        if not secrets.compare_digest(str(claims["nonce"]).encode(), str(kept["nonce"]).encode()):
            raise SignInError("nonce")
        if claims.get("azp", self._client_id) != self._client_id:
            raise SignInError("azp")
        return claims

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        given = claims.get(self._role_claim)
        named = given if isinstance(given, list) else [given]
        roles = [role for role in Role if role.value in named]
        if len(roles) != 1:
            raise SignInError("role")
        name = str(claims.get("name") or claims.get("preferred_username") or "")[:100]
        if not name:
            raise SignInError("name")
        return Identity(str(claims["sub"]), name, roles[0], str(claims.get("unit") or ""))

    async def _key(self, header: Mapping[str, Any]) -> jwt.PyJWK:
        kid = header.get("kid")
        # A key that is not known may be new; a stranger's tokens must not make us ask for ever.
        for refresh in (_KEPT, _KEYS_AGAIN):
            keys = (await self._key_set(refresh)).keys
            for key in keys:
                if key.key_id == kid or (kid is None and len(keys) == 1):
                    return key
        raise SignInError("key")

    async def _key_set(self, refresh: timedelta) -> jwt.PyJWKSet:
        if self._keys is None or self._now() - self._keys[0] > refresh:
            answer = await self._json("GET", str((await self._discover())["jwks_uri"]))
            self._keys = (self._now(), jwt.PyJWKSet.from_dict(answer))
        return self._keys[1]

    async def _discover(self) -> dict[str, Any]:
        if self._published is None or self._now() - self._published[0] > _KEPT:
            path = "/.well-known/openid-configuration"
            found = await self._json("GET", self.issuer.rstrip("/") + path)
            needed = {"authorization_endpoint", "token_endpoint", "jwks_uri"}
            if found.get("issuer") != self.issuer or not needed <= found.keys():
                raise SignInError("discovery")
            self._published = (self._now(), found)
        return self._published[1]

    async def _json(self, method: str, url: str, **more: Any) -> dict[str, Any]:
        try:
            async with self._session.request(
                method, url, timeout=_TIMEOUT, allow_redirects=False, **more
            ) as response:
                if response.status != 200:
                    raise SignInError(f"answer {response.status}")
                found = await response.json(content_type=None)
        except (aiohttp.ClientError, asyncio.TimeoutError, ValueError) as error:
            raise SignInError(type(error).__name__) from None
        if not isinstance(found, dict):
            raise SignInError("answer")
        return found
