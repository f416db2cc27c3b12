"""`yett.toml` as frozen values: every setting, its unit, its bound and its default.

Reading the file (line numbers, "did you mean") is `contract/toml.py`; this file is the shape alone,
and the JSON Schema for editors is generated from it. A check that needs a value has no default.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from yett.contract.identity_settings import ALGORITHMS, IdentityConfig, IssuerConfig
from yett.terms import Mode

__all__ = ["ALGORITHMS", "IdentityConfig", "IssuerConfig"]

# Rules whose mode can be set, in the order of the steps they belong to.
RULES: tuple[str, ...] = (
    "route",
    "cors",
    "csrf",
    "limits",
    "credential",
    "scopes",
    "parameters",
    "body",
    "unknown_query",
    "unknown_fields",
    "injection",
    "records",
    "sensitive",
    "fields",
    "response_fields",
    "response_headers",
)

Seconds = Annotated[float, Meta(gt=0, le=86400)]
Bytes = Annotated[int, Meta(ge=1, le=1 << 30)]
Count = Annotated[int, Meta(ge=1, le=1_000_000)]


class ApiConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One service of the contract, `[api.NAME]`.

    Args:
        openapi: the OpenAPI file, relative to yett.toml.
        graphql: the GraphQL schema file (enforced from a later issue on).
        overlay: an OpenAPI Overlay 1.0 file.
        upstream: `http://host:port` of the service.
        path: path prefix instead of the one in `servers`.
        unknown_fields: what to do with body fields that no schema declares.
        unknown_query: what to do with query parameters that no operation declares.
    """

    upstream: str
    openapi: str = ""
    graphql: str = ""
    overlay: str = ""
    path: str | None = None
    unknown_fields: Mode = Mode.ENFORCE
    unknown_query: Mode = Mode.ENFORCE


class TlsConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """TLS of the listener. Files are PEM, relative to yett.toml, and read again when they change.

    Args:
        cert, key: the server's certificate with its chain, and its key.
        client_ca: authorities of client certificates; then every client must show one.
        crl: revoked client certificates of those authorities; a CRL for each of them.
        redirect: a plain listener `host:port` that answers 308 to HTTPS.
        mutual: a second listener `host:port` that demands a client certificate, where the first
            demands none: one listener per policy, because SNI cannot change it (notes/identity 5).
    """

    cert: str
    key: str
    client_ca: str = ""
    crl: str = ""
    redirect: str = ""
    mutual: str = ""


class GatewayConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The listener and its bounds, `[gateway]`. Times are seconds, sizes are bytes.

    Args:
        listen: `host:port`, port 0 for any free one.
        mode: the mode of every rule that sets none.
        tls: certificate and key; without it the gate speaks plain HTTP.
        workers: processes; 0 for one per core.
        trusted_proxies: CIDRs whose `X-Forwarded-For` and `X-Forwarded-Proto` count.
        client_cert: whether `Client-Cert` (RFC 9440) of trusted proxies counts, too.
        max_body: most bytes of a request body where the operation sets none.
        max_response: most bytes of a buffered response (streams are not buffered).
        head_timeout: from the first byte (or accept) to the end of the head.
        body_timeout: the whole request body.
        body_rate: bytes a second that a body must come with at the least.
        idle_timeout: keep-alive.
        connect_timeout: upstream connect.
        upstream_timeout: upstream's whole answer where the operation sets none.
        drain_timeout: how long a stopping worker waits for requests under way.
        max_connections: open at the same time, per worker.
        max_connections_per_ip: the same per source.
        max_requests_per_connection: then the connection is closed politely.
        upstream_connections: most connections per upstream and worker, beside tunnels, event
            streams and at most four times as many that wait for clients which do not read.
        max_pending: most requests waiting for an upstream connection before load is shed.
        when_not_recorded: `block` refuses requests while the recorder's spool is full,
            `degrade` goes on and counts what was lost.
    """

    listen: str = "127.0.0.1:8080"
    mode: Mode = Mode.ENFORCE
    tls: TlsConfig | None = None
    workers: Annotated[int, Meta(ge=0, le=256)] = 0
    trusted_proxies: tuple[str, ...] = ()
    client_cert: bool = False
    max_body: Bytes = 1 << 20
    max_response: Bytes = 1 << 26
    head_timeout: Seconds = 10.0
    body_timeout: Seconds = 60.0
    body_rate: Count = 512
    idle_timeout: Seconds = 60.0
    connect_timeout: Seconds = 2.0
    upstream_timeout: Seconds = 30.0
    drain_timeout: Seconds = 15.0
    max_connections: Count = 20_000
    max_connections_per_ip: Count = 10_000
    max_requests_per_connection: Count = 1_000_000
    upstream_connections: Count = 64
    max_pending: Count = 1_024
    when_not_recorded: str = "block"


class AuthzConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How Cedar policies are carried out, `[authz]`.

    Args:
        engine: `compiled` (Python made from the policies), `cedar` (cedarpy each time) or `both`
            (both each time; a difference refuses).
        sample: one of so many decisions is compared with cedarpy off the path; 0 for none.
        max_checked: most bytes of an answer that a rule on records or fields must read.
        hidden: what stands for a field the caller may not see: `drop`, `null` or `mask`.
        read_as: whose credential a read before a write carries: `caller`, or a file with a bearer
            token of a service account.
        seen_ttl: seconds for which an id counts as seen by a principal.
        approvals: the file that holds pending approvals, relative to yett.toml.
        signatures: who signs votes on approvals with a passkey: `own` (whoever has an account
            here), `all` (nobody else votes) or `none` (nobody must).
    """

    engine: Literal["compiled", "cedar", "both"] = "compiled"
    sample: Annotated[int, Meta(ge=0, le=1_000_000)] = 1000
    max_checked: Bytes = 1 << 20
    hidden: Literal["drop", "null", "mask"] = "drop"
    read_as: str = "caller"
    seen_ttl: Annotated[float, Meta(gt=0, le=30 * 86400)] = 86400.0
    approvals: str = "var/approvals.db"
    signatures: Literal["own", "all", "none"] = "own"


class ClaimConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A principal's attribute that is a claim of its token; `type` is its Cedar type."""

    claim: str
    type: Literal["String", "Long", "Bool", "Set<String>"] = "String"
    required: bool = False


class EnrichConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Attributes of the principal that the service knows and the token does not.

    Args:
        operation: `operationId` (or `api.operationId`) of a GET without path parameters, called
            with the caller's own credential.
        attributes: attribute -> JSON pointer into its answer.
        ttl: seconds for which the answer is good for one credential.
    """

    operation: str
    attributes: dict[str, str]
    ttl: Annotated[float, Meta(gt=0, le=3600)] = 60.0


class PrincipalConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a caller becomes a Cedar entity, `[principal]`.

    Args:
        type: entity type of a person who signed in.
        id: claim that names the entity; the subject when empty.
        attributes: attribute -> claim.
        enrich: attributes that an operation of the service knows.
    """

    type: str = "User"
    id: str = ""
    attributes: dict[str, ClaimConfig] = {}
    enrich: EnrichConfig | None = None


class VocabularyConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Scopes, roles and field classes, once for all services, `[vocabulary]`.

    Args:
        scopes: scope -> what it lets its holder do.
        roles: role -> the scopes it carries.
        classes: field class (`x-yett-class`) -> what is in it.
    """

    scopes: dict[str, str] = {}
    roles: dict[str, tuple[str, ...]] = {}
    classes: dict[str, str] = {}


class LimitsConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Rates, `[limits]`.

    Args:
        default: for each operation that sets none, such as `60/min per principal`.
        failures: refused requests of one source before it is slowed down.
        concurrency: requests of one principal at the same time; 0 for no cap.
        max_tracked: most counters kept; the least recently used goes first.
    """

    default: tuple[str, ...] = ("600/min per principal", "6000/min per ip")
    failures: str = "60/min per ip"
    concurrency: Annotated[int, Meta(ge=0, le=100_000)] = 0
    max_tracked: Count = 100_000


class StoreConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where state lives, `[store]`; paths are relative to yett.toml.

    Args:
        accounts: accounts, clients, grants and revocations: `sqlite:///PATH` or `postgresql://...`.
        counters: rates.
        ledger: a folder.
    """

    accounts: str = "sqlite:///var/yett.db"
    counters: str = "memory"
    ledger: str = "var/ledger"


class CorsConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who may call from a browser, `[cors]`. Origins are exact; `*` and `null` are errors."""

    origins: tuple[str, ...] = ()
    headers: tuple[str, ...] = ("authorization", "content-type")
    expose: tuple[str, ...] = ()
    credentials: bool = False
    max_age: Annotated[int, Meta(ge=0, le=86400)] = 600


class HeadersConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Response fields, `[headers]`. `hsts` is sent over TLS only; empty switches it off."""

    hsts: str = "max-age=63072000; includeSubDomains"
    ratelimit: bool = True
    legacy_ratelimit: bool = False


class Config(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole of `yett.toml`. `rules` sets the mode of single rules of `RULES`."""

    api: dict[str, ApiConfig]
    gateway: GatewayConfig = GatewayConfig()
    identity: IdentityConfig = IdentityConfig()
    principal: PrincipalConfig = PrincipalConfig()
    authz: AuthzConfig = AuthzConfig()
    vocabulary: VocabularyConfig = VocabularyConfig()
    limits: LimitsConfig = LimitsConfig()
    store: StoreConfig = StoreConfig()
    cors: CorsConfig = CorsConfig()
    headers: HeadersConfig = HeadersConfig()
    rules: dict[str, Mode] = {}
