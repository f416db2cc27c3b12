"""One slice for each action: the rules that can apply to it, compiled, or asked of cedarpy.

Slicing is what keeps a decision at microseconds with 300 rules. A rule is left out where its scope
names another action, or a type that the action does not apply to; a request of such a type is
denied, so that no `forbid` is escaped by being left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from yett.policy.cedar.beyond import reads_of
from yett.policy.cedar.compile import Decide, Foresee, compile_decide, compile_foresee
from yett.policy.cedar.footprint import footprint, names_action
from yett.policy.cedar.model import Decided, Inputs, Reads, Rule, Slice, Uid
from yett.policy.cedar.oracle import ask_rules
from yett.policy.cedar.scope import applies, may_meet
from yett.policy.cedar.settle import agree
from yett.policy.cedar.types import ActionType, Schema

DIVERGENCE = "divergence"  # among `Decided.errors`: the two engines do not agree
WRONG_TYPE = "wrong-type"  # the principal or the resource is of a type the action is not for
CONFIGURED = "the configuration asks for cedarpy"


def make_slices(rules: Iterable[Rule], schema: Schema, *, engine: str) -> dict[str, Slice]:
    """Make the slices of all actions that are no groups.

    Args:
        rules: validated against the schema.
        schema: actions, their groups and their types.
        engine: `compiled`, `cedar` (cedarpy each time) or `both` (a difference denies).
    """
    workshop = _Workshop(tuple(rules), schema, engine)
    chosen = (action for action in schema.actions.values() if action.principals or action.resources)
    return {action.id: workshop.make(action) for action in chosen}


class _Workshop:
    def __init__(self, rules: tuple[Rule, ...], schema: Schema, engine: str) -> None:
        self.rules = rules
        self.schema = schema
        self.engine = engine
        self._made: dict[tuple[Uid | str | None, ...], tuple[Decide, Foresee]] = {}
        self._reads: dict[tuple[object, ...], Reads] = {}
        self.actions = {
            _uid(id_): frozenset(map(_uid, schema.groups_of(id_))) for id_ in schema.actions
        }

    def make(self, action: ActionType) -> Slice:
        """Make the slice of one action."""
        mine = self._applying(action)
        rules = tuple(rule for rule in mine if self._may_meet(rule, action))
        escaped = len(rules) < len(mine)
        groups = self.schema.groups_of(action.id)

        def through_cedarpy(inputs: Inputs) -> Decided:
            return ask_rules(rules, action.id, groups, inputs)

        decide, foresee, fallback = self._engines(rules, action, through_cedarpy)
        if escaped:
            decide, foresee = _typed(decide, action), _typed(foresee, action)
        return Slice(
            action=action.id,
            rules=rules,
            footprint=footprint(rules),
            decide=decide,
            foresee=foresee,
            groups=groups,
            reads=tuple(self._read(rule, action) for rule in rules),
            fallback=fallback,
        )

    def _read(self, rule: Rule, action: ActionType) -> Reads:
        """Look into a rule once for all actions of the same types."""
        key = (rule.id, action.principals, action.resources)
        if key not in self._reads:
            self._reads[key] = reads_of(rule, action, self.schema)
        return self._reads[key]

    def _applying(self, action: ActionType) -> tuple[Rule, ...]:
        uid = _uid(action.id)
        return tuple(
            rule for rule in self.rules if applies(rule.tree or rule.head, uid, self.actions[uid])
        )

    def _may_meet(self, rule: Rule, action: ActionType) -> bool:
        return may_meet(rule.tree or rule.head, action, self.schema)

    def _engines(
        self, rules: tuple[Rule, ...], action: ActionType, through_cedarpy: Decide
    ) -> tuple[Decide, Foresee, str]:
        if self.engine == "cedar":
            return through_cedarpy, _unforeseen, CONFIGURED
        try:
            decide, foresee = self._compiled(rules, _uid(action.id))
        except ValueError as error:
            return through_cedarpy, _unforeseen, str(error)
        if self.engine == "both":
            decide = _compared(decide, through_cedarpy)
        return decide, foresee, ""

    def _compiled(self, rules: tuple[Rule, ...], action: Uid) -> tuple[Decide, Foresee]:
        """Compile once for all actions of the same rules: 30 rules for 1,200 actions take 4 s."""
        own = next((action for rule in rules if rule.tree and names_action(rule.tree)), None)
        key = (own, *(rule.id for rule in rules))
        if key not in self._made:
            self._made[key] = compile_rules(rules, action, self.actions)
        return self._made[key]


def compile_rules(
    rules: tuple[Rule, ...], action: Uid, actions: dict[Uid, frozenset[Uid]]
) -> tuple[Decide, Foresee]:
    """Compile both functions of a slice; `ValueError` where a rule needs cedarpy."""
    if absent := next((rule for rule in rules if rule.tree is None), None):
        raise ValueError(f"`{absent.id}` has no syntax tree")
    return compile_decide(rules, action, actions), compile_foresee(rules, action, actions)


def _uid(id_: str) -> Uid:
    return Uid("Action", id_)


def _unforeseen(inputs: Inputs) -> Decided | None:
    del inputs  # cedarpy's partial evaluation is experimental and must not decide
    return None


def _compared(one: Decide, two: Decide) -> Decide:
    def decide(inputs: Inputs) -> Decided:
        mine, other = one(inputs), two(inputs)
        if agree(mine, other):
            return mine
        return Decided(False, mine.ids if not mine.allow else other.ids, (DIVERGENCE,))

    return decide


def _typed(ask: Callable[[Inputs], Any], action: ActionType) -> Callable[[Inputs], Any]:
    """Deny what the action is not for: a `forbid` on such types is not among the rules."""
    principals, resources = frozenset(action.principals), frozenset(action.resources)
    wrong = Decided(False, (), (WRONG_TYPE,))

    def asked(inputs: Inputs) -> Any:
        try:
            right = inputs.principal.type in principals and inputs.resource.type in resources
        except Exception:  # noqa: BLE001 — as in compiled code: what is no question is denied
            return wrong
        return ask(inputs) if right else wrong

    return asked
