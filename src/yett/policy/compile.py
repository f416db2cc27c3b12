"""The whole pass from Contract to Policy, in order: modes, shapes, limits, routes.

Everything a request will need is derived here, once. What cannot be compiled is a `PolicyError`
whose findings name file and line; a policy that half works does not exist.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from yett.contract.config import Config
from yett.contract.model import Api, Contract, Operation
from yett.policy.errors import PolicyError
from yett.policy.injection import build_scan
from yett.policy.limits import parse_limit
from yett.policy.model import RULES, Limit, OperationPolicy, Policy, Shapes, Upstream
from yett.policy.routes import RouteConflict, Router, template_segments
from yett.policy.shapes import examine
from yett.terms import Finding, Mode

DEFAULT_PORTS = {"http": 80, "https": 443}
STRICTNESS = (Mode.OFF, Mode.OBSERVE, Mode.ENFORCE)
FALLBACK_METHOD = "*"
NO_SETTINGS: dict[str, Mode] = {}


def compile_policy(contract: Contract) -> Policy:
    """Compile a contract.

    Raises:
        PolicyError: with every finding that was met, when one is of severity `error`.
    """
    findings: list[Finding] = []
    operations: list[OperationPolicy] = []
    for api in contract.apis:
        operations += _compile_api(api, contract.config, findings)
    router = _route(contract, operations, findings)
    if any(finding.severity == "error" for finding in findings):
        raise PolicyError(findings)
    return Policy(
        router=router,
        operations=tuple(operations),
        upstreams={api.name: parse_upstream(api.name, api.upstream) for api in contract.apis},
        config=contract.config,
        digest=contract.digest,
        findings=tuple(findings),
    )


def parse_upstream(name: str, url: str) -> Upstream:
    """Split `http://host:port`; the configuration has checked its form."""
    parts = urlsplit(url)
    port = parts.port or DEFAULT_PORTS[parts.scheme]
    return Upstream(name, parts.scheme, parts.hostname or "", port)


def api_modes(api: Api, config: Config) -> dict[str, Mode]:
    """Return the mode of each rule for one API: the rule's own, else the gateway's.

    Unknown fields and parameters take the less strict of the general and the API's setting.
    """
    settings = config.api[api.name]
    modes = {rule: config.rules.get(rule, config.gateway.mode) for rule in RULES}
    modes["unknown_fields"] = weaker(modes["unknown_fields"], settings.unknown_fields)
    modes["unknown_query"] = weaker(modes["unknown_query"], settings.unknown_query)
    return modes


def weaker(one: Mode, two: Mode) -> Mode:
    """Return the less strict of two modes."""
    return min(one, two, key=STRICTNESS.index)


def _compile_api(api: Api, config: Config, findings: list[Finding]) -> list[OperationPolicy]:
    modes = api_modes(api, config)
    shapes, remarks = examine(
        api, unknown_fields=modes["unknown_fields"], unknown_query=modes["unknown_query"]
    )
    findings += remarks
    compiled = []
    for operation in api.operations:
        limits = _limits(operation, config)
        shape = shapes[operation.id]
        own = modes | operation.settings.modes
        compiled.append(_compile_operation(operation, api, config, shape, limits=limits, modes=own))
    if modes["route"] is not Mode.ENFORCE:
        compiled.append(_undeclared(api, config, modes))
    return compiled


def _compile_operation(
    operation: Operation,
    api: Api,
    config: Config,
    shape: Shapes,
    *,
    limits: tuple[Limit, ...],
    modes: dict[str, Mode],
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
        text=build_scan(shape.text, settings.text, modes["injection"]),
        limits=limits,
        cost=settings.cost,
        concurrency=settings.concurrency,
        max_body=settings.max_body or config.gateway.max_body,
        timeout=settings.timeout or config.gateway.upstream_timeout,
        stream_request=settings.stream in ("request", "both"),
        stream_response=settings.stream in ("response", "both"),
        websocket=settings.websocket,
        idempotent=settings.idempotent,
        cache=settings.cache,
        sensitive=bool(settings.sensitive),
        modes=modes,
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
        cache=False,
        sensitive=False,
        modes=modes,
    )


def _limits(operation: Operation, config: Config) -> tuple[Limit, ...]:
    """Read the operation's own limits, or the defaults that all operations share."""
    own = operation.settings.limit
    shared = operation.id if own is not None else ""
    kind, texts = ("default", config.limits.default) if own is None else ("operation", own)
    return tuple(
        parse_limit(text, name=f"{kind}-{at}", shared=shared) for at, text in enumerate(texts)
    )


def _route(
    contract: Contract, operations: list[OperationPolicy], findings: list[Finding]
) -> Router[OperationPolicy]:
    router: Router[OperationPolicy] = Router()
    sources = {operation.id: operation for api in contract.apis for operation in api.operations}
    taken = {(operation.method, operation.template) for operation in operations}
    for operation in operations:
        if operation.method == FALLBACK_METHOD:
            router.fall_back(template_segments(operation.template), operation)
            continue
        template, _, fragment = operation.template.partition("#")
        source = sources[operation.id]
        if fragment and (operation.method, template) in taken:
            findings.append(_fragment(source))
            continue
        try:
            router.add(operation.method, template, operation)
        except RouteConflict as conflict:
            hint = "keep one of the two"
            findings.append(_finding(source, "route-conflict", str(conflict), hint))
    findings += [_crossing(one, two) for one, two in router.seal()]
    return router


def _finding(operation: Operation, rule: str, message: str, hint: str) -> Finding:
    return Finding(
        rule=rule,
        severity="error",
        message=message,
        path=operation.source.path,
        line=operation.source.line,
        hint=hint,
        subject=operation.id,
    )


def _fragment(operation: Operation) -> Finding:
    """A fragment never reaches a server (RFC 9110 s7.1): such a variant has no path of its own."""
    return Finding(
        rule="path-fragment",
        severity="warning",
        message=f"`{operation.path}` differs from another path by its fragment only",
        path=operation.source.path,
        line=operation.source.line,
        hint="requests are matched to the path without a fragment; this variant is not served",
        subject=operation.id,
    )


def _crossing(one: str, two: str) -> Finding:
    return Finding(
        rule="route-crossing",
        severity="warning",
        message=f"some paths match both `{one}` and `{two}`",
        hint="paths that match both are refused, because the service may read them either way",
    )
