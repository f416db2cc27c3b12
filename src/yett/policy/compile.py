"""The whole pass from Contract to Policy, in order: modes, shapes, limits, routes.

Everything a request will need is derived here, once. What cannot be compiled is a `ContractError`
whose findings name file and line; a policy that half works does not exist.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from yett.contract.config import Config
from yett.contract.model import Api, Contract, Operation
from yett.contract.report import Report, quote
from yett.policy.approvable import Approvable
from yett.policy.approvals import OWN_API, approvable, own_api, own_name
from yett.policy.authz.build import build_authz
from yett.policy.authz.model import Guard
from yett.policy.authz.names import action_names
from yett.policy.declared import Answers
from yett.policy.headers import enforces
from yett.policy.injection import UnknownPlaceError, build_scan
from yett.policy.issuer import issuer_operations, issuer_upstream
from yett.policy.limits import parse_limit
from yett.policy.model import (
    RULES,
    Declared,
    Limit,
    OperationPolicy,
    Policy,
    Shapes,
    TextScan,
    TextSource,
    Upstream,
)
from yett.policy.routing import FALLBACK_METHOD, route
from yett.policy.rules import INJECTION_UNREAD, TEXT_SETTING
from yett.policy.shapes import compile_shapes
from yett.terms import Mode

DEFAULT_PORTS = {"http": 80, "https": 443}
STRICTNESS = (Mode.OFF, Mode.OBSERVE, Mode.ENFORCE)


def compile_policy(contract: Contract) -> Policy:
    """Compile a contract.

    Raises:
        ContractError: with everything that was found, when one is of severity `error`.
    """
    report = Report()
    operations: list[OperationPolicy] = []
    own = own_api(contract)
    apis = contract.apis if own is None else (*contract.apis, own)
    actions = action_names(contract)
    authz, lints = build_authz(contract, report)
    guards = authz.guards if authz is not None else {}
    for api in apis:
        operations += _compile_api(api, contract.config, actions, guards, report)
    operations += issuer_operations(contract.config)
    router = route(apis, operations, report)
    report.refuse()
    return Policy(
        router=router,
        operations=tuple(operations),
        upstreams={api.name: parse_upstream(api.name, api.upstream) for api in contract.apis}
        | issuer_upstream(contract.config),
        config=contract.config,
        digest=contract.digest,
        remarks=(*report.remarks, *lints.remarks),
        authz=authz,
        credential_fields={api.name: _credential_fields(api) for api in apis},
    )


def _credential_fields(api: Api) -> frozenset[bytes]:
    schemes = {n.scheme for one in api.operations for way in one.security or () for n in way}
    return frozenset(one.field for one in schemes if one.field)


def parse_upstream(name: str, url: str) -> Upstream:
    """Split `http://host:port`; the configuration has checked its form."""
    parts = urlsplit(url)
    port = parts.port or DEFAULT_PORTS[parts.scheme]
    return Upstream(name, parts.scheme, parts.hostname or "", port)


def api_modes(api: Api, config: Config) -> dict[str, Mode]:
    """Return the mode of each rule for one API: the rule's own, else the gateway's.

    Unknown fields and parameters take the less strict of the general and the API's setting. The
    gate's own operations cannot be weakened.
    """
    if api.name == OWN_API:
        return dict.fromkeys(RULES, Mode.ENFORCE)
    settings = config.api[api.name]
    modes = {rule: config.rules.get(rule, config.gateway.mode) for rule in RULES}
    modes["unknown_fields"] = weaker(modes["unknown_fields"], settings.unknown_fields)
    modes["unknown_query"] = weaker(modes["unknown_query"], settings.unknown_query)
    return modes


def weaker(one: Mode, two: Mode) -> Mode:
    """Return the less strict of two modes."""
    return min(one, two, key=STRICTNESS.index)


class _Rules(Struct, frozen=True):
    """What is compiled of one operation beside its shapes; the fields as in `OperationPolicy`."""

    text: TextScan | None
    modes: dict[str, Mode]
    guard: Guard | None
    declared: Declared | None
    approvable: Approvable | None


def _compile_api(
    api: Api, config: Config, actions: dict[str, str], guards: dict[str, Guard], report: Report
) -> list[OperationPolicy]:
    modes = api_modes(api, config)
    shapes = compile_shapes(
        api,
        unknown_fields=modes["unknown_fields"],
        unknown_query=modes["unknown_query"],
        report=report,
    )
    answers = Answers(api, report)
    compiled = []
    for operation in api.operations:
        shape = shapes[operation.id]
        own = modes | operation.settings.modes
        text = _scan(operation, shape, own, report)
        rules = _Rules(
            text,
            own,
            guards.get(operation.id),
            answers.declared(operation),
            approvable(operation, api, actions.get(operation.id, "")),
        )
        compiled.append(_compile_operation(operation, api, config, shape, rules))
    if modes["route"] is not Mode.ENFORCE:
        compiled.append(_undeclared(api, config, modes))
    return compiled


def _compile_operation(
    operation: Operation, api: Api, config: Config, shape: Shapes, rules: _Rules
) -> OperationPolicy:
    settings = operation.settings
    return OperationPolicy(
        id=operation.id,
        api=api.name,
        method=operation.method,
        template=api.base + operation.path,
        upstream=api.name,
        public=settings.public is True,
        security=operation.security,
        parameters=shape.parameters,
        body=shape.body,
        body_required=shape.body_required,
        text=rules.text,
        limits=_limits(operation, config),
        cost=settings.cost,
        concurrency=settings.concurrency,
        max_body=settings.max_body or config.gateway.max_body,
        timeout=settings.timeout or config.gateway.upstream_timeout,
        stream_request=settings.stream in ("request", "both"),
        stream_response=settings.stream in ("response", "both"),
        websocket=settings.websocket,
        idempotent=settings.idempotent,
        cache=settings.cache or not enforces(config, "response_headers"),
        sensitive=bool(settings.sensitive),
        modes=rules.modes,
        guard=rules.guard,
        demand=settings.sensitive,
        declared=rules.declared,
        approvable=rules.approvable,
        own=own_name(operation),
        pages=False,
        media_types=tuple(media.name for media in operation.body.content) if operation.body else (),
    )


def _undeclared(api: Api, config: Config, modes: dict[str, Mode]) -> OperationPolicy:
    """Stand for what nobody declared, while the route rule only observes: passed through."""
    return OperationPolicy(
        id=f"{api.name}.undeclared",
        api=api.name,
        method=FALLBACK_METHOD,
        template=api.base,
        upstream=api.name,
        public=True,
        security=None,
        parameters=None,
        body=None,
        body_required=False,
        text=None,
        limits=(),
        cost=1.0,
        concurrency=0,
        max_body=config.gateway.max_body,
        timeout=config.gateway.upstream_timeout,
        stream_request=True,
        stream_response=True,
        websocket=False,
        idempotent=False,
        cache=not enforces(config, "response_headers"),
        sensitive=False,
        modes=modes,
        guard=None,
        demand=None,
        declared=None,
        approvable=None,
        own="",
        pages=False,
    )


def _limits(operation: Operation, config: Config) -> tuple[Limit, ...]:
    """Read the operation's own limits, or the defaults that all operations share."""
    own = operation.settings.limit
    shared = operation.id if own is not None else ""
    kind, texts = ("default", config.limits.default) if own is None else ("operation", own)
    return tuple(
        parse_limit(text, name=f"{kind}-{at}", shared=shared) for at, text in enumerate(texts)
    )


