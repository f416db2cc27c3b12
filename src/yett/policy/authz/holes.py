"""What the compiled rules leave open: records nobody's rule looks at, classes nobody may see.

Lints: they refuse nothing at load, `yett check` fails by those of severity `error`.
"""

from __future__ import annotations

from typing import Any

from yett.contract.model import Operation
from yett.contract.report import Report, quote
from yett.policy.authz.declared import json_answers
from yett.policy.authz.facets import EVERY, Facets
from yett.policy.authz.facts import Facts
from yett.policy.authz.generated import SEEN
from yett.policy.authz.model import Guard
from yett.policy.authz.names import APPROVING, class_action
from yett.policy.cedar.footprint import footprint
from yett.policy.cedar.model import Slice
from yett.policy.rules import AUTHZ_APPROVAL_UNRULED, AUTHZ_CLASS_UNRULED, AUTHZ_UNGUARDED

# `{data: {items: [record]}}`, and no further: what is inside of other things is theirs.
MAX_EXPOSED_DEPTH = 4
MAX_EXPOSED_PLACES = 500


def find_holes(
    facts: Facts, slices: dict[str, Slice], guards: dict[str, Guard], lints: Report
) -> None:
    """Add what the rules leave open to `lints`."""
    known = _known(facts)
    for operation in facts.operations():
        if all(rule.generated for rule in slices[facts.actions[operation.id]].rules):
            _exposed(operation, known, facts, lints)
        _object(operation, facts, slices, lints)
        _classes(operation, guards.get(operation.id), lints)
        _approval(operation, facts, slices, lints)


def _object(operation: Operation, facts: Facts, slices: dict[str, Slice], lints: Report) -> None:
    settings, record = operation.settings, facts.records.get(operation.id)
    if record is None or not record.resource.id or settings.public_object or settings.public:
        return
    rules = slices[facts.actions[operation.id]].rules
    # A state is nobody's ownership; having been shown a record is something like it.
    read = footprint(rule for rule in rules if not rule.generated or rule.id.startswith(SEEN))
    if SEEN in read.context:
        return
    if read.resource or read.resource_uid or "resource" in read.whole:
        return
    message = f"no rule of `{operation.id}` looks at the {quote(record.resource.type)} it is about"
    hint = "write a policy that reads `resource`, or say `x-yett: {public_object: true}`"
    source = operation.source.at("x-yett", "resource")
    lints.add(AUTHZ_UNGUARDED, message, source, hint=hint, subject=operation.id)


def _known(facts: Facts) -> dict[str, dict[int, str]]:
    """Return api -> the schema objects that describe a record, each with the record's type."""
    found: dict[str, dict[int, str]] = {}
    for record in facts.records.values():
        nodes = found.setdefault(record.api.name, {})
        for facet in record.facets.of(record.shown) if record.safe else ():
            if "properties" in facet.node:
                nodes[id(facet.node)] = record.resource.type
    return found


def _exposed(
    operation: Operation, known: dict[str, dict[int, str]], facts: Facts, lints: Report
) -> None:
    """An export, a search: records leave by an operation that says nothing of them."""
    settings, here = operation.settings, known.get(operation.api)
    if not here or operation.id in facts.records or settings.public_object or settings.public:
        return
    facets = next(r.facets for r in facts.records.values() if r.api.name == operation.api)
    type_ = _shown_in(facets, json_answers(operation), here)
    if type_:
        message = f"`{operation.id}` shows a {quote(type_)}, and no rule looks at it"
        hint = f"say `x-yett: {{resource: {{type: {type_}, ...}}}}`, or `public_object: true`"
        source = operation.source
        lints.add(AUTHZ_UNGUARDED, message, source, hint=hint, subject=operation.id)


def _shown_in(facets: Facets, nodes: tuple[Any, ...], known: dict[int, str]) -> str:
    """Return the type of a record that an answer holds, near its top; empty for none."""
    level = [nodes]
    for _ in range(MAX_EXPOSED_DEPTH):
        below: list[tuple[Any, ...]] = []
        for here in level:
            for facet in facets.of(here):
                if id(facet.node) in known:
                    return known[id(facet.node)]
            children = (facets.child(here, token) for token in (*facets.names(here), EVERY))
            below += [child.nodes for child in children if child is not None]
        level = below[:MAX_EXPOSED_PLACES]
    return ""


def _classes(operation: Operation, guard: Guard | None, lints: Report) -> None:
    if guard is None:
        return
    for verb, classes in (("sees", guard.shown), ("writes", guard.written)):
        for one in classes:
            if not one.slice.footprint.permits:
                message = f"nobody {verb} the class {quote(one.name)} in `{operation.id}`"
                hint = f"permit the action {quote(one.slice.action)}"
                source = operation.source
                lints.add(AUTHZ_CLASS_UNRULED, message, source, hint=hint, subject=operation.id)


def _approval(operation: Operation, facts: Facts, slices: dict[str, Slice], lints: Report) -> None:
    action = class_action(facts.actions[operation.id], APPROVING)
    if action in slices and not slices[action].footprint.permits:
        message = f"nobody may approve a request to `{operation.id}`"
        source = operation.source.at("x-yett", "sensitive")
        hint = f"permit the action {quote(action)}"
        lints.add(AUTHZ_APPROVAL_UNRULED, message, source, hint=hint, subject=operation.id)
