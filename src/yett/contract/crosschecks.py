"""What settings and documents must say together: each file is right on its own, the two are not.

Run once everything is read. A mistake here would let one person pass for another, or leave an
attribute unknown that rules count on, so it refuses the contract.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from yett.contract.config import Config
from yett.contract.fitting import did_you_mean
from yett.contract.model import Api, Operation, PolicyText
from yett.contract.places import Source
from yett.contract.report import Report, quote
from yett.contract.rules import CONFIG_VALUE


def check_together(
    config: Config,
    source: Source,
    apis: Iterable[Api],
    policies: tuple[PolicyText, ...],
    report: Report,
) -> None:
    """Check what needs more than yett.toml; `source` is its root."""
    if policies:
        _namespaces(config, source, report)
    _enriching(config, source, tuple(apis), report)


def operation_named(apis: Iterable[Api], name: str, api: str = "") -> Operation | None:
    """Return the operation that a setting or extension names, None when there is none.

    Args:
        apis: to look in, in this order.
        name: `api.operationId`, or the bare `operationId`.
        api: the api in which the bare name is meant; empty for the first that has it.
    """
    found = {o.id: o for one in apis for o in one.operations}
    if name in found:
        return found[name]
    if api:
        return found.get(f"{api}.{name}")
    return next((o for o in found.values() if o.id == f"{o.api}.{name}"), None)


def bare_names(apis: Iterable[Api], api: str = "") -> Iterator[str]:
    """Yield each `operationId` without its api, of one api or of all."""
    for one in apis:
        if not api or one.name == api:
            yield from (operation.id.removeprefix(f"{one.name}.") for operation in one.operations)


def _namespaces(config: Config, source: Source, report: Report) -> None:
    """Two issuers number their people each for themselves: both have a `7`."""
    seen: dict[str, str] = {}
    if config.identity.builtin is not None:
        seen[""] = config.identity.builtin.url
    for index, issuer in enumerate(config.identity.issuer):
        first = seen.setdefault(issuer.namespace, issuer.url)
        if first == issuer.url:
            continue
        at = source.within(("identity", "issuer", str(index)))
        message = (
            f"the issuers {quote(first)} and {quote(issuer.url)} give their people the same ids"
        )
        hint = 'policies tell people by id: give this one a prefix, such as namespace = "staff:"'
        report.add(CONFIG_VALUE, message, at.at("namespace"), hint=hint)


def _enriching(config: Config, source: Source, apis: tuple[Api, ...], report: Report) -> None:
    enrich = config.principal.enrich
    if enrich is None:
        return
    operation = operation_named(apis, enrich.operation)
    at = source.within(("principal", "enrich", "operation"))
    if operation is None:
        message = f"no operation is named {quote(enrich.operation)}"
        hint = did_you_mean(enrich.operation, list(bare_names(apis)))
        report.add(CONFIG_VALUE, message, at, hint=hint)
        return
    needed = [p.name for p in operation.parameters if p.required and p.location != "path"]
    if operation.method != "GET":
        message = f"{quote(enrich.operation)} is a {operation.method}: asking it may change things"
    elif "{" in operation.path:
        message = f"{quote(enrich.operation)} has path parameters, which nobody can fill"
    elif needed:
        message = f"{quote(enrich.operation)} needs the parameter {quote(needed[0])}"
    else:
        return
    hint = "name a GET that answers who the caller is, such as `getProfile`"
    report.add(CONFIG_VALUE, message, at, hint=hint)
