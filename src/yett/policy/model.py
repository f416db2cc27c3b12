"""The compiled contract: everything derivable is already derived, nothing in here changes.

`policy.compile` builds one `Policy` from one `Contract`; the engine reads it on every request. It
is swapped whole, never edited. The engine binds steps to it (`engine/program.py`), because the
engine is the room above.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from yett.contract.config import RULES as RULES  # noqa: PLC0414 — the tuple lives with the setting
from yett.contract.config import Config
from yett.contract.model import Need, Sensitive
from yett.contract.report import Remark
from yett.policy.approvable import Approvable
from yett.policy.authz.model import Authz, Guard
from yett.terms import Mode


class Fault(Struct, frozen=True):
    """Why a parameter or a body does not fit, for the client to mend; never the value itself.

    Args:
        code: `missing`, `unknown`, `repeated`, `malformed`, `mismatch`, `deep`, `media_type`.
        where: `path/name`, `query/name`, `header/name`, `cookie/name` or a JSON pointer.
        keyword: the JSON Schema keyword that failed, when known.
    """

    code: str
    where: str = ""
    keyword: str = ""


class ParametersRead(Struct, frozen=True):
    """Parameters as the schema sees them, and the one canonical query to forward.

    `observed` holds what `unknown_query` would have refused, had it not been in mode `observe`.
    """

    values: dict[str, dict[str, Any]]
    query: str
    observed: tuple[Fault, ...] = ()


class BodyRead(Struct, frozen=True):
    """A checked body: the parsed value, and the bytes to forward; `observed` as above."""

    value: Any
    forward: bytes
    observed: tuple[Fault, ...] = ()


class Limit(Struct, frozen=True):
    """A rate: `quota` units a `window` seconds, counted per `scope`.

    Args:
        name: token for the `RateLimit` fields, unique per operation.
        quota: units per window, which is also the burst.
        window: seconds.
        scope: `principal`, `key`, `tenant` or `ip`.
        shared: `api.operation` when the limit is the operation's own, empty when it is the default.
    """

    name: str
    quota: float
    window: float
    scope: str
    shared: str = ""


class Taken(Struct, frozen=True):
    """What a limiter answered.

    Args:
        ok: whether the cost fitted.
        remaining: whole units left in the window.
        reset: seconds until the quota is full again.
        retry: seconds until the same cost would fit, 0 when it did.
    """

    ok: bool
    remaining: int
    reset: float
    retry: float


class Declared(Struct, frozen=True):
    """What an operation's JSON answers may hold (CWE-213: a service that says too much).

    Args:
        keep: status (`200`, `2XX`, `default`) -> a function that returns the value with what is
            not declared (or `writeOnly`) left out, and the pointers of what was, at most a few.
        plain: statuses of which nothing but JSON is declared.
    """

    keep: dict[str, Callable[[Any], tuple[Any, tuple[str, ...]]]]
    plain: frozenset[str] = frozenset()


ParameterReader = Callable[[tuple[str, ...], str, dict[bytes, bytes]], "ParametersRead | Fault"]
BodyReader = Callable[[bytes, bytes], "BodyRead | Fault"]
TextScan = Callable[[dict[str, dict[str, Any]], Any], "tuple[str, str, Mode] | None"]


class OperationPolicy(Struct, frozen=True, kw_only=True):
    """One operation, compiled.

    Args:
        id: `api.operationId`.
        template: the path template with the base, for the record.
        security: OR of ANDs as in the contract; None when nothing is declared.
        parameters: reads and checks path, query, header and cookie parameters; None when there is
            nothing to read and the query must be empty. Called with the values of the template's
            parameters in order, the raw query and the headers.
        body: reads and checks the body given its `content-type`; None when none is declared.
        body_required: whether a missing body is a problem.
        text: scans free-text strings for injections given parameter values and the body value,
            answers (where, fingerprint, mode) of the first hit; None when there is none to scan.
        limits: all limits that count this operation.
        stream_request, stream_response: pass bodies through unread.
        methods: `Allow` of the path, as bytes.
        modes: the mode of each rule of `RULES` for this operation.
        media_types: what a body may be declared as, for the client that sent something else.
        guard: rules on records, fields and states; None when scopes alone decide.
        demand: step-up and approvals; None when the operation is not sensitive.
        declared: what of a JSON answer is declared, by status; None when nothing is dropped.
        approvable: how a request is frozen, for approvers and for tokens that are for one call;
            None when neither is asked for.
        own: what the gate itself answers here, empty for an operation of a service.
        pages: whether the answers are the issuer's pages, with security fields of their own.
    """

    id: str
    api: str
    method: str
    template: str
    upstream: str
    public: bool
    security: tuple[tuple[Need, ...], ...] | None
    parameters: ParameterReader | None
    body: BodyReader | None
    body_required: bool
    text: TextScan | None
    limits: tuple[Limit, ...]
    cost: float
    concurrency: int
    max_body: int
    timeout: float
    stream_request: bool
    stream_response: bool
    websocket: bool
    idempotent: bool
    cache: bool
    sensitive: bool
    modes: dict[str, Mode]
    guard: Guard | None
    demand: Sensitive | None
    declared: Declared | None
    approvable: Approvable | None
    own: str
    pages: bool
    media_types: tuple[str, ...] = ()


class Upstream(Struct, frozen=True):
    """Where an API's service listens. `host` and `port` of `[api.NAME].upstream`; http or https."""

    name: str
    scheme: str
    host: str
    port: int


class Policy(Struct, frozen=True, kw_only=True):
    """The compiled contract, whole.

    `router` answers (operation, values of template parameters in order) for a method and segments;
    see policy/routes.py. `digest` names the contract in every record. `remarks` are the warnings
    and notes of compiling; `contract.report.findings` looks up their lines. `authz` is None where
    the contract has no Cedar policies. `credential_fields` are the header fields that some
    operation of an API takes a credential from, by the API's name.
    """

    router: Any
    operations: tuple[OperationPolicy, ...]
    upstreams: dict[str, Upstream]
    config: Config
    digest: str
    authz: Authz | None
    credential_fields: dict[str, frozenset[bytes]]
    remarks: tuple[Remark, ...] = ()


class TextSource(Struct, frozen=True, kw_only=True):
    """The normalised (2020-12) schemas of one operation's input, to find its free-text strings.

    Args:
        parameters: (where, schema) for each parameter, `where` as in `Fault`.
        bodies: the request schema of each declared media type.
        root: the document that `$ref`s (`#/$defs/...`) of those schemas resolve against.
    """

    parameters: tuple[tuple[str, Any], ...]
    bodies: tuple[Any, ...]
    root: Any


class Shapes(Struct, frozen=True, kw_only=True):
    """What `policy.shapes` compiles for one operation; the fields as in `OperationPolicy`."""

    parameters: ParameterReader | None
    body: BodyReader | None
    body_required: bool
    text: TextSource
