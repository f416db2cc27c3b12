"""Puts a case into words: one line that names the caller, the record and what rules read of both.

Values are written as Cedar writes them, escaped: a case must not write to a terminal (CWE-150).
"""

from __future__ import annotations

from collections.abc import Mapping

from yett.policy.cedar.extensions import (
    CedarError,
    Datetime,
    Decimal,
    Duration,
    IpAddr,
    write_datetime,
    write_decimal,
    write_ip,
)
from yett.policy.cedar.literals import cedar_string
from yett.policy.cedar.model import Uid, Value
from yett.policy.cedar.values import RecordValue, SetValue
from yett.review.changes import Case, Change

MAX_CHARACTERS = 400


def example(change: Change) -> str:
    """Write the case of a change on one line."""
    case = change.case
    if case is None:
        return ""
    who = _caller(case) + _known(case, case.principal, change.reads.get("principal", _NONE) - _TOLD)
    what = _uid(case.resource) + _known(case, case.resource, change.reads.get("resource", _NONE))
    read = sorted(change.reads.get("context", _NONE) & case.context.keys())
    around = f", context {fields({key: case.context[key] for key in read})}" if read else ""
    line = f"{who} on {what}{around}"
    return line if len(line) <= MAX_CHARACTERS else line[: MAX_CHARACTERS - 1] + "…"


def _known(case: Case, uid: Uid, read: frozenset[str]) -> str:
    """Write what rules read of an entity, and its groups; roles are said of the caller."""
    entity = next((each for each in case.entities if each.uid == uid), None)
    if entity is None:
        return ""
    attrs = {key: entity.attrs[key] for key in sorted(read) if key in entity.attrs}
    groups = sorted(_uid(group) for group in entity.ancestors if group.id not in case.roles)
    said = f" {fields(attrs)}" if attrs else ""
    return said + (f" in {', '.join(groups)}" if groups else "")


def _caller(case: Case) -> str:
    if case.kind == "anonymous":
        return "an anonymous caller"
    carried = [f"role {', '.join(sorted(map(cedar_string, case.roles)))}"] if case.roles else []
    carried += [f"scope {', '.join(sorted(map(cedar_string, case.scopes)))}"] if case.scopes else []
    said = f" with {' and '.join(carried)}" if carried else ""
    return f"{_uid(case.principal)}{said}"


def _uid(uid: Uid) -> str:
    return f"{uid.type}::{cedar_string(uid.id)}"


def fields(values: Mapping[str, Value]) -> str:
    """Write a record."""
    return "{" + ", ".join(f"{name}: {value(each)}" for name, each in values.items()) + "}"


def value(given: Value) -> str:
    """Write one value."""
    if isinstance(given, bool):
        return "true" if given else "false"
    match given:
        case int() | str():
            return cedar_string(given) if isinstance(given, str) else str(given)
        case Uid():
            return _uid(given)
        case SetValue():
            return "[" + ", ".join(sorted(value(each) for each in given)) + "]"
        case RecordValue():
            return fields(given.fields)
        case _:
            return _extension(given)


def _extension(given: Value) -> str:
    match given:
        case Datetime():
            return _moment(given)
        case Duration():
            return f'duration("{given.ms}ms")'
        case Decimal():
            return f'decimal("{write_decimal(given)}")'
        case IpAddr():
            return f'ip("{write_ip(given)}")'
        case _:
            raise TypeError(f"no Cedar value: {type(given).__name__}")


def _moment(moment: Datetime) -> str:
    try:
        return f'datetime("{write_datetime(moment)}")'
    except CedarError:  # beyond what the text can hold
        return f"{moment.ms} ms since 1970"


_NONE: frozenset[str] = frozenset()
_TOLD = frozenset(("roles", "scopes", "id"))  # said of the caller already
