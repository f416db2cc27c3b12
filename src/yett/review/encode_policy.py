"""All rules of an action become one answer: who is permitted, who is forbidden, who is allowed.

As the gate decides: some permit holds, no forbid holds, and no forbid errs (Cedar alone would skip
an erring forbid). A rule that the solver cannot be told is an unknown of its own, the same on both
sides where its text and all it reads are: what is proved then is proved whatever it says.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import z3
from cedarpy import pst

from yett.policy.cedar.model import Rule
from yett.review.encode import Encoder
from yett.review.encode_terms import (
    FALSE,
    NEVER,
    TRUE,
    Expr,
    Term,
    Unsupported,
    all_of,
    any_of,
    negate,
)


class Ruled(NamedTuple):
    """One rule: where it holds, and where its evaluation errs."""

    rule: Rule
    holds: Expr
    errs: Expr


class Verdict(NamedTuple):
    """The rules of one action together.

    Args:
        rules: those whose scope can be met here.
        allowed: what they come to.
        untold: ids of rules that the solver was not told, each with the reason.
    """

    rules: tuple[Ruled, ...]
    allowed: Expr
    untold: tuple[tuple[str, str], ...]


def encode_rules(encoder: Encoder, rules: tuple[Rule, ...], mark: str) -> Verdict:
    """Encode the rules of one action.

    Args:
        encoder: with the variables of one environment.
        rules: in any order; those of other actions fall away by their scope.
        mark: put into the names of unknowns that stand for rules; empty when sides share them.
    """
    found: list[Ruled] = []
    untold: list[tuple[str, str]] = []
    for rule in rules:
        try:
            holds, errs = encode_rule(encoder, rule)
        except Unsupported as why:
            untold.append((rule.id, str(why)))
            holds, errs = _unknown(encoder, rule, mark), FALSE
        if not (z3.is_false(holds) and z3.is_false(errs)):
            found.append(Ruled(rule, holds, errs))
    return Verdict(tuple(found), allowed(found), tuple(untold))


def allowed(rules: list[Ruled]) -> Expr:
    """Say what rules come to."""
    permits = [each.holds for each in rules if each.rule.effect == "permit"]
    forbids = [any_of(e.holds, e.errs) for e in rules if e.rule.effect == "forbid"]
    return all_of(any_of(*permits), negate(any_of(*forbids)))


def encode_rule(encoder: Encoder, rule: Rule) -> tuple[Expr, Expr]:
    """Return where a rule holds and where it errs.

    Raises:
        Unsupported: the solver cannot be told.
    """
    if rule.tree is None:
        raise Unsupported("a policy that has no syntax tree")
    tree: pst.Template = rule.tree
    scope = all_of(
        _scope(encoder, "principal", tree.principal),
        _action(encoder, tree.action),
        _scope(encoder, "resource", tree.resource),
    )
    value, err = scope, FALSE
    for clause in tree.clauses:
        if z3.is_false(value):
            break
        term = _clause(encoder, clause)
        err = any_of(err, all_of(value, term.err))
        value = all_of(value, term.value) if term.type != NEVER else FALSE
    return all_of(value, negate(err)), err


def _clause(encoder: Encoder, clause: pst.Clause) -> Term:
    term = encoder.term(clause.expr)
    if isinstance(clause, pst.Unless) and term.type != NEVER:
        return Term(term.type, negate(term.value), term.err)
    return term


def _scope(encoder: Encoder, name: str, scope: pst.PrincipalOrResourceConstraint) -> Expr:
    variable = encoder.variables[name]
    match scope:
        case pst.ScopeAny():
            return TRUE
        case pst.ScopeIs(type_):
            return _is(encoder, variable, str(type_))
        case pst.ScopeIsIn(type_, entity):
            return all_of(_is(encoder, variable, str(type_)), _inside(encoder, variable, entity))
        case pst.ScopeIn(entity):
            return _inside(encoder, variable, entity)
        case pst.ScopeEq(entity):
            other = _entity(encoder, entity)
            equal = z3.simplify(variable.value == other.value)
            return equal if variable.type == other.type else FALSE


def _inside(encoder: Encoder, variable: Term, entity: pst.EntityOrSlot) -> Expr:
    return encoder.inside(variable, _entity(encoder, entity)).value


def _is(encoder: Encoder, variable: Term, type_: str) -> Expr:
    return TRUE if getattr(variable.type, "entity", "") == encoder.named(type_) else FALSE


def _entity(encoder: Encoder, entity: pst.EntityOrSlot) -> Term:
    if isinstance(entity, pst.Slot):
        raise Unsupported("a template's slot")
    return encoder.literal(entity)


def _action(encoder: Encoder, scope: pst.ActionConstraint) -> Expr:
    action = encoder.variables["action"]
    match scope:
        case pst.ScopeAny():
            return TRUE
        case pst.ActionEq(entity):
            return TRUE if action.value.eq(encoder.literal(entity).value) else FALSE
        case pst.ActionIn(entities):
            found = (encoder.inside(action, encoder.literal(each)).value for each in entities)
            return any_of(*found)


def _unknown(encoder: Encoder, rule: Rule, mark: str) -> Expr:
    """Make an unknown that stands for a whole rule, in this environment."""
    said = repr((rule.text, mark, [str(term.value) for term in encoder.variables.values()][:3]))
    return z3.Bool(f"rule {hashlib.sha256(said.encode()).hexdigest()[:16]}")
