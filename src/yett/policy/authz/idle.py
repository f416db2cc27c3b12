"""Policies that never apply as they are written: to an action about another type, to nobody.

Cedar takes them without a word, because each may still apply to something else. Lints: the team
counts on a rule, and it says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cedarpy import pst

from yett.contract.report import Report, quote
from yett.policy.authz.facts import Facts
from yett.policy.authz.names import SERVICE
from yett.policy.cedar.model import Rule
from yett.policy.cedar.scope import may_meet
from yett.policy.cedar.types import Schema
from yett.policy.rules import AUTHZ_IDLE

MAX_NAMED = 3


def find_idle(facts: Facts, rules: Iterable[Rule], schema: Schema, lints: Report) -> None:
    """Add what the team's policies name and never reach to `lints`."""
    config = facts.contract.config
    signed_in = () if config.identity.issuer else (config.principal.type, SERVICE)
    for rule in rules:
        if rule.generated or rule.tree is None:
            continue
        _elsewhere(rule, schema, lints)
        named = _principal(rule.tree.principal)
        if named in signed_in and named not in facts.attributes:
            message = f"`{rule.id}` speaks of a {quote(named)}, and without an issuer nobody is one"
            hint = (
                f"an API key is a `Key`: leave `is {named}` out and compare `principal.id`, "
                "or declare `[[identity.issuer]]`"
            )
            lints.add(AUTHZ_IDLE, message, rule.source, hint=hint, subject=rule.id)


def _elsewhere(rule: Rule, schema: Schema, lints: Report) -> None:
    """Say which of the actions that a policy names are about what it does not speak of."""
    missed = [
        name
        for name in _actions(rule.tree.action)
        if (action := schema.actions.get(name)) is not None
        and action.resources
        and not may_meet(rule.tree, action, schema)
    ]
    if not missed:
        return
    names = ", ".join(quote(name) for name in missed[:MAX_NAMED])
    more = f" and {len(missed) - MAX_NAMED} more" if len(missed) > MAX_NAMED else ""
    types = " or ".join(quote(type_) for type_ in schema.actions[missed[0]].resources)
    message = f"`{rule.id}` never applies to {names}{more}: that is about {types}"
    hint = "take the action out, or let the policy speak of that type, too"
    lints.add(AUTHZ_IDLE, message, rule.source, hint=hint, subject=rule.id)


def _actions(scope: pst.ActionConstraint) -> Iterator[str]:
    match scope:
        case pst.ActionEq(entity):
            yield str(entity.id)
        case pst.ActionIn(entities):
            yield from (str(entity.id) for entity in entities)


def _principal(scope: pst.PrincipalOrResourceConstraint) -> str:
    """Return the type that a principal scope asks for, empty when it asks for none."""
    match scope:
        case pst.ScopeIs(type_) | pst.ScopeIsIn(type_, _):
            return str(type_)
        case _:
            return ""
