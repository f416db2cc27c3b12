"""Compiled code against cedarpy at load: requests that make each condition true and false.

Each rule is asked for once in each environment (types of principal and resource), with all rules of
the slice in play; a rule that looks at `action` once for each action. What time is left goes into
changing everything a condition reads. A difference is a bug of this project, and reason enough not
to activate the contract: it is named by action and rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, islice

from yett.policy.cedar.attempts import Environment, Maker, reach
from yett.policy.cedar.compile import Decide, compile_decide, compile_test
from yett.policy.cedar.footprint import names_action
from yett.policy.cedar.model import Decided, Inputs, Rule, Slice, Uid
from yett.policy.cedar.oracle import ask, ask_rules
from yett.policy.cedar.scope import conditions
from yett.policy.cedar.settle import agree
from yett.policy.cedar.types import Schema

# A difference is shown with its request; more of them help nobody.
MAX_DIFFERENCES = 20
# At 0.1 ms each: what a start may cost at most, with policies as large as they come.
MAX_REQUESTS = 4000
MAX_FURTHER_REQUESTS = 2000


def check_slices(slices: Mapping[str, Slice], schema: Schema) -> tuple[str, ...]:
    """Compare the engines on generated requests; empty when they agree."""
    found: list[str] = []
    behind = _Permits(schema)
    first = islice(generate(slices, schema), MAX_REQUESTS)
    further = islice(generate(slices, schema, thorough=True), MAX_FURTHER_REQUESTS)
    for slice_, inputs in chain(first, further):
        if len(found) >= MAX_DIFFERENCES:
            break
        mine, other = slice_.decide(inputs), ask(slice_, inputs)
        if agree(mine, other) and mine.ids and not mine.allow:
            # A forbid that holds is all that both say: what permits stands behind it.
            mine, other = behind.decide(slice_, inputs)
        if not agree(mine, other):
            found.append(f"`{slice_.action}`: compiled {_said(mine)}, cedarpy {_said(other)}")
    return tuple(dict.fromkeys(found))


class _Permits:
    """The permits of slices alone, compiled and asked; once for slices of the same rules."""

    def __init__(self, schema: Schema) -> None:
        self._actions = _known(schema)
        self._made: dict[tuple[str, ...], Decide] = {}

    def decide(self, slice_: Slice, inputs: Inputs) -> tuple[Decided, Decided]:
        """Answer by both engines."""
        rules = tuple(rule for rule in slice_.rules if rule.effect == "permit")
        own = slice_.action if any(names_action(rule.tree) for rule in rules) else ""
        key = (own, *(rule.id for rule in rules))
        if key not in self._made:
            self._made[key] = compile_decide(rules, _uid(slice_.action), self._actions)
        other = ask_rules(rules, slice_.action, slice_.groups, inputs)
        return self._made[key](inputs), other


def generate(
    slices: Mapping[str, Slice], schema: Schema, *, thorough: bool = False
) -> Iterator[tuple[Slice, Inputs]]:
    """Give requests with the slice that they are for."""
    actions = _known(schema)
    done: set[tuple[str, ...]] = set()
    for slice_ in slices.values():
        if slice_.fallback:  # cedarpy decides it: there is nothing to compare
            continue
        action = schema.actions[slice_.action]
        for principal in action.principals:
            for resource in action.resources:
                environment = Environment(action, principal, resource)
                yield slice_, Inputs(*environment.pair(), {}, {})
                for rule in slice_.rules:
                    key = _key(rule, environment)
                    if key not in done:
                        done.add(key)
                        for inputs in _of_rule(rule, environment, schema, actions, thorough):
                            yield slice_, inputs


def _of_rule(
    rule: Rule,
    environment: Environment,
    schema: Schema,
    actions: dict[Uid, frozenset[Uid]],
    thorough: bool,
) -> Iterator[Inputs]:
    nodes = conditions(rule.tree)
    maker = Maker(schema, environment, nodes)
    action = _uid(environment.action.id)
    tests = [compile_test(node, action, actions) for node in nodes]
    if not nodes:
        yield maker.make({})
    for _, inputs in reach(maker, nodes, tests, thorough=thorough):
        yield inputs


def _key(rule: Rule, environment: Environment) -> tuple[str, ...]:
    own = environment.action.id if names_action(rule.tree) else ""
    return rule.id, environment.principal, environment.resource, own


def _said(decided: Decided) -> str:
    verdict = "allows" if decided.allow else "denies"
    ids = ", ".join(f"`{id_}`" for id_ in decided.ids[:5]) or "no rule"
    errors = ", ".join(f"`{id_}`" for id_ in decided.errors[:5])
    return f"{verdict} by {ids}" + (f" (errors: {errors})" if errors else "")


def _known(schema: Schema) -> dict[Uid, frozenset[Uid]]:
    return {_uid(id_): frozenset(map(_uid, schema.groups_of(id_))) for id_ in schema.actions}


def _uid(id_: str) -> Uid:
    return Uid("Action", id_)
