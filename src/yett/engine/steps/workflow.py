"""Step 11, workflow: a body that sets a record's state is a transition like any other.

`PATCH {status: confirmed}` is what `POST /confirm` does, without its rules. So it is refused unless
the machine declares an operation from the current to the requested state, and the caller may do
that one too. What state must follow is noted for step 14. Mass assignment is CWE-915.
"""

from __future__ import annotations

from typing import Any

from yett.engine.changes import UNREAD, Way, assigned, write_of
from yett.engine.denial import reason
from yett.engine.entities import inputs
from yett.engine.exchange import Exchange
from yett.engine.json_patch import UNKNOWN
from yett.engine.judging import judge
from yett.engine.located import pointer_text
from yett.engine.own_record import OwnRecord
from yett.engine.pointing import MISSING
from yett.engine.step import Asking, Outcome, Step, asking
from yett.engine.steps.moves import Move, make_moves, permits, wrong_state
from yett.policy.authz.model import Machine, Pointer
from yett.policy.browser import SAFE_METHODS, Browser
from yett.policy.cedar.model import Entity
from yett.policy.model import OperationPolicy, Policy
from yett.problems import NOT_PERMITTED, WRONG_STATE, Problem


def make_workflow(operation: OperationPolicy, policy: Policy, browser: Browser) -> Step | None:
    """Watch the state of the record where the operation can move it."""
    guard = operation.guard
    if guard is None or guard.machine is None or operation.method in SAFE_METHODS:
        return None
    if guard.located is None:
        return Beginning(guard.machine, operation, guard.state)
    own = OwnRecord(guard, operation, policy)
    moves = make_moves(guard, policy, browser)
    transition = Transition(guard.machine, operation, own, moves, guard.state)
    return asking(transition.run) if guard.state is not None else transition.expect


class Beginning:
    """A new record begins in a state that the machine lets it begin in."""

    __slots__ = ("_expected", "_pointer", "_states")

    def __init__(
        self, machine: Machine, operation: OperationPolicy, pointer: Pointer | None
    ) -> None:
        to = machine.moves.get(operation.id, ((), ""))[1]
        self._expected = (to,) if to else machine.initial
        self._states = frozenset(machine.initial) | {to}
        self._pointer = pointer

    def __call__(self, x: Exchange) -> Outcome:
        """Refuse a body that begins anywhere else."""
        x.expected = self._expected
        if self._pointer is None:
            return None
        write = write_of(x)
        if write is UNREAD:
            return UNREADABLE
        state = assigned(write, self._pointer)
        if state is MISSING or state is None or (type(state) is str and state in self._states):
            return None
        return WRONG_STATE(
            "a new record cannot begin in this state",
            pointer=pointer_text(self._pointer),
            members=(("allowed_operations", []),),
            note="a new record in a state that is not initial",
        )


class Transition:
    """A record moves as its machine declares, whichever operation moves it."""

    __slots__ = ("_attribute", "_moves", "_operation", "_own", "_pointer", "_to")

    def __init__(
        self,
        machine: Machine,
        operation: OperationPolicy,
        own: OwnRecord,
        moves: tuple[Move, ...],
        pointer: Pointer | None,
    ) -> None:
        self._attribute = machine.attribute
        self._operation = operation.id
        self._to = machine.moves.get(operation.id, ((), ""))[1]
        self._own, self._moves, self._pointer = own, moves, pointer

    def expect(self, x: Exchange) -> Outcome:
        """Note the state that must follow, for an operation whose body cannot set it."""
        current = x.entity.attrs.get(self._attribute) if x.entity is not None else None
        if self._to:
            x.expected = (self._to,)
        elif type(current) is str:
            x.expected = (current,)
        return None

    def run(self, x: Exchange) -> Asking:
        """Judge the transition that the body asks for, if it asks for one."""
        assert self._pointer is not None
        write = write_of(x)
        if write is UNREAD:
            return UNREADABLE
        requested = assigned(write, self._pointer)
        if requested is MISSING and write.way is Way.REPLACE:
            requested = None  # a service may fill in the state that a new record has
        if requested is MISSING:
            self.expect(x)
            return None
        problem = yield from self._own.hold(x)
        if problem is not None:
            return problem
        assert x.entity is not None
        current = x.entity.attrs.get(self._attribute)
        if type(current) is not str:
            return NOT_PERMITTED(note="the record shows no state")
        return self._judge(x, x.entity, current, requested)

    def _judge(self, x: Exchange, entity: Entity, current: str, requested: Any) -> Problem | None:
        if requested is UNKNOWN or type(requested) is not str:
            return wrong_state(x, self._moves, entity, current, UNDECLARED)
        if requested == current:
            x.expected = (self._to or current,)
            return None
        x.expected = (requested,)
        ways = [m for m in self._moves if current in m.start and m.to == requested]
        if not ways:
            return wrong_state(x, self._moves, entity, current, UNDECLARED)
        if any(m.operation == self._operation or permits(x, m, entity.uid, entity) for m in ways):
            return None
        return self._deny(x, ways[0], entity)

    def _deny(self, x: Exchange, way: Move, entity: Entity) -> Problem:
        """Say that the caller may change the record, and this of it not."""
        if way.slice is not None:
            judge(x, way.slice, inputs(x, entity.uid, entity, seen=True))
        place = pointer_text(self._pointer or ())
        note = f"the move `{way.name}`: {reason(x)}"
        return NOT_PERMITTED("no rule permits this change of state", pointer=place, note=note)


UNREADABLE = NOT_PERMITTED(note="a body that is not read could set the state")
UNDECLARED = "the machine declares no such move"
