"""WHO: the classes of callers that an answer is told by, as formulas with their names.

By kind (anonymous, each role alone, service, key), and by what the rules themselves ask of caller
and record: whose it is, of which tenant, signed in with what. A class is small enough to be named
and large enough to matter; what the classes do not cover is said to be "several roles".
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import z3
from cedarpy import pst

from yett.policy.cedar.rule_text import write
from yett.review.ask import Asker
from yett.review.encode import Encoder
from yett.review.encode_terms import (
    NEVER,
    TEXT,
    TRUE,
    Expr,
    Unsupported,
    all_of,
    negate,
    text,
)
from yett.review.question import Question
from yett.review.walk import AMR, PRINCIPAL, ties

PERHAPS = "on conditions that took too long to find"
MAX_TIES = 3  # 8 combinations for each kind of caller


class Group(NamedTuple):
    """Callers of one kind, such as users with the role `staff` alone."""

    name: str
    condition: Expr
    kind: str


class Tie(NamedTuple):
    """What a rule asks of caller and record, with its name where it holds and where not."""

    yes: str
    no: str
    condition: Expr


def groups(question: Question) -> list[Group]:
    """Return the classes by kind and role."""
    views = [view for view in (question.old, question.new) if view is not None]
    roles = list(dict.fromkeys(r for view in views for r in view.side.roles or ()))
    if not roles or question.kind == "anonymous":
        return [Group(question.kind, TRUE, question.kind)]
    held = z3.Const("token roles", z3.SetSort(TEXT))
    none = z3.EmptySet(TEXT)
    kind = question.kind
    alone = [
        Group(f"{kind} with role `{r}`", held == z3.SetAdd(none, text(r)), kind) for r in roles
    ]
    return [Group(f"{kind} without a role", held == none, kind), *alone]


def find_ties(question: Question) -> list[Tie]:
    """Return what the rules of both sides ask of caller and record."""
    found: dict[str, Tie] = {}
    for view in (question.old, question.new):
        if view is None:
            continue
        for node in ties(tuple(each.rule for each in view.rules)):
            condition = _holds(view.encoder, node)
            if condition is not None:
                yes, no = _names(node)
                found.setdefault(condition.sexpr(), Tie(yes, no, condition))
    return list(found.values())[:MAX_TIES]


def _holds(encoder: Encoder, node: pst.Expr) -> Expr | None:
    try:
        term = encoder.term(node)
    except Unsupported:
        return None
    if term.type == NEVER:
        return None
    held = all_of(term.value, negate(term.err))
    return None if z3.is_true(held) or z3.is_false(held) else held


def _names(node: pst.Expr) -> tuple[str, str]:
    assert isinstance(node, pst.BinaryOp)
    sides = (node.left, node.right)
    if node.op == "eq" and PRINCIPAL in sides:
        return "own", "of others"
    if node.op == "contains" and node.left == AMR:
        return f"with {_literal(node.right)}", f"without {_literal(node.right)}"
    if node.op == "eq" and all(isinstance(s, pst.GetAttr) and s.attr == "tenant" for s in sides):
        return "same tenant", "other tenant"
    said = write(node)
    return f"where `{said}`", f"where not `{said}`"


def _literal(node: pst.Expr) -> str:
    return node.value if isinstance(node, pst.StringLit) else ""


def tell(asker: Asker, wanted: Expr, among: list[Group], found: list[Tie]) -> list[str]:
    """Name the classes in which something is possible, roles only where they matter."""
    told = {group: _words(asker, wanted, group, found) for group in among}
    first = told[among[0]]
    if len(among) > 1 and first and all(words == first for words in told.values()):
        told = {Group(among[0].kind, TRUE, among[0].kind): first}
    return [", ".join((group.name, *words)) for group, lines in told.items() for words in lines]


def _words(asker: Asker, wanted: Expr, group: Group, found: list[Tie]) -> list[list[str]]:
    """Name the ties under which something is possible; empty where it is possible under none.

    Only what the solver found is named; where it ran out of time there may be more.
    """
    if asker.ask(wanted, group.condition).verdict != "yes":
        return []
    verdicts = {}
    for holds in product((True, False), repeat=len(found)):
        ask = [t.condition if h else negate(t.condition) for t, h in zip(found, holds, strict=True)]
        verdicts[holds] = asker.ask(wanted, group.condition, *ask).verdict
    if "unknown" in verdicts.values():
        return [[PERHAPS]]
    return _shortest({holds for holds, verdict in verdicts.items() if verdict == "yes"}, found)


def _shortest(possible: set[tuple[bool, ...]], found: list[Tie]) -> list[list[str]]:
    """Leave out what does not matter: ties that can be either way with all else the same."""
    matters = [
        at
        for at in range(len(found))
        if any((*c[:at], not c[at], *c[at + 1 :]) not in possible for c in possible)
    ]
    kept = sorted({tuple(c[at] for at in matters) for c in possible}, reverse=True)
    return [
        [found[at].yes if holds else found[at].no for at, holds in zip(matters, each, strict=True)]
        for each in kept
    ]
