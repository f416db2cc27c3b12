"""The contract as a model: what the team declared, before anything is compiled from it.

Pure values: `contract.load` fills them from files, `policy.compile` reads them. Schemas stay as the
plain JSON values of the document; `Api.document` is the whole (overlaid) document, so that local
`$ref`s resolve. OpenAPI 3.0.4, 3.1.1, 3.2.0.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from yett.contract.config import Config
from yett.contract.places import Source
from yett.contract.report import Remark
from yett.terms import Mode

Json = Any  # a parsed JSON value: the one `Any` that crosses this border, always re-checked


class Parameter(Struct, frozen=True, kw_only=True):
    """An OpenAPI Parameter Object, `$ref` resolved, defaults of style and explode filled in.

    `location` is `path`, `query`, `header`, `cookie` or `querystring` (3.2). `media_type` is set
    when the parameter is described by `content` instead of `schema`.
    """

    name: str
    location: str
    required: bool
    schema: Json
    style: str
    explode: bool
    media_type: str = ""
    allow_empty: bool = False
    source: Source = Source()


class MediaType(Struct, frozen=True, kw_only=True):
    """One entry of a `content` map; `name` is lower-case, may be a range such as `image/*`."""

    name: str
    schema: Json | None
    encoding: Json = None


class Body(Struct, frozen=True, kw_only=True):
    """An OpenAPI Request Body Object, `$ref` resolved."""

    required: bool
    content: tuple[MediaType, ...]


class Response(Struct, frozen=True, kw_only=True):
    """An OpenAPI Response Object; `status` is `200`, `2XX` or `default`."""

    status: str
    content: tuple[MediaType, ...]
    headers: tuple[str, ...] = ()


class SecurityScheme(Struct, frozen=True, kw_only=True):
    """An OpenAPI Security Scheme: `type` apiKey, http, oauth2, openIdConnect or mutualTLS.

    `location` and `parameter` are set for apiKey (`header`, `query`, `cookie`); `http_scheme` for
    http (`bearer`, `basic`), lower-case.
    """

    name: str
    type: str
    location: str = ""
    parameter: str = ""
    http_scheme: str = ""

    @property
    def field(self) -> bytes:
        """The header field that carries it alone, lower-case; empty where another place does."""
        if self.type in {"http", "oauth2", "openIdConnect"}:
            return b"authorization"
        return self.parameter.lower().encode() if self.location == "header" else b""


class Need(Struct, frozen=True):
    """One scheme and the scopes it must carry; an alternative is a tuple of these."""

    scheme: SecurityScheme
    scopes: frozenset[str]


class Resource(Struct, frozen=True, kw_only=True):
    """The record an operation is about, `x-yett.resource`. Pointers are JSON pointers (RFC 6901).

    Args:
        type: entity type, such as `Booking`; the same name in all operations means the same type.
        id: where the id is in the request: `path.NAME`, `query.NAME`, `header.NAME` or
            `body.POINTER`; empty for lists and new records.
        record: pointer to the record in the answer of this operation, empty for the whole.
        attrs: attribute -> pointer, relative to the record; the union over all operations counts.
        key: pointer to the record's own id, relative to the record.
        read: operationId that reads one such record; found by the path where it is not given.
        items: pointer to the array of records, for an answer with many; None for one record.
        totals: pointers to numbers that count the items.
        strict: refuse an answer whole when one of its items is denied, instead of filtering.
        closed: refuse ids that the principal was never shown (else that is only observed).
    """

    type: str
    id: str = ""
    record: str = ""
    attrs: dict[str, str] = {}
    key: str = "/id"
    read: str = ""
    items: str | None = None
    totals: tuple[str, ...] = ()
    strict: bool = False
    closed: bool = False


class Sensitive(Struct, frozen=True, kw_only=True):
    """What a sensitive operation asks for beyond a credential; it is always recorded durably.

    Args:
        acr: `acr` value that the credential must carry (RFC 9470 s3), empty for any.
        max_age: seconds since `auth_time`, None for any.
        approvals: how many other people must approve exactly this request first.
        within: seconds in which they must, and it must then run.
        bind: `operation` where only a token that was issued for exactly this request will do, once.
    """

    acr: str = ""
    max_age: int | None = None
    approvals: int = 0
    within: int = 3600
    bind: Literal["", "operation"] = ""


class Move(Struct, frozen=True, kw_only=True):
    """One operation of a machine: states it may start from, and where it ends (empty: it stays)."""

    start: tuple[str, ...]
    to: str = ""


class Machine(Struct, frozen=True, kw_only=True):
    """The states of a record type, `x-yett-machine`.

    Args:
        type: the entity type.
        field: the attribute that holds the state.
        initial, terminal: states a record begins and ends in.
        operations: operationId -> move.
    """

    type: str
    field: str
    initial: tuple[str, ...]
    terminal: tuple[str, ...]
    operations: dict[str, Move]
    source: Source = Source()


class PolicyText(Struct, frozen=True):
    """One Cedar file of `policies/`: its path as shown to the team, and its text."""

    path: str
    text: str


class Settings(Struct, frozen=True, kw_only=True):
    """The `x-yett` extension of an operation, checked (unknown keys are errors).

    Args:
        public: True when the team says that nobody needs to prove anything.
        limit: limits such as `10/min per principal`, replacing the defaults.
        cost: how many units a call takes from each limit, greater than 0.
        concurrency: most calls of one principal at the same time, 0 for no own cap.
        max_body: most bytes of a request body, 0 for the gateway's default.
        timeout: seconds until the upstream must have answered in full, 0 for the default.
        stream: `request`, `response` or `both`: bodies that no rule reads are passed through.
        websocket: True when the operation is a WebSocket upgrade.
        idempotent: True when a retry is safe although the method is not.
        cache: True when the operation sets its own `Cache-Control`.
        text: JSON pointer or `query/name` of a field -> `off`, `observe` or `enforce` (injection).
        modes: rule -> mode, over the gateway's own.
        sensitive: step-up and approvals; also makes the record durable before the answer.
        resource: the record it is about, None when it is about none.
        public_object: the team says that no rule on records is meant, although a path names one.
        extra: `sunset`, `webhook` as written, for later rooms.
    """

    public: bool | None = None
    limit: tuple[str, ...] | None = None
    cost: float = 1.0
    concurrency: int = 0
    max_body: int = 0
    timeout: float = 0.0
    stream: str = ""
    websocket: bool = False
    idempotent: bool = False
    cache: bool = False
    text: dict[str, Mode] = {}
    modes: dict[str, Mode] = {}
    sensitive: Sensitive | None = None
    resource: Resource | None = None
    public_object: bool = False
    extra: dict[str, Json] = {}


class Operation(Struct, frozen=True, kw_only=True):
    """The unit of everything: one method on one path template.

    `id` is `api.operationId` (or `api.METHOD /template` where the document gives none), unique in
    the contract. `security` is an OR of ANDs: `None` nothing declared, `((),)` anonymous allowed.
    """

    id: str
    api: str
    method: str
    path: str
    parameters: tuple[Parameter, ...]
    body: Body | None
    responses: tuple[Response, ...]
    security: tuple[tuple[Need, ...], ...] | None
    settings: Settings
    tags: tuple[str, ...] = ()
    deprecated: bool = False
    source: Source = Source()


class Api(Struct, frozen=True, kw_only=True):
    """One service: its operations and the document they came from.

    `base` is the path prefix without trailing slash (`""` or `/v2`). `version` is `3.0`, `3.1` or
    `3.2`. `document` is the whole document after the Overlay. `extended` is False when no `x-yett`
    extension can be in it; `extensions` are the keys that are, None when nobody has looked.
    """

    name: str
    base: str
    upstream: str
    version: str
    operations: tuple[Operation, ...]
    document: Json
    machines: tuple[Machine, ...] = ()
    extended: bool = True
    extensions: frozenset[str] | None = None
    source: Source = Source()


class Contract(Struct, frozen=True, kw_only=True):
    """Everything the team declared.

    Args:
        policies: the Cedar files of the folder `policies`, sorted by path.
        digest: the SHA-256 of all files read, hex.
        folder: the contract folder, against which relative paths of `config` are meant.
        remarks: warnings and notes of loading (an error would have been raised); their lines are
            looked up by `report.findings(contract.remarks)`.
    """

    config: Config
    apis: tuple[Api, ...]
    digest: str
    folder: str = "."
    policies: tuple[PolicyText, ...] = ()
    remarks: tuple[Remark, ...] = ()
