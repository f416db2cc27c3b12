"""The contract as a model: what the team declared, before anything is compiled from it.

Pure values: `contract.load` fills them from files, `policy.compile` reads them. Schemas stay as the
plain JSON values of the document; `Api.document` is the whole (overlaid) document, so that local
`$ref`s resolve. OpenAPI 3.0.4, 3.1.1, 3.2.0.
"""

from __future__ import annotations

from typing import Any

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


class Need(Struct, frozen=True):
    """One scheme and the scopes it must carry; an alternative is a tuple of these."""

    scheme: SecurityScheme
    scopes: frozenset[str]


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
        extra: `resource`, `machine`, `sunset`, `webhook` as written, for later rooms.
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
    sensitive: Json = None
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
    `3.2`. `document` is the whole document after the Overlay.
    """

    name: str
    base: str
    upstream: str
    version: str
    operations: tuple[Operation, ...]
    document: Json
    source: Source = Source()


class Contract(Struct, frozen=True, kw_only=True):
    """Everything the team declared.

    Args:
        digest: the SHA-256 of all files read, hex.
        folder: the contract folder, against which relative paths of `config` are meant.
        remarks: warnings and notes of loading (an error would have been raised); their lines are
            looked up by `report.findings(contract.remarks)`.
    """

    config: Config
    apis: tuple[Api, ...]
    digest: str
    folder: str = "."
    remarks: tuple[Remark, ...] = ()
