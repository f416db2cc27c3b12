"""Lint rules on whose record it is: ids that no rule can look at, records that nobody rules on.

Broken object level authorization is what APIs are robbed through first (OWASP API1:2023). Here is
what the contract alone tells; whether a Cedar rule reads a record is told by compiling.
"""

from __future__ import annotations

from collections.abc import Iterator

from yett.contract.builtin import issuer_path
from yett.contract.described import Described
from yett.contract.lint_access import operations, remark
from yett.contract.model import Api, Contract, Operation
from yett.contract.report import Remark, quote
from yett.contract.resources import split_id
from yett.contract.rules import Rule

MAX_NAMES = 3

_HINT = "say which record it is: `x-yett: {resource: {type: ..., id: path.%s}}`, or `public_object`"


def unguarded_objects(contract: Contract, rule: Rule) -> Iterator[Remark]:
    """A path names a record and nothing says which: anybody's can be asked for by its id."""
    if not _rules_on_records(contract):
        return
    for operation in operations(contract):
        names = _path_names(operation)
        if names and _is_open(operation):
            message = f"`{operation.id}` takes the id {quote(names[-1])}, and no rule looks at it"
            yield remark(rule, operation, message, _HINT % names[-1][:40])


def undeclared_objects(contract: Contract, rule: Rule) -> Iterator[Remark]:
    """The same in a contract that has no rule on records yet: one finding for each api."""
    if _rules_on_records(contract):
        return
    for api in contract.apis:
        found = [o for o in api.operations if _path_names(o) and _is_open(o)]
        if found:
            names = ", ".join(quote(o.id) for o in found[:MAX_NAMES])
            more = f" and {len(found) - MAX_NAMES:,} more" if len(found) > MAX_NAMES else ""
            verb = "operation takes an id" if len(found) == 1 else "operations take an id"
            message = f"{len(found):,} {verb}, and nothing checks whose record it is: {names}{more}"
            hint = _HINT % _path_names(found[0])[-1][:40]
            source = found[0].source
            yield Remark(rule=rule, message=message, source=source, hint=hint, subject=api.name)


def objects_beside(contract: Contract, rule: Rule) -> Iterator[Remark]:
    """`/customers/{c}/bookings/{b}`: a rule on the booking does not look at the customer."""
    for api in contract.apis:
        for operation in api.operations:
            resource = operation.settings.resource
            if resource is None or operation.settings.public or operation.settings.public_object:
                continue
            left = [name for name in _path_names(operation) if not _is_read(operation, name, api)]
            if left:
                message = f"`{operation.id}` also takes the id {quote(left[0])}, which no rule sees"
                hint = "add `x-yett-ref: TYPE` to its schema if it names a record of its own"
                yield remark(rule, operation, message, hint)


def unruled_records(contract: Contract, rule: Rule) -> Iterator[Remark]:
    """Records are declared, and no policy is there to decide on them."""
    if contract.policies:
        return
    for api in contract.apis:
        about = [o for o in api.operations if o.settings.resource is not None]
        if about:
            each = f"{len(about):,} operations say which record they are about"
            told = "1 operation says which record it is about" if len(about) == 1 else each
            message = f"{told}, and there is no policy"
            hint = "write `policies/NAME.cedar`; `yett init --policies` drafts one"
            source = about[0].source.at("x-yett", "resource")
            yield Remark(rule=rule, message=message, source=source, hint=hint, subject=api.name)


def streamed_approvals(contract: Contract, rule: Rule) -> Iterator[Remark]:
    """What passes unread cannot be frozen: nobody would know what they approve or sign in for."""
    for operation in operations(contract):
        settings = operation.settings
        unread = settings.stream in ("request", "both") or settings.websocket
        demand = settings.sensitive
        if demand is None or not unread:
            continue
        if demand.approvals:
            message = f"`{operation.id}` needs approvals, and its body is passed on unread"
            hint = "take away `stream`, or the approvals"
            yield remark(rule, operation, message, hint)
        if demand.bind:
            message = f"`{operation.id}` needs a token for its body, which is passed on unread"
            yield remark(rule, operation, message, "take away `stream`, or `bind`")


def unsigned_approvals(contract: Contract, rule: Rule) -> Iterator[Remark]:
    """Who must sign a vote needs a page for it, which only stands on the gate's own host."""
    builtin = contract.config.identity.builtin
    if builtin is None or issuer_path(builtin) or contract.config.authz.signatures == "none":
        return
    for operation in operations(contract):
        demand = operation.settings.sensitive
        if demand is not None and demand.approvals:
            message = f"votes on `{operation.id}` must be signed, and there is no page to sign on"
            hint = "give `identity.builtin.url` a path on this host, or write `signatures`"
            yield remark(rule, operation, message, hint)


def bound_without_sign_in(contract: Contract, rule: Rule) -> Iterator[Remark]:
    """A page with somebody's session gets a token for one call, too, if nobody is asked for it."""
    for operation in operations(contract):
        demand = operation.settings.sensitive
        if demand is not None and demand.bind and demand.max_age is None:
            message = f"`{operation.id}` needs a token for one call, but no recent sign-in"
            hint = "add `max_age`: without it a stolen session is enough to get such a token"
            yield remark(rule, operation, message, hint)


def _rules_on_records(contract: Contract) -> bool:
    """Whether a team has begun with rules on records; before that one finding says enough."""
    return bool(contract.policies) or any(o.settings.resource for o in operations(contract))


def _is_open(operation: Operation) -> bool:
    settings = operation.settings
    return settings.resource is None and not (settings.public or settings.public_object)


def _path_names(operation: Operation) -> list[str]:
    return [p.name for p in operation.parameters if p.location == "path"]


def _is_read(operation: Operation, name: str, api: Api) -> bool:
    """Whether a path parameter is the record's own id, or a reference that is checked."""
    assert operation.settings.resource is not None
    if split_id(operation.settings.resource.id) == ("path", name):
        return True
    own = next(p for p in operation.parameters if (p.location, p.name) == ("path", name))
    return any("x-yett-ref" in node for node in Described(api).applying((own.schema,)))