def _scan(
    operation: Operation, shape: Shapes, modes: dict[str, Mode], report: Report
) -> TextScan | None:
    text = shape.text
    if operation.settings.stream in ("request", "both"):
        text = replace(text, bodies=())  # passes unread: what is not looked at is not promised
    try:
        scan = build_scan(text, operation.settings.text, modes["injection"])
    except UnknownPlaceError as error:
        hint = "write `query/name`, `path/name` or a pointer into the body such as `/items/*/note`"
        for place in error.places:
            message = f"`text` names {quote(place)}, and this operation takes no such value"
            source = operation.source.at("x-yett", "text", place)
            report.add(TEXT_SETTING, message, source, hint=hint, subject=operation.id)
        return None
    if scan is not None:
        _note_unread(operation, text, modes, report)
    return scan


def _note_unread(
    operation: Operation, text: TextSource, modes: dict[str, Mode], report: Report
) -> None:
    """What a weaker rule lets through was not read, so the search sees nothing of it."""
    searched = modes["injection"]
    for rule, schemas in (("parameters", text.parameters), ("body", text.bodies)):
        if schemas and weaker(searched, modes[rule]) is not searched:
            message = f"`injection` is `{searched}` where `{rule}` is `{modes[rule]}`"
            hint = "what does not fit its schema is not read, so it goes on without being searched"
            report.add(INJECTION_UNREAD, message, operation.source, hint=hint, subject=operation.id)
