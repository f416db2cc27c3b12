"""Lint rules on `x-yett-machine`: states that do not exist, are never reached, or never left.

A state that is misspelt makes its operation impossible, a dead end holds records for ever. The
machine tells what operations do; a state that the service sets itself counts as `initial`.
"""

from __future__ import annotations

from collections.abc import Iterator

from yett.contract.described import EVERY, Described, Nodes, answers
from yett.contract.fitting import did_you_mean
from yett.contract.model import Api, Contract, Machine
from yett.contract.places import Pointer, Source, read_pointer
from yett.contract.report import Remark, quote
from yett.contract.rules import Rule


def unknown_states(contract: Contract, rule: Rule) -> Iterator[Remark]:
    """Each state is one of the field's `enum`, where it has one."""
    for api in contract.apis:
        for machine in api.machines:
            known = _enumerated(api, machine)
            if known is None:
                continue
            for state, at in _named(machine):
                if state not in known:
                    message = f"{quote(state)} is no state that `{machine.field}` can have"
                    yield _remark(rule, machine, message, at, did_you_mean(state, sorted(known)))


def unreachable_states(contract: Contract, rule: Rule) -> Iterator[Remark]:
    """Some path of moves leads to each state from where records begin."""
    hint = "add a move `to` it; if the service sets it itself, name it in `initial`"
    for machine in _machines(contract):
        reached = _reached(machine)
        seen: set[str] = set()
        for state, at in _named(machine):
            if state not in reached and state not in seen:
                seen.add(state)
                message = f"nothing leads to the state {quote(state)} of a `{machine.type}`"
                yield _remark(rule, machine, message, at, hint)


def dead_ends(contract: Contract, rule: Rule) -> Iterator[Remark]:
    """Each state that is not terminal has a way out."""
    hint = "add a move out of it, or name it in `terminal`"
    for machine in _machines(contract):
        left = {s for m in machine.operations.values() for s in m.start if m.to not in ("", s)}
        seen: set[str] = set(machine.terminal) | left
        for state, at in _named(machine):
            if state not in seen:
                seen.add(state)
                message = f"nothing leads out of the state {quote(state)} of a `{machine.type}`"
                yield _remark(rule, machine, message, at, hint)


def left_terminals(contract: Contract, rule: Rule) -> Iterator[Remark]:
    """No move leaves a terminal state."""
    hint = "take it out of `from`, or out of `terminal`"
    for machine in _machines(contract):
        for name, move in machine.operations.items():
            for index, state in enumerate(move.start):
                if state in machine.terminal and move.to not in ("", state):
                    message = f"{quote(name)} leaves the terminal state {quote(state)}"
                    at = machine.source.at("operations", name, "from", index)
                    yield _remark(rule, machine, message, at, hint)


def _machines(contract: Contract) -> Iterator[Machine]:
    for api in contract.apis:
        yield from api.machines


def _named(machine: Machine) -> Iterator[tuple[str, Source]]:
    """Yield each state that is written, with its place."""
    for key in ("initial", "terminal"):
        for index, state in enumerate(getattr(machine, key)):
            yield state, machine.source.at(key, index)
    for name, move in machine.operations.items():
        at = machine.source.at("operations", name)
        for index, state in enumerate(move.start):
            yield state, at.at("from", index)
        if move.to:
            yield move.to, at.at("to")


def _reached(machine: Machine) -> set[str]:
    reached = set(machine.initial)
    moves = [(set(m.start), m.to) for m in machine.operations.values() if m.to]
    for _ in moves:  # a path is at most as long as there are moves
        reached |= {to for start, to in moves if not start or start & reached}
    return reached


def _enumerated(api: Api, machine: Machine) -> set[str] | None:
    """Return the states that schemas of the record allow, None when none is closed."""
    described, found = Described(api), None
    for nodes, pointer in _places(api, machine):
        values = described.values(described.at(nodes, pointer))
        found = values if found is None else found | (values or set())
    return found


def _places(api: Api, machine: Machine) -> Iterator[tuple[Nodes, Pointer]]:
    """Yield where answers show the state: the declared attribute, else the property of its name."""
    about = [(o, o.settings.resource) for o in api.operations]
    own = [(o, r) for o, r in about if r is not None and r.type == machine.type]
    texts = [r.attrs[machine.field] for _, r in own if machine.field in r.attrs]
    field = read_pointer(texts[0]) if texts else (machine.field,)
    for operation, resource in own:
        record = read_pointer(resource.record)
        items = () if resource.items is None else (*read_pointer(resource.items), EVERY)
        yield answers(operation), (*items, *record, *field)


def _remark(rule: Rule, machine: Machine, message: str, at: Source, hint: str) -> Remark:
    return Remark(rule=rule, message=message, source=at, hint=hint, subject=machine.type)
