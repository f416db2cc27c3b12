"""Spec changes: what NEW declares that lets more through, beside what its policies say.

Operations, `security`, `public`, step-up, limits, modes; schemas are `spec_schemas.py`'s. Each
difference names its place in NEW's files, and in how many operations it matters.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from yett.contract.model import Api, Contract, Operation
from yett.contract.places import Source
from yett.contract.report import quote
from yett.contract.rules import Rule
from yett.policy.model import Limit, OperationPolicy, Policy
from yett.review.pairs import place
from yett.review.rules import (
    FIELD_ADDED,
    LIMIT_RAISED,
    MODE_WEAKENED,
    OPERATION_ADDED,
    OPERATION_REMOVED,
    PUBLIC_SET,
    RECORD_OPENED,
    SECURITY_WEAKENED,
    SENSITIVE_WEAKENED,
)
from yett.review.spec_schemas import Loosened, compare_schemas
from yett.terms import Finding, Mode

STRICTNESS = (Mode.OFF, Mode.OBSERVE, Mode.ENFORCE)
MAX_NAMED = 3


class Noted(Struct, frozen=True):
    """One difference of one operation; the same words at the same place are reported once."""

    rule: Rule
    message: str
    source: Source
    subject: str


class Both(Struct, frozen=True):
    """An operation on both sides, with what was compiled from it and its API."""

    old: Operation
    new: Operation
    before: OperationPolicy
    after: OperationPolicy
    apis: tuple[Api, Api]


def spec_changes(old: tuple[Contract, Policy], new: tuple[Contract, Policy]) -> tuple[Finding, ...]:
    """Compare two contracts and what was compiled from them."""
    return _merge(_changes(old, new))


def _changes(old: tuple[Contract, Policy], new: tuple[Contract, Policy]) -> Iterator[Noted]:
    before, after = _operations(old), _operations(new)
    places = {place(operation): operation for operation, _, _ in before.values()}
    taken: set[str] = set()
    for id_, (operation, compiled, api) in after.items():
        known = places.get(place(operation))
        was = before.get(known.id if known is not None else id_)
        if was is None:
            message = f"{operation.method} {quote(operation.path)} is new"
            yield Noted(OPERATION_ADDED, message, operation.source, id_)
            continue
        taken.add(was[0].id)
        both = Both(was[0], operation, was[1], compiled, (was[2], api))
        for each in COMPARED:
            yield from each(both)
    for id_, (operation, _, _) in before.items():
        if id_ not in taken:
            message = f"{operation.method} {quote(operation.path)} is gone"
            yield Noted(OPERATION_REMOVED, message, Source(operation.source.path), id_)


def _operations(
    side: tuple[Contract, Policy],
) -> dict[str, tuple[Operation, OperationPolicy, Api]]:
    contract, policy = side
    compiled = {operation.id: operation for operation in policy.operations}
    return {
        operation.id: (operation, compiled[operation.id], api)
        for api in contract.apis
        for operation in api.operations
    }


def _security(both: Both) -> Iterator[Noted]:
    """Say where a set of schemes and scopes is enough now that was not before."""
    old, new = both.old.security, both.new.security
    if new is None or both.old.settings.public:
        return
    subject, source = both.new.id, both.new.source.at("security")
    for alternative in new:
        needs = {need.scheme.name: need.scopes for need in alternative}
        if any(_covers(needs, each) for each in old or ()):
            continue
        said = " and ".join(_need(name, scopes) for name, scopes in needs.items())
        message = f"`security` is met by {said or 'no credential at all'}"
        yield Noted(SECURITY_WEAKENED, message, source, subject)


def _covers(needs: dict[str, frozenset[str]], alternative: Any) -> bool:
    """Whether `needs` asks for all that an alternative of OLD asks for."""
    return all(
        need.scheme.name in needs and need.scopes <= needs[need.scheme.name] for need in alternative
    )


def _need(name: str, scopes: frozenset[str]) -> str:
    return quote(name) + (f" with {quote(' '.join(sorted(scopes)))}" if scopes else "")


def _public(both: Both) -> Iterator[Noted]:
    was, now = both.old.settings, both.new.settings
    source = both.new.source.at("x-yett")
    if now.public is True and was.public is not True:
        yield Noted(PUBLIC_SET, "the operation is `public`", source.at("public"), both.new.id)
    if now.public_object and not was.public_object:
        message = "no rule on records is asked for: `public_object`"
        yield Noted(RECORD_OPENED, message, source.at("public_object"), both.new.id)
    one, two = was.resource, now.resource
    if one is not None and two is None:
        yield Noted(RECORD_OPENED, "the operation is about no record", source, both.new.id)
    for name in ("closed", "strict"):
        if one is not None and two is not None and getattr(one, name) and not getattr(two, name):
            message = f"`resource.{name}` is gone"
            yield Noted(RECORD_OPENED, message, source.at("resource"), both.new.id)


def _sensitive(both: Both) -> Iterator[Noted]:
    was, now = both.old.settings.sensitive, both.new.settings.sensitive
    source, subject = both.new.source.at("x-yett", "sensitive"), both.new.id
    if was is None:
        return
    if now is None:
        yield Noted(SENSITIVE_WEAKENED, "the operation is not `sensitive`", source, subject)
        return
    if was.acr and now.acr != was.acr:
        message = f"`acr` was {quote(was.acr)} and is {quote(now.acr)}"
        yield Noted(SENSITIVE_WEAKENED, message, source, subject)
    if was.max_age is not None and (now.max_age is None or now.max_age > was.max_age):
        message = f"`max_age` was {was.max_age} and is {now.max_age or 'gone'}"
        yield Noted(SENSITIVE_WEAKENED, message, source, subject)
    if now.approvals < was.approvals:
        message = f"{was.approvals} approvals were needed, now {now.approvals}"
        yield Noted(SENSITIVE_WEAKENED, message, source, subject)
    if was.bind and not now.bind:
        message = "a token for one call was needed, now any will do"
        yield Noted(SENSITIVE_WEAKENED, message, source, subject)
    if was.approvals and now.within > was.within:
        message = f"an approval lasted {was.within} s and lasts {now.within} s"
        yield Noted(SENSITIVE_WEAKENED, message, source, subject)


def _limits(both: Both) -> Iterator[Noted]:
    source, subject = both.new.source, both.new.id
    for limit in both.before.limits:
        if not any(_as_strict(each, limit) for each in both.after.limits):
            message = f"no limit per {limit.scope} is as strict as {_rate(limit)}"
            yield Noted(LIMIT_RAISED, message, source, subject)
    if both.after.cost < both.before.cost:
        message = f"a call cost {both.before.cost:g} and costs {both.after.cost:g}"
        yield Noted(LIMIT_RAISED, message, source, subject)
    for name, zero in (("concurrency", 0), ("max_body", None), ("timeout", None)):
        was, now = getattr(both.before, name), getattr(both.after, name)
        if was != zero and (now == zero or now > was):
            message = f"`{name}` was {was:,} and is {f'{now:,}' if now else 'not bounded'}"
            yield Noted(LIMIT_RAISED, message, source, subject)


def _as_strict(new: Limit, old: Limit) -> bool:
    """Whether a limit lets through no more, neither at once nor in the long run."""
    slow = new.quota * old.window <= old.quota * new.window
    return new.scope == old.scope and new.quota <= old.quota and slow


def _rate(limit: Limit) -> str:
    return f"{limit.quota:g} in {limit.window:g} s"


def _modes(both: Both) -> Iterator[Noted]:
    for rule, was in both.before.modes.items():
        now = both.after.modes.get(rule, was)
        if STRICTNESS.index(now) < STRICTNESS.index(was):
            message = f"the rule `{rule}` was `{was}` and is `{now}`"
            yield Noted(MODE_WEAKENED, message, Source(both.new.source.path), both.new.id)


def _inputs(both: Both) -> Iterator[Noted]:
    known = {(p.location, p.name): p for p in both.old.parameters}
    for parameter in both.new.parameters:
        was = known.get((parameter.location, parameter.name))
        if was is None and parameter.location == "path":
            continue  # another name of one place
        if was is None:
            message = f"the {parameter.location} parameter {quote(parameter.name)} is taken"
            yield Noted(FIELD_ADDED, message, parameter.source, both.new.id)
            continue
        pointer = (*parameter.source.pointer, "schema")
        yield from _schemas(both, was.schema, parameter.schema, pointer, sent=True)
    old, new = both.old.body, both.new.body
    media = {each.name: each for each in old.content} if old is not None else {}
    for entry in new.content if new is not None else ():
        if entry.name not in media:
            message = f"a body of {quote(entry.name)} is taken"
            yield Noted(FIELD_ADDED, message, both.new.source.at("requestBody"), both.new.id)
            continue
        base = (*both.new.source.pointer, "requestBody", "content", entry.name, "schema")
        yield from _schemas(both, media[entry.name].schema, entry.schema, base, sent=True)


def _answers(both: Both) -> Iterator[Noted]:
    known = {(r.status, m.name): m.schema for r in both.old.responses for m in r.content}
    for response in both.new.responses:
        for media in response.content:
            was = known.get((response.status, media.name))
            place_ = ("responses", response.status, "content", media.name, "schema")
            pointer = (*both.new.source.pointer, *place_)
            if was is not None:
                yield from _schemas(both, was, media.schema, pointer, sent=False)


def _schemas(
    both: Both, old: Any, new: Any, pointer: tuple[str, ...], *, sent: bool
) -> Iterator[Noted]:
    documents = (both.apis[0].document, both.apis[1].document)
    if old is None and new is None:
        return
    schemas = (True if old is None else old, True if new is None else new)
    for found in compare_schemas(documents, schemas, pointer, sent=sent):
        yield _noted(found, both)


def _noted(found: Loosened, both: Both) -> Noted:
    source = both.new.source.within(found.pointer)
    return Noted(found.rule, found.message, source, both.new.id)


COMPARED = (_security, _public, _sensitive, _limits, _modes, _inputs, _answers)


def _merge(noted: Iterator[Noted]) -> tuple[Finding, ...]:
    """Report the same words at the same place once, with the operations it is about.

    Limits and modes have no place of their own: one line of yett.toml changes them all.
    """
    found: dict[tuple[str, str, tuple[str, ...]], list[Noted]] = {}
    for each in noted:
        everywhere = each.rule in (LIMIT_RAISED, MODE_WEAKENED)
        pointer = () if everywhere else each.source.pointer
        found.setdefault((each.rule.id, each.message, pointer), []).append(each)
    return tuple(_finding(list(dict.fromkeys(same))) for same in found.values())


def _finding(same: list[Noted]) -> Finding:
    first = same[0]
    subjects = list(dict.fromkeys(each.subject for each in same))
    named = ", ".join(subjects[:MAX_NAMED])
    more = f" and {len(subjects) - MAX_NAMED:,} more" if len(subjects) > MAX_NAMED else ""
    return Finding(
        rule=first.rule.id,
        severity=first.rule.severity,
        message=f"{named}{more}: {first.message}",
        path=first.source.path,
        line=first.source.line,
        subject=first.subject,
    )
