"""The access matrix: for each action and each class of callers `-`, `ALLOW`, or on what condition.

`-` and `ALLOW` are proved; a cell that the solver could not decide says so. Conditions are the
rules' own words, without what the class implies. Deterministic: meant to be committed and compared.
"""

from __future__ import annotations

from yett.policy.cedar.clauses import Clause, take_apart
from yett.review.ask import DEFAULT_TIMEOUT_MS, Asker
from yett.review.classes import Group, groups
from yett.review.encode_policy import Ruled
from yett.review.encode_terms import (
    NEVER,
    Expr,
    Unsupported,
    all_of,
    any_of,
    negate,
)
from yett.review.matrix_cells import ALLOW, CONDITION, NO, UNKNOWN, Cell, Matrix
from yett.review.pairs import Pair
from yett.review.question import Question, View, questions
from yett.review.side import Side


def make_matrix(side: Side, timeout_ms: int = DEFAULT_TIMEOUT_MS) -> Matrix:
    """Ask for each action and class.

    Args:
        side: the contract.
        timeout_ms: for each question.
    """
    columns: dict[str, None] = {}
    rows: dict[str, dict[str, Cell]] = {}
    for name in sorted(side.actions):
        pair = Pair(name=name, old=None, new=side.actions[name])
        rows[name] = {}
        for question in questions(pair, side, side, {}):
            row = _row(question, timeout_ms)
            columns |= dict.fromkeys(row)
            rows[name] |= row
    order = sorted(columns, key=_order)
    missing = Cell(NO)
    filled = {name: {c: row.get(c, missing) for c in order} for name, row in rows.items()}
    return Matrix(tuple(order), filled)


def _order(column: str) -> tuple[int, str]:
    kinds = ("anonymous", "user", "service", "key")
    kind = column.partition(" ")[0]
    return (kinds.index(kind) if kind in kinds else len(kinds)), column


def _row(question: Question, timeout_ms: int) -> dict[str, Cell]:
    among = groups(question)
    row = _Row(question, timeout_ms)
    return {group.name: row.cell(group) for group in among}


class _Row:
    """The cells of one action for one kind of caller."""

    def __init__(self, question: Question, timeout_ms: int) -> None:
        assert question.new is not None
        self.view: View = question.new
        action = self.view.action
        self.base = "" if action.approval or action.id == action.base else action.base
        # Before the facts are taken: clauses may speak of more than the rules as a whole do.
        self.clauses = {id(each): _clauses(self.view, each) for each in self.view.rules}
        self.secured = _secured(self.view)
        self.asker = Asker(question.facts(), timeout_ms)

    def cell(self, group: Group) -> Cell:
        """Ask whether the class may never, always or sometimes."""
        view = self.view
        able = self._ask(group, view.allowed)
        if able == "no":
            return Cell(NO)
        if view.untold or able == "unknown":
            return Cell(UNKNOWN, "; ".join(f"`{id_}` has {why}" for id_, why in view.untold))
        permits = [
            each
            for each in view.own
            if each.rule.effect == "permit"
            and self._ask(group, all_of(view.allowed, each.holds)) != "no"
        ]
        ids = tuple(dict.fromkeys(each.rule.id for each in permits))
        if self._ask(group, negate(view.allowed)) == "no":
            return Cell(ALLOW, "", ids)
        return Cell(CONDITION, self._when(group, permits), ids)

    def _ask(self, group: Group, condition: Expr) -> str:
        return self.asker.ask(group.condition, condition).verdict

    def _when(self, group: Group, permits: list[Ruled]) -> str:
        """Put a condition into words: scopes, what permits, what forbids."""
        parts = [words for words, holds in self.secured if self._ask(group, negate(holds)) != "no"]
        if self.base:
            parts = [f"as `{self.base}`"]
        ways = [self._said(group, each) for each in permits]
        if ways and all(ways):
            parts.append(" or ".join(f"({way})" for way in dict.fromkeys(ways)))
        for each in self.view.own:
            denies = any_of(each.holds, each.errs)
            if each.rule.effect == "forbid" and self._ask(group, denies) != "no":
                parts.append(f"not ({self._said(group, each) or each.rule.id})")
        return "; ".join(parts)

    def _said(self, group: Group, each: Ruled) -> str:
        """Write the clauses of a rule that the class does not imply."""
        return " && ".join(
            clause.text
            for clause, holds in self.clauses[id(each)]
            if self._ask(group, negate(holds)) != "no"
        )


def _clauses(view: View, each: Ruled) -> list[tuple[Clause, Expr]]:
    """Return a rule's clauses with where they hold."""
    found = []
    for clause in take_apart(each.rule.tree) if each.rule.tree is not None else ():
        try:
            term = view.encoder.term(clause.expr)
        except Unsupported:
            continue
        if term.type != NEVER:
            found.append((clause, all_of(term.value, negate(term.err))))
    return found


def _secured(view: View) -> list[tuple[str, Expr]]:
    """Return OpenAPI's `security` in words, with where it is met."""
    alternatives = view.action.security or ()
    scopes = [" ".join(sorted(s for _, each in needs for s in each)) for needs in alternatives]
    words = " or ".join(f"`{each}`" for each in dict.fromkeys(scopes) if each)
    return [(f"scope {words}", view.secured)] if words else []
