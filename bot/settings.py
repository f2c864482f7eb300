"""Every setting of Nindy, once, with its default and meaning.

Each field is read from the environment as ``NINDY_<FIELD>`` in capitals, or from a file
``.env`` in the working folder. With nothing set, Nindy runs against its own sandbox on SQLite.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseSettings, Field, SecretStr, ValidationError, validator
from pydantic.fields import ModelField

from bot.errors import StartupError

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_LEAST_SECRET = 32
"""Characters of a secret of our own making."""
_LEAST_GIVEN = 16
"""Characters of one that Meta gave, or was told."""
SANDBOX_SECRET = "sandbox-only"  # noqa: S105  the sandbox's own, worthless elsewhere
SANDBOX_NUMBER = "100000000000001"
_NOT_SANDBOX = "must be set when NINDY_WHATSAPP_API_URL is not the sandbox's"
_NOT_HERE = "must be set when NINDY_WHATSAPP_API_URL is not on this machine"
_LAST_PORT = 65_535
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")

Network = IPv4Network | IPv6Network


class Settings(BaseSettings):
    """The settings, checked when they are read."""

    host: str = Field("127.0.0.1", description="Address the servers listen on.")
    edge_port: int = Field(
        8000, ge=1, le=_LAST_PORT, description="Public edge: webhooks, web chat, demo page."
    )
    desk_port: int = Field(8001, ge=1, le=_LAST_PORT, description="Agents' desk and /metrics.")
    status_port: int = Field(
        0,
        ge=0,
        le=_LAST_PORT,
        description="Health and metrics of a process without a desk; 0 is none.",
    )
    sandbox_port: int = Field(8002, ge=1, le=_LAST_PORT, description="Stand-ins and the phone.")
    var_dir: Path = Field(Path("var"), description="Where Nindy keeps its own files.")
    database_url: str = Field(
        "", repr=False, description="Ledger; default SQLite under NINDY_VAR_DIR."
    )
    redis_url: SecretStr = Field(
        SecretStr(""), description="Redis, for more than one process; empty keeps to one."
    )
    files_dir: Path = Field(
        Path(), description="Attachments, sealed; default under NINDY_VAR_DIR; machines share it."
    )
    file_bytes: int = Field(10 * 1024**2, gt=0, description="Largest attachment, in bytes.")
    scan_command: str = Field(
        "", description="Virus scanner: reads stdin, ends with 0 clean, 1 infected; empty is none."
    )
    encryption_keys: SecretStr = Field(
        SecretStr(""),
        description="Comma-separated Fernet keys, newest first; default a file in NINDY_VAR_DIR.",
    )
    index_key: SecretStr = Field(
        SecretStr(""), description="Secret of look-up keys and signatures; never changes."
    )
    whatsapp_api_url: str = Field(
        "",
        description="Graph API with version; default the sandbox's, as then of SPAN, SAKTI, Digit.",
    )
    whatsapp_phone_number_id: str = Field(
        "", description="Our number's id; by default the sandbox's, if the API is on this machine."
    )
    whatsapp_account_id: str = Field(
        "200000000000001", description="Our WhatsApp business account; for `nindy whatsapp` only."
    )
    whatsapp_per_second: int = Field(
        80, ge=1, le=1000, description="Messages a second that Meta grants our number."
    )
    broadcast_per_day: int = Field(
        250, ge=1, description="Persons in 24 hours that broadcasts go to: Meta's limit, or less."
    )
    broadcast_wave: int = Field(
        20, ge=1, le=1000, description="Messages of a broadcast that are under way at once."
    )
    broadcast_pause: float = Field(15.0, ge=1, description="Seconds between two such waves.")
    whatsapp_app_secret: SecretStr = Field(
        SecretStr(""), description="App secret; a second one after a comma while rotating."
    )
    whatsapp_verify_token: SecretStr = Field(SecretStr(""), description="Of the GET handshake.")
    whatsapp_access_token: SecretStr = Field(SecretStr(""), description="System user's token.")
    span_url: str = Field("", description="SPAN look-ups.")
    span_token: SecretStr = Field(SecretStr(""), description="Bearer token for SPAN.")
    sakti_url: str = Field("", description="SAKTI resets.")
    sakti_token: SecretStr = Field(SecretStr(""), description="Bearer token for SAKTI.")
    digit_url: str = Field("", description="Digit accounts.")
    digit_token: SecretStr = Field(SecretStr(""), description="Bearer token for Digit.")
    crm_url: str = Field("", description="CRM that tickets are pushed to; empty is off.")
    crm_token: SecretStr = Field(SecretStr(""), description="Bearer token for the CRM.")
    webhook_networks: str = Field(
        "",
        description="Private networks that webhooks may reach, as `10.1.0.0/16`, comma-separated.",
    )
    upstream_budget: float = Field(8.0, gt=0, le=9, description="Seconds for one look-up.")
    settle_seconds: float = Field(
        60.0, gt=0, description="How long a send of unknown outcome waits for its status."
    )
    takeover_minutes: int = Field(
        15,
        gt=0,
        description="Minutes a person waits for the agent who took over before Nindy says so.",
    )
    desk_url: str = Field(
        "", description="Address of the desk in browsers; default http on host and port."
    )
    oidc_issuer: str = Field("", description="OpenID Connect for the desk; empty is off.")
    oidc_client_id: str = Field("", description="The desk's id with the issuer.")
    oidc_client_secret: SecretStr = Field(SecretStr(""), description="The desk's secret there.")
    oidc_role_claim: str = Field("role", description="Claim that names the agent's role.")
    webchat_origins: str = Field(
        "",
        description="Pages with the web chat, as https://host, comma-separated; "
        "default the edge's own.",
    )
    webchat_identity_key: SecretStr = Field(
        SecretStr(""), description="Shared with the host site, which vouches for its users by it."
    )
    webchat_per_address: float = Field(
        50.0,
        gt=0,
        description="Requests a second to web chat from one address, perhaps a whole office.",
    )
    trusted_proxies: str = Field(
        "",
        description="Addresses or networks of our own proxies, whose X-Forwarded-For is believed.",
    )
    metrics_token: SecretStr = Field(
        SecretStr(""), description="Bearer token of /metrics on the desk's port; empty asks none."
    )
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR.")

    class Config:
        """Where pydantic looks."""

        env_prefix = "NINDY_"
        env_file = ".env"

    @validator("database_url", always=True)
    def _default_database(cls, value: str, values: dict[str, object]) -> str:
        return value or f"sqlite:///{values.get('var_dir', 'var')}/nindy.db"

    @validator("files_dir", always=True)
    def _default_files(cls, value: Path, values: dict[str, Any]) -> Path:
        return value if value.parts else values.get("var_dir", Path("var")) / "files"

    @validator("whatsapp_api_url", always=True)
    def _sandbox_graph(cls, value: str, values: dict[str, object]) -> str:
        return value or f"{_sandbox(values)}/graph/v26.0"

    @validator("span_url", "sakti_url", "digit_url", always=True)
    def _sandbox_system(cls, value: str, values: dict[str, object], field: ModelField) -> str:
        # Invented records must not reach real people; who wants that on trial says it.
        if not value and not _is_here(values):
            raise ValueError(_NOT_HERE)
        return value or f"{_sandbox(values)}/{field.name[: -len('_url')]}"

    @validator("whatsapp_phone_number_id", always=True)
    def _sandbox_number(cls, value: str, values: dict[str, object]) -> str:
        if not value and not _is_here(values):
            raise ValueError(_NOT_HERE)
        return value or SANDBOX_NUMBER

    @validator("whatsapp_app_secret", "whatsapp_verify_token", "whatsapp_access_token", always=True)
    def _sandbox_secret(cls, value: SecretStr, values: dict[str, object]) -> SecretStr:
        if value.get_secret_value().strip(" ,"):
            return value
        if not _in_sandbox(values):
            raise ValueError(_NOT_SANDBOX)
        if values.get("host") not in LOOPBACK:
            raise ValueError(
                "must be set when NINDY_HOST can be reached from elsewhere: "
                "everybody knows the sandbox's"
            )
        return SecretStr(SANDBOX_SECRET)

    @validator("whatsapp_app_secret", "whatsapp_verify_token", "whatsapp_access_token")
    def _is_no_word(cls, value: SecretStr, values: dict[str, object]) -> SecretStr:
        short = any(len(one) < _LEAST_GIVEN for one in _parts(value.get_secret_value()))
        if short and not _is_here(values):
            raise ValueError(f"must have {_LEAST_GIVEN} characters or more")
        return value

    @validator("desk_url", always=True)
    def _default_desk(cls, value: str, values: dict[str, object]) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("must be an address that begins with https:// or http://")
        given = values.get("whatsapp_app_secret")
        if value.startswith("https://") and given == SecretStr(SANDBOX_SECRET):
            raise ValueError(
                "is for others than this machine, so set NINDY_WHATSAPP_APP_SECRET: "
                "everybody knows the sandbox's"
            )
        return value.rstrip("/") or f"http://{values.get('host')}:{values.get('desk_port')}"

    @validator("oidc_issuer")
    def _issuer_is_sealed(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://127.0.0.1:")):
            raise ValueError("must begin with https://")
        return value

    @validator("oidc_client_id", "oidc_client_secret", always=True)
    def _with_issuer(cls, value: Any, values: dict[str, object]) -> Any:
        given = value.get_secret_value() if isinstance(value, SecretStr) else value
        if values.get("oidc_issuer") and not given:
            raise ValueError("must be set when NINDY_OIDC_ISSUER is")
        return value

    @validator("webchat_origins", always=True)
    def _origins_are_whole(cls, value: str, values: dict[str, object]) -> str:
        host, port = values.get("host"), values.get("edge_port")
        own = [f"http://{host}:{port}", *([f"http://localhost:{port}"] * (host == "127.0.0.1"))]
        given = _parts(value) or own
        for origin in given:
            if not re.fullmatch(r"https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:\d{1,5})?", origin):
                raise ValueError(f"{origin} must be like https://hai.kemenkeu.go.id")
        return ",".join(given)

    @validator("webchat_identity_key", "index_key")
    def _is_long(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value()) < _LEAST_SECRET:
            raise ValueError(f"must have {_LEAST_SECRET} characters or more; `nindy key` makes one")
        return value

    @property
    def chat_origins(self) -> frozenset[str]:
        """The origins of pages that may use web chat."""
        return frozenset(_parts(self.webchat_origins))

    @property
    def proxies(self) -> tuple[Network, ...]:
        """Our own proxies."""
        return tuple(ip_network(one) for one in _parts(self.trusted_proxies))

    @validator("log_level")
    def _is_level(cls, value: str) -> str:
        if value.upper() not in _LEVELS:
            raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
        return value.upper()

    @validator("webhook_networks", "trusted_proxies")
    def _are_networks(cls, value: str) -> str:
        for one in _parts(value):
            try:
                ip_network(one)
            except ValueError:
                raise ValueError(f"{one!r} is not a network such as 10.1.0.0/16") from None
        return value

    @property
    def reachable(self) -> tuple[Network, ...]:
        """The networks that webhooks may reach; loopback where WhatsApp is the sandbox's."""
        given = tuple(ip_network(one) for one in _parts(self.webhook_networks))
        return given or ((ip_network("127.0.0.0/8"),) if self.in_sandbox else ())

    @property
    def in_sandbox(self) -> bool:
        """Whether our WhatsApp is that of our own sandbox, so that nobody real is behind it."""
        return _in_sandbox(vars(self))

    @property
    def app_secrets(self) -> tuple[bytes, ...]:
        """The app secrets that a webhook's signature may be made with."""
        return tuple(one.encode() for one in _parts(self.whatsapp_app_secret.get_secret_value()))


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _sandbox(values: dict[str, object]) -> str:
    return f"http://127.0.0.1:{values.get('sandbox_port')}"


def _in_sandbox(values: dict[str, object]) -> bool:
    # The slash: 127.0.0.1:8002.example and 127.0.0.1:8002@example only begin like it.
    return f"{values.get('whatsapp_api_url')}/".startswith(f"{_sandbox(values)}/")


def _is_here(values: dict[str, object]) -> bool:
    """Say whether WhatsApp is a program of this machine: a stand-in, of the sandbox or another."""
    return urlsplit(str(values.get("whatsapp_api_url"))).hostname in LOOPBACK


def load() -> Settings:
    """Read the settings.

    Raises:
        StartupError: A setting is missing or wrong; the text names it.
    """
    try:
        return Settings.parse_obj({})
    except ValidationError as error:
        first = error.errors()[0]
        name = "NINDY_" + str(first["loc"][0]).upper()
        raise StartupError(f"{name}: {first['msg']}") from None
