"""`x-yett-machine` as values: the states of record types, wherever a document declares them.

On a schema of `components.schemas` the record type is that schema's name, on an operation that of
its resource; `type` says another. A type has one machine. What states mean is for `lint_states`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from yett.contract.cedar_names import attribute_flaw, type_flaw
from yett.contract.extension_forms import MachineForm, fits
from yett.contract.fitting import did_you_mean
from yett.contract.model import Machine, Move, Settings
from yett.contract.places import Source
from yett.contract.refs import Reader
from yett.contract.report import Report, quote
from yett.contract.rules import EXTENSION_VALUE

KEY = "x-yett-machine"


class MachineReading:
    """Collects the machines of one document."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._found: dict[str, Machine] = {}

    def on_operation(self, operation: dict[str, Any], settings: Settings, at: Source) -> None:
        """Read the machine that an operation declares, if it does."""
        if KEY in operation:
            type_ = settings.resource.type if settings.resource is not None else ""
            self._keep(read_machine(operation[KEY], type_, at.at(KEY), self._reader.report))

    def read(self, operations: dict[str, Settings]) -> tuple[Machine, ...]:
        """Read those of `components.schemas` too, and return all of them.

        Args:
            operations: `operationId` of the document -> its settings.
        """
        components = self._reader.document.get("components")
        schemas = components.get("schemas") if isinstance(components, dict) else None
        for name, schema in schemas.items() if isinstance(schemas, dict) else ():
            if isinstance(schema, dict) and KEY in schema:
                at = self._reader.source.within(("components", "schemas", name, KEY))
                self._keep(read_machine(schema[KEY], name, at, self._reader.report))
        for machine in self._found.values():
            _check_moves(machine, operations, self._reader.report)
        return tuple(self._found.values())

    def _keep(self, machine: Machine | None) -> None:
        if machine is None:
            return
        first = self._found.setdefault(machine.type, machine)
        if first is not machine:
            message = f"{quote(machine.type)} has two machines"
            hint = f"the first one stands at {first.source.path}:{first.source.line}; keep one"
            self._reader.report.add(EXTENSION_VALUE, message, machine.source, hint=hint)


def read_machine(value: Any, type_: str, at: Source, report: Report) -> Machine | None:
    """Read one machine; None with a remark when it cannot be.

    Args:
        value: the `x-yett-machine`, as written.
        type_: the record type of the place where it stands, empty when that has none.
        at: its place.
        report: takes the mistakes.
    """
    if not fits(value, MachineForm, KEY, at, report):
        return None
    form = msgspec.convert(value, MachineForm)
    if not form.initial:
        message = "the record begins in no state: `initial` is empty"
        report.add(EXTENSION_VALUE, message, at.at("initial"), hint="write initial: [draft]")
    moves = {name: Move(start=move.start, to=move.to) for name, move in form.operations.items()}
    return Machine(
        type=_type(form, type_, at, report),
        field=_field(form, at, report),
        initial=form.initial,
        terminal=form.terminal,
        operations=moves,
        source=at,
    )


def _check_moves(machine: Machine, operations: dict[str, Settings], report: Report) -> None:
    """A move that is misspelt or empty would leave its operation free in every state."""
    for name, move in machine.operations.items():
        at = machine.source.at("operations", name)
        if name not in operations:
            hint = did_you_mean(name, list(operations))
            report.add(EXTENSION_VALUE, f"no operation is named {quote(name)}", at, hint=hint)
        elif not move.start and not _begins(machine, move, operations[name]):
            message = f"{quote(name)} may start from no state"
            hint = "name them in `from`; only what makes a record has none, and ends in `initial`"
            report.add(EXTENSION_VALUE, message, at.at("from"), hint=hint)


def _begins(machine: Machine, move: Move, settings: Settings) -> bool:
    """Whether a move makes a record: its operation names none, and it ends in `initial`."""
    resource = settings.resource
    return resource is not None and not resource.id and move.to in machine.initial


def _type(form: MachineForm, outer: str, at: Source, report: Report) -> str:
    name = form.type or outer
    flaw = type_flaw(name) if name else ""
    if not name:
        message = f"`{KEY}` does not say whose states these are"
        hint = "add `type:`, or say on the operation which `x-yett.resource` it is about"
        report.add(EXTENSION_VALUE, message, at, hint=hint)
    elif flaw:
        place = at.at("type") if form.type else at
        report.add(EXTENSION_VALUE, f"{quote(name)} {flaw}", place, hint="say another with `type:`")
    return name


def _field(form: MachineForm, at: Source, report: Report) -> str:
    flaw = attribute_flaw(form.field)
    if flaw:
        hint = "it names an attribute of `x-yett.resource.attrs`"
        report.add(EXTENSION_VALUE, f"{quote(form.field)} {flaw}", at.at("field"), hint=hint)
    return form.field
