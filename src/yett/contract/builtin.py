"""yett's own authorization server as the gate sees it: an issuer like another, with keys in a file.

The issuer's process publishes its keys in a file of the contract's folder, so that verifying needs
no network and goes on while that process is down. Nothing in here reads it.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from yett.contract.identity_settings import BuiltinConfig, IdentityConfig, IssuerConfig

BUILTIN_KEYS_FILE = "var/issuer-jwks.json"
# Several hosts may share the accounts; their clocks are ours, so less than for a stranger's.
BUILTIN_SKEW_SECONDS = 5.0
# Whatever it may have signed with before `algorithm` was changed; each key is bound to its own.
BUILTIN_ALGORITHMS = ("ES256", "EdDSA", "PS256", "RS256")
SESSION_TYPE = "session+jwt"
# By which a browser that has signed in is known to the API.
SESSION_COOKIE = "yett-session"
HOST_PREFIX = "__Host-"  # RFC 6265bis s4.1.3.2: this host alone, all paths, over TLS


def builtin_issuer(config: BuiltinConfig) -> IssuerConfig:
    """Describe the builtin server as an issuer of access tokens (RFC 9068)."""
    return IssuerConfig(
        url=config.url,
        audience=config.audience,
        algorithms=BUILTIN_ALGORITHMS,
        jwks=BUILTIN_KEYS_FILE,
        skew=BUILTIN_SKEW_SECONDS,
        required=("client_id", "iat", "jti"),
        tenant_claim="tenant",
    )


def issuer_path(config: BuiltinConfig) -> str:
    """Return the path below which the gate serves it; empty where it has a host of its own."""
    return urlsplit(config.url).path.rstrip("/")


def approval_page(config: BuiltinConfig, approval: str) -> str:
    """Return the URL at which a person signs a vote; empty where there is no such page."""
    return f"{config.url}/approvals/{approval}" if issuer_path(config) else ""


def session_cookie(config: BuiltinConfig) -> str:
    """Name the cookie; over plain http on loopback browsers take none with the prefix."""
    return HOST_PREFIX + SESSION_COOKIE if config.url.startswith("https:") else SESSION_COOKIE


def issuers_of(config: IdentityConfig) -> tuple[IssuerConfig, ...]:
    """Return every issuer that the gate believes, the builtin one last."""
    own = () if config.builtin is None else (builtin_issuer(config.builtin),)
    return (*config.issuer, *own)
