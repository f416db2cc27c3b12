"""The rules of one action as a condition on rows: some permit is true, and no forbid may be.

A plan is made once for a model and walks every rule without a caller, so that what cannot be
translated is refused at once and for everybody. Actions are not looked at: a slice has only rules
of its own. See notes/authz 2.6 in short: exact, or refused.
"""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import ColumnElement, false

from yett.policy.cedar.clauses import Clause, take_apart
from yett.policy.cedar.model import Inputs, Rule, Slice
from yett.policy.sql.columns import Model
from yett.policy.sql.errors import FilterError
from yett.policy.sql.operands import Reader
from yett.policy.sql.translate import translate
from yett.policy.sql.verdict import FALSE, TRUE, Verdict, both, every, expression, none, size, some

# SQLite parses expressions 1,000 deep, and a planner's time grows with each test.
MAX_TESTS = 500


class Plan(Struct, frozen=True):
    """The rules of an action beside a model, looked through: all of it can be translated."""

    slice: Slice
    model: Model
    rules: tuple[tuple[Rule, tuple[Clause, ...]], ...]


def make_plan(slice_: Slice, model: Model) -> Plan:
    """Look through the rules of an action.

    Raises:
        FilterError: a clause has no exact form; it is named.
    """
    rules = tuple((rule, _clauses(rule)) for rule in slice_.rules)
    plan = Plan(slice_, model, rules)
    _build(plan, None)
    return plan


def make_filter(plan: Plan, inputs: Inputs) -> ColumnElement[bool]:
    """Return the condition for one caller; `inputs.resource` is not looked at.

    Raises:
        FilterError: a rule asks for something that is not known of this caller.
    """
    # The rules of a slice are those for the types its action is for; of another one none speaks.
    action = plan.model.schema.actions[plan.slice.action]
    if inputs.principal.type not in action.principals:
        return false()
    return _build(plan, inputs)


def _build(plan: Plan, inputs: Inputs | None) -> ColumnElement[bool]:
    reader = Reader(plan.model, plan.slice, inputs)
    found = {"permit": [], "forbid": []}  # type: dict[str, list[Verdict]]
    for rule, clauses in plan.rules:
        found[rule.effect].append(_verdict(reader, rule, clauses))
    permitted = some(*(one.true for one in found["permit"]))
    # Strict: where a forbid errs, it forbids. Cedar itself would skip it, and the row be shown.
    forbidden = some(*(one.maybe for one in found["forbid"]))
    condition = every(permitted, none(forbidden))
    if size(condition) > MAX_TESTS:
        raise FilterError(
            f"the rules of `{plan.slice.action}` make {size(condition)} tests of each row,"
            f" at most {MAX_TESTS} are made",
            hint="fewer alternatives in a rule, or attributes that say what they stand for",
        )
    return expression(condition)


def _verdict(reader: Reader, rule: Rule, clauses: tuple[Clause, ...]) -> Verdict:
    verdict = TRUE
    for clause in clauses:
        if verdict.maybe is False:
            return FALSE
        try:
            verdict = both(verdict, translate(reader, clause.expr))
        except FilterError as error:
            raise error.at(rule.id, clause.text) from error
    return verdict


def _clauses(rule: Rule) -> tuple[Clause, ...]:
    if rule.tree is None:
        raise FilterError("has a form that only Cedar reads", rule=rule.id)
    return take_apart(rule.tree)
