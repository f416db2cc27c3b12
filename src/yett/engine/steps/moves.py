"""The moves of a state machine, as one caller may make them from one state.

A move is possible where the machine declares it, the caller's scopes suffice and the rules of its
operation permit it on this very record. Nothing here refuses; steps do.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from yett.engine.entities import inputs
from yett.engine.exchange import Exchange
from yett.engine.judging import weigh
from yett.engine.step import Step
from yett.engine.steps.scopes import make_scopes
from yett.policy.authz.model import Guard
from yett.policy.authz.placement import unseen
from yett.policy.browser import Browser
from yett.policy.cedar.model import Entity, Slice, Uid
from yett.policy.model import OperationPolicy, Policy
from yett.problems import WRONG_STATE, Problem

MAX_ALLOWED_OPERATIONS = 16


class Move(Struct, frozen=True):
    """One operation of a machine, with what says who may do it.

    Args:
        operation: its id; `name`: as the team's document calls it.
        start, to: states, as the machine has them.
        slice: its rules, None when scopes alone decide.
        scopes: its step 7, None when it asks for none.
        blind: the record at hand does not show what its rules read; then nobody may.
    """

    operation: str
    name: str
    start: tuple[str, ...]
    to: str
    slice: Slice | None
    scopes: Step | None
    blind: bool = False


def make_moves(guard: Guard, policy: Policy, browser: Browser) -> tuple[Move, ...]:
    """Return the moves of a guard's machine; an operation that is not served makes none."""
    machine, read = guard.machine, guard.read
    if machine is None:
        return ()
    operations = {operation.id: operation for operation in policy.operations}
    made = (
        _make_move(operations[id_], start, to, policy, browser)
        for id_, (start, to) in machine.moves.items()
        if id_ in operations
    )
    return tuple(
        move
        if read is not None and (move.slice is None or not unseen(read.shape, move.slice))
        else replace(move, blind=True)
        for move in made
    )


def allowed_operations(
    x: Exchange, moves: tuple[Move, ...], entity: Entity, state: str
) -> list[str]:
    """Name the operations that this caller may do with the record in this state."""
    found: list[str] = []
    for move in moves:
        if state in move.start and permits(x, move, entity.uid, entity):
            found.append(move.name)
            if len(found) == MAX_ALLOWED_OPERATIONS:
                break
    return found


def wrong_state(
    x: Exchange, moves: tuple[Move, ...], entity: Entity, current: str, note: str
) -> Problem:
    """Refuse a transition, and say what is possible instead.

    Only for a caller whom the rules permit the operation itself: so it may know the state.
    """
    offered = allowed_operations(x, moves, entity, current)
    members = (("current", current), ("allowed_operations", offered))
    return WRONG_STATE(members=members, note=note)


def permits(x: Exchange, move: Move, uid: Uid, entity: Entity) -> bool:
    """Whether the caller may make this move; nothing is noted."""
    if move.blind or (move.scopes is not None and move.scopes(x) is not None):
        return False
    return move.slice is None or weigh(x, move.slice, inputs(x, uid, entity, seen=True)).allow


def _make_move(
    operation: OperationPolicy, start: tuple[str, ...], to: str, policy: Policy, browser: Browser
) -> Move:
    guard = operation.guard
    return Move(
        operation=operation.id,
        name=operation.id.removeprefix(operation.api + "."),
        start=start,
        to=to,
        slice=guard.slice if guard is not None else None,
        scopes=make_scopes(operation, policy, browser),
    )
