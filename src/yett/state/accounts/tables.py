"""The tables of accounts, clients, grants and revocations, for SQLite and PostgreSQL alike.

Times are unix seconds. What is a secret is kept as a SHA-256 digest (`*_digest`, hex) where it is
random, or sealed (`state.seal_box`) where it must be read again. Rows are never reused: an
identifier that was deleted names nobody else later. One file per noun reads and writes them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

VERSION = 1

metadata = MetaData()
_TIME = Double


def _table(name: str, *items: Column[Any] | UniqueConstraint | Index) -> Table:
    return Table(name, metadata, *items)


def _text(
    name: str, *, key: bool = False, index: bool = False, unique: bool = False
) -> Column[Any]:
    return Column(
        name, String, primary_key=key, index=index, unique=unique, nullable=False, default=""
    )


def _time(name: str, *, index: bool = False) -> Column[Any]:
    return Column(name, _TIME, index=index, nullable=False, default=0.0)


def _json(name: str) -> Column[Any]:
    return Column(name, JSON, nullable=False)


meta = _table("meta", _text("name", key=True), _text("value"))

# What one process at a time does, of all that share the store.
leases = _table("leases", _text("name", key=True), _text("holder"), _time("until"))

# Who may sign in. `id` is the `sub` of tokens; `login` is folded; `status` is `invited`, `active`
# or `disabled`. `external` is the id a directory gave it (SCIM), `etag` counts its changes. What a
# directory deleted is disabled, and found by its id alone.
users = _table(
    "users",
    _text("id", key=True),
    _text("login", unique=True),
    _text("email"),
    _text("name"),
    _text("status"),
    _json("roles"),
    _json("grouped"),  # those of its roles that it has by its groups alone
    _text("tenant"),
    _text("external", index=True),
    _text("password"),  # an Argon2id string, empty for none
    _json("profile"),  # what SCIM keeps beside: names, phone numbers ...
    _time("created"),
    _time("changed"),
    _time("active"),  # last sign-in, token or call
    _time("warned"),
    _time("disabled"),
    _text("disabled_by"),
    _time("deleted"),
    Column("etag", Integer, nullable=False, default=1),
)

passkeys = _table(
    "passkeys",
    _text("id", key=True),  # the credential id, base64url
    _text("user", index=True),
    Column("public_key", LargeBinary, nullable=False),  # COSE
    Column("sign_count", BigInteger, nullable=False, default=0),
    _text("aaguid"),
    _json("transports"),
    Column("backup_eligible", Boolean, nullable=False, default=False),
    Column("backed_up", Boolean, nullable=False, default=False),
    _text("label"),
    _time("created"),
    _time("used"),
    _time("revoked"),
)

totps = _table(
    "totps",
    _text("user", key=True),
    Column("secret", LargeBinary, nullable=False),  # sealed
    Column("last_step", BigInteger, nullable=False, default=0),
    _time("confirmed"),
)

recovery_codes = _table(
    "recovery_codes",
    _text("digest", key=True),
    _text("user", index=True),
    _time("used"),
)

# The same person at an outside OpenID provider.
links = _table(
    "links",
    _text("issuer", key=True),
    _text("subject", key=True),
    _text("user", index=True),
    _time("created"),
)

# One-use secrets with a purpose: enrolment links, WebAuthn challenges, sign-ins under way, SSO
# states. `holder` binds it to a browser (digest of its cookie) or a session.
tickets = _table(
    "tickets",
    _text("digest", key=True),
    _text("purpose"),
    _text("user"),
    _text("holder"),
    _json("data"),
    _time("expires"),
    _time("used"),
)

sessions = _table(
    "sessions",
    _text("id", key=True),  # `sid` of tokens
    _text("digest", unique=True),  # of the cookie's value, which changes at every sign-in
    _text("user", index=True),
    _text("acr"),
    _json("amr"),
    _time("auth_time"),
    _time("created"),
    _time("seen"),
    _time("expires"),
    _time("ended"),
    _text("source"),
    _text("agent"),
)

# OAuth clients; `kind` is `public`, `confidential` or `service` (a service account, with an owner).
clients = _table(
    "clients",
    _text("id", key=True),
    _text("name"),
    _text("kind"),
    _text("owner", index=True),  # id of a user
    _text("status"),  # `active` or `disabled`
    _text("auth"),  # token_endpoint_auth_method
    _json("secrets"),  # [{digest, created, expires}], several while one is rotated
    _json("jwks"),  # public keys of private_key_jwt, {} for none
    _text("certificate"),  # `x5t:THUMBPRINT` or a name such as `dns:...` (RFC 8705 s2)
    _json("grants"),  # grant_types
    _json("redirects"),  # exact redirect URIs
    _json("logout_redirects"),
    _json("scopes"),
    _json("roles"),
    _text("tenant"),
    Column("bound", Boolean, nullable=False, default=False),  # only DPoP or mTLS bound tokens
    Column("trusted", Boolean, nullable=False, default=False),  # no consent page: our own app
    _time("created"),
    _time("active"),
    _time("warned"),
    _time("disabled"),
)

consents = _table(
    "consents",
    _text("user", key=True),
    _text("client", key=True),
    _json("scopes"),
    _time("created"),
)

# What a person or a service was granted once; every token of it names its `family`.
grants = _table(
    "grants",
    _text("id", key=True),
    _text("user", index=True),
    _text("client", index=True),
    _text("session", index=True),
    _json("scopes"),
    _json("details"),  # authorization_details (RFC 9396)
    _text("acr"),
    _json("amr"),
    _time("auth_time"),
    _text("binding"),  # `jkt:...` or `x5t:...`
    _text("nonce"),
    _time("created"),
    _time("expires"),
    _time("ended"),
    Column("generation", Integer, nullable=False, default=0),
    _time("rotated"),  # when this generation of the refresh token was made
    Column("key", LargeBinary, nullable=False, default=b""),  # sealed; its refresh tokens' source
)

codes = _table(
    "codes",
    _text("digest", key=True),
    _text("grant"),
    _text("client"),
    _text("redirect"),
    _text("challenge"),  # S256
    _text("binding"),  # dpop_jkt (RFC 9449 s10)
    _time("expires"),
    _time("used"),
)

# Pushed (RFC 9126) and pending authorization requests.
requests = _table(
    "requests",
    _text("digest", key=True),
    _text("client"),
    _json("parameters"),
    Column("pushed", Boolean, nullable=False, default=False),
    _time("expires", index=True),
    _time("used"),
)

devices = _table(
    "devices",
    _text("digest", key=True),
    _text("user_code", unique=True),
    _text("client"),
    _json("scopes"),
    _text("grant"),  # once somebody has allowed it
    _text("status"),  # `pending`, `allowed`, `denied` or `used`
    Column("interval", Integer, nullable=False, default=5),
    _time("polled"),
    _time("expires", index=True),
)

signing_keys = _table(
    "signing_keys",
    _text("kid", key=True),
    _text("algorithm"),
    _json("public"),
    Column("private", LargeBinary, nullable=False),  # sealed
    _text("state"),  # published -> active -> retired -> removed
    _time("created"),
    _time("active"),
    _time("retired"),
    _time("removed"),
)

# Used assertions (RFC 7523 `jti`), proofs, and other things good once at the issuer.
uses = _table("uses", _text("digest", key=True), _time("expires"))

# Failed tries of something that can be guessed, by what is guessed.
attempts = _table(
    "attempts",
    _text("subject", key=True),
    Column("count", Integer, nullable=False, default=0),
    _time("since"),
    _time("until"),
    Index("attempts_since", "since"),
)

revocations = _table(
    "revocations",
    Column("number", Integer, primary_key=True, autoincrement=True),
    _text("kind"),  # sub, client, sid, jti, key, kid, grant
    _text("value", index=True),
    _text("issuer"),
    Column("before", _TIME, nullable=True),  # None for everything
    _text("reason"),
    _text("by"),
    _time("at"),
    _time("expires"),  # when nothing it covers can be alive any more, 0 for never
)

# When an API key was last seen at a gate (accounts and clients have a column of their own), in at
# most one write a minute of each worker.
activity = _table("activity", _text("kind", key=True), _text("value", key=True), _time("last"))

# Groups of a directory (SCIM); their roles are an operator's to give.
groups = _table(
    "groups",
    _text("id", key=True),
    _text("name", unique=True),
    _text("external"),
    _json("roles"),
    _time("created"),
    _time("changed"),
    Column("etag", Integer, nullable=False, default=1),
)
members = _table("members", _text("group", key=True), _text("user", key=True, index=True))

# Who wants to be told of security events (OpenID SSF), and what waits for them.
streams = _table(
    "streams",
    _text("id", key=True),
    _text("client", index=True),
    _text("audience"),
    _text("method"),  # `push` or `poll`
    _text("endpoint"),
    Column("bearer", LargeBinary, nullable=False, default=b""),  # sealed
    _json("events"),
    _text("status"),
    _time("created"),
)
outbox = _table(
    "outbox",
    _text("jti", key=True),
    _text("stream", index=True),
    _text("token"),
    _time("created"),
    _time("due"),
    Column("tries", Integer, nullable=False, default=0),
)

# What was done to accounts, for the ledger: told once each, like the end of an approval.
notices = _table(
    "notices",
    Column("number", Integer, primary_key=True, autoincrement=True),
    _text("kind"),
    _json("event"),
    _time("at"),
    _time("told"),
    Index("notices_told", "told", "number"),  # looked through several times a second
)
