"""Lint rules on who may call: credentials, scopes, what is public."""

from __future__ import annotations

from collections.abc import Iterator

from yett.contract.fitting import did_you_mean
from yett.contract.model import Api, Contract, Need, Operation, SecurityScheme
from yett.contract.report import Remark, quote
from yett.contract.rules import Rule

_BY_TOKEN = ("oauth2", "openIdConnect")


def operations(contract: Contract) -> Iterator[Operation]:
    """Go through all operations of all apis."""
    for api in contract.apis:
        yield from api.operations


def unguarded(contract: Contract, rule: Rule) -> Iterator[Remark]:
    """Neither `security` nor `public: true`: the gate refuses every call."""
    hint = "declare `security`, there or for all at the root, or say `x-yett: {public: true}`"
    for operation in operations(contract):
        if operation.security is None and operation.settings.public is not True:
            message = f"`{operation.id}` does not say who may call it, so every call is refused"
            yield remark(rule, operation, message, hint)


def anonymous(contract: Contract, rule: Rule) -> Iterator[Remark]:
    """An empty alternative opens the operation; `public: true` says that it is meant."""
    hint = "say `x-yett: {public: true}` if that is meant"
    for operation in operations(contract):
        if _open(operation) and operation.settings.public is not True:
            message = f"`{operation.id}` can be called without a credential"
            yield remark(rule, operation, message, hint)


def public_and_secured(contract: Contract, rule: Rule) -> Iterator[Remark]:
    """`public: true` beside a requirement of its own: one of the two is not meant."""
    for api in contract.apis:
        for operation in api.operations:
            asked = operation.settings.public is True and any(True for _ in needs(operation))
            if asked and not _inherits(api, operation):
                message = f"`{operation.id}` is public, and its `security` asks for a credential"
                yield remark(rule, operation, message, "remove one of the two; `public` wins")


def sensitive_anonymous(contract: Contract, rule: Rule) -> Iterator[Remark]:
    """Step-up and approvals need somebody who can be asked."""
    for operation in operations(contract):
        open_ = _open(operation) or operation.settings.public is True
        if operation.settings.sensitive and open_:
            message = f"`{operation.id}` is sensitive, and nobody has to say who they are"
            yield remark(rule, operation, message, "declare `security` for it")


def unknown_scopes(contract: Contract, rule: Rule) -> Iterator[Remark]:
    """Scopes exist once, in the vocabulary, for all services."""
    known = list(contract.config.vocabulary.scopes)
    if not known:
        return
    for operation in operations(contract):
        for scope in sorted({s for need in needs(operation) for s in need.scopes}):
            if scope not in contract.config.vocabulary.scopes:
                message = f"`{operation.id}` needs the scope {quote(scope)}, which nothing declares"
                hint = did_you_mean(scope, known) or "declare it in `[vocabulary.scopes]`"
                yield remark(rule, operation, message, hint)


def unverifiable(contract: Contract, rule: Rule) -> Iterator[Remark]:
    """A scheme that nothing in yett.toml can verify: every credential is refused."""
    for scheme, first, number in _schemes(contract):
        reason = _why_unverifiable(contract, scheme)
        if reason:
            message = f"nothing verifies {quote(scheme.name)}, which guards {number} operations"
            yield remark(rule, first, message, reason)


def basic(contract: Contract, rule: Rule) -> Iterator[Remark]:
    """HTTP Basic sends the password each time (RFC 7617 s4)."""
    for scheme, first, number in _schemes(contract):
        if scheme.http_scheme == "basic":
            message = f"{quote(scheme.name)} sends passwords, and guards {number} operations"
            yield remark(rule, first, message, "use a bearer token or an API key in a header")


def in_query(contract: Contract, rule: Rule) -> Iterator[Remark]:
    """A key in the URL ends up in logs, histories and `Referer` (CWE-598)."""
    for scheme, first, number in _schemes(contract):
        if scheme.type == "apiKey" and scheme.location == "query":
            message = f"{quote(scheme.name)} is part of the URL, and guards {number} operations"
            yield remark(rule, first, message, "move it to a header: URLs are logged")


def remark(rule: Rule, operation: Operation, message: str, hint: str = "") -> Remark:
    """Say something about an operation."""
    return Remark(
        rule=rule, message=message, source=operation.source, hint=hint, subject=operation.id
    )


def _inherits(api: Api, operation: Operation) -> bool:
    """Whether an operation has its `security` from the root: to open one of all is the custom."""
    item = api.document.get("paths", {}).get(operation.path)
    own = item.get(operation.method.lower()) if isinstance(item, dict) else None
    return isinstance(own, dict) and "security" not in own


def needs(operation: Operation) -> Iterator[Need]:
    """Go through everything that some alternative of an operation asks for."""
    for alternative in operation.security or ():
        yield from alternative


def _open(operation: Operation) -> bool:
    return operation.security is not None and () in operation.security


def _schemes(contract: Contract) -> Iterator[tuple[SecurityScheme, Operation, int]]:
    """Yield each scheme in use, the first operation that uses it, and how many do."""
    for api in contract.apis:
        first: dict[str, tuple[SecurityScheme, Operation]] = {}
        count: dict[str, int] = {}
        for operation in api.operations:
            if operation.settings.public is True:
                continue  # inherits the requirement of the root, and needs none
            for scheme in {need.scheme.name: need.scheme for need in needs(operation)}.values():
                first.setdefault(scheme.name, (scheme, operation))
                count[scheme.name] = count.get(scheme.name, 0) + 1
        for name, (scheme, operation) in first.items():
            yield scheme, operation, count[name]


def _why_unverifiable(contract: Contract, scheme: SecurityScheme) -> str:
    identity = contract.config.identity
    issuers = identity.issuer or identity.builtin
    if scheme.type in _BY_TOKEN or (scheme.type == "http" and scheme.http_scheme == "bearer"):
        vouched = issuers or identity.keys
        return "" if vouched else "add `[identity.builtin]` or `[[identity.issuer]]` to yett.toml"
    if scheme.type == "apiKey":
        by_token = scheme.location == "cookie" and issuers
        return "" if identity.keys or by_token else "set `identity.keys` in yett.toml"
    if scheme.type == "mutualTLS":
        return "" if identity.certificate else "name its services in `[[identity.certificate]]`"
    if scheme.type == "http":
        return f"the scheme `{scheme.http_scheme[:40]}` is not verified by this version of yett"
    return f"the type `{scheme.type}` is not verified by this version of yett"
