"""Requests that reach each condition of a rule, once true and once false.

A rule's conditions are met one after the other: of what a condition reads, values are tried until
it holds. Each outcome met on the way is a request for the self-check to ask both engines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, combinations, islice, product
from typing import Any

from cedarpy import pst
from msgspec import Struct

from yett.policy.cedar.footprint import children
from yett.policy.cedar.model import Entity, Inputs, Uid, Value
from yett.policy.cedar.pools import ABSENT, Pools, constants
from yett.policy.cedar.types import ActionType, Attribute, Schema
from yett.policy.cedar.values import merge

# A variable and an attribute of it; "" is the entity's id and GROUPS what it is in.
Spot = tuple[str, str]
Attempt = dict[Spot, Value]
Test = Callable[[Inputs], bool]

GROUPS = "\0groups"  # no attribute of a contract is called so
MAX_TRIES_PER_CONDITION = 400
VARIABLES = ("principal", "resource", "context")


class Environment(Struct, frozen=True):
    """The types of one kind of request to an action."""

    action: ActionType
    principal: str
    resource: str

    def pair(self) -> tuple[Uid, Uid]:
        """Name principal and resource, differently where they are of one type."""
        return Uid(self.principal, "somebody"), Uid(self.resource, "something")


class Maker:
    """Makes requests of one environment out of what a rule speaks of."""

    def __init__(self, schema: Schema, environment: Environment, conditions: Sequence[Any]) -> None:
        self._uids = dict(zip(VARIABLES, environment.pair(), strict=False))
        found = [value for node in conditions for value in constants(node)]
        self._pools = Pools(found, self._uids.values())
        self._choices: dict[Spot, list[Value]] = {}
        for variable in VARIABLES:
            for attribute in _attributes(schema, environment, variable):
                self._choices[variable, attribute.name] = self._pools.choices(attribute)
        for variable, uid in self._uids.items():
            self._choices[variable, ""] = [uid, *self._pools.uids(uid.type)]
            self._choices[variable, GROUPS] = self._groups(found)

    def _groups(self, found: list[Value]) -> list[Value]:
        groups = dict.fromkeys(value for value in found if type(value) is Uid)
        single = [frozenset((group,)) for group in groups]
        return [frozenset(), *single, frozenset(groups)]

    def make(self, attempt: Attempt) -> Inputs:
        """Build the request; what the attempt does not say is the first choice."""
        held: dict[str, dict[str, Value]] = {variable: {} for variable in VARIABLES}
        for (variable, name), choices in self._choices.items():
            value = attempt.get((variable, name), choices[0])
            if value is not ABSENT and name not in {"", GROUPS}:
                held[variable][name] = value
        entities: dict[Uid, Entity] = {}
        for variable in ("principal", "resource"):
            uid = attempt.get((variable, ""), self._uids[variable])
            one = Entity(uid, held[variable], attempt.get((variable, GROUPS), frozenset()) - {uid})
            entities[uid] = merge(entities[uid], one) if uid in entities else one
        principal, resource = (
            attempt.get((variable, ""), uid) for variable, uid in self._uids.items()
        )
        return Inputs(principal, resource, held["context"], entities)

    def attempts(self, node: Any, start: Attempt) -> Iterator[Attempt]:
        """Give variations of what a condition reads: one value changed, two, then any."""
        every = self._changes(node)
        few = chain.from_iterable(
            product(*chosen)
            for count in range(min(len(every), 2) + 1)
            for chosen in combinations(every, count)
        )
        for changes in islice(chain(few, product(*every)), MAX_TRIES_PER_CONDITION):
            yield {**start, **dict(changes)}

    def turned(self, node: Any, start: Attempt) -> Iterator[Attempt]:
        """Give each change of one value of what a condition reads."""
        for changes in self._changes(node):
            for change in changes:
                yield {**start, **dict((change,))}

    def _changes(self, node: Any) -> list[list[tuple[Spot, Value]]]:
        spots = [spot for spot in read_spots(node) if spot in self._choices]
        return [[(spot, value) for value in self._choices[spot]] for spot in spots]


def _attributes(schema: Schema, environment: Environment, variable: str) -> tuple[Attribute, ...]:
    if variable == "context":
        return environment.action.context
    entity = schema.entities.get(getattr(environment, variable))
    return entity.attributes if entity else ()


def read_spots(node: Any) -> list[Spot]:
    """List what an expression reads, with what it may read of an entity behind an attribute."""
    found: dict[Spot, None] = {}
    open_ = [node]
    while open_:
        one = open_.pop(0)
        if isinstance(one, pst.Var):
            found.update(dict.fromkeys(((one.name, ""), (one.name, GROUPS))))
        elif isinstance(one, (pst.GetAttr, pst.HasAttr)):
            name = one.attr if isinstance(one, pst.GetAttr) else one.attrs[0]
            if isinstance(one.base, pst.Var):
                found[one.base.name, name] = None
            else:
                found.update(dict.fromkeys((v, name) for v in VARIABLES[:2]))
                open_.append(one.base)
        else:
            open_ += children(one)
    return list(found)


def reach(
    maker: Maker, conditions: Sequence[Any], tests: Sequence[Test], *, thorough: bool = False
) -> Iterator[tuple[int, Inputs]]:
    """Give requests with the outcome they reach: `2 * place of the condition + whether it held`.

    What errs counts as not held. With `thorough`, from a request where the condition holds and one
    where it does not, everything it reads is changed in turn. Where a condition cannot be met by
    the values tried, the ones after it are tried on their own.
    """
    start: Attempt = {}
    met: list[Test] = []
    for place, (node, test) in enumerate(zip(conditions, tests, strict=True)):
        found = _outcomes(maker, maker.attempts(node, start), met, test)
        turned = (one for attempt in found.values() for one in maker.turned(node, attempt))
        for attempt in (*found.values(), *(turned if thorough else ())):
            inputs = maker.make(attempt)
            yield 2 * place + test(inputs), inputs
        if True in found:
            start = found[True]
            met.append(test)


def _outcomes(
    maker: Maker, attempts: Iterator[Attempt], met: list[Test], test: Test
) -> dict[bool, Attempt]:
    """Find an attempt for either answer of `test`, where all before it hold."""
    found: dict[bool, Attempt] = {}
    for attempt in attempts:
        inputs = maker.make(attempt)
        held = test(inputs)
        if held not in found and all(earlier(inputs) for earlier in met):
            found[held] = attempt
            if len(found) == 2:
                break
    return found
