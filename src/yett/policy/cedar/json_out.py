"""Cedar values and entities as the JSON that `cedarpy` reads: for the oracle, reports and caches.

Every entity and extension value has its explicit escape; nothing is left to what Cedar would guess.
"""

from __future__ import annotations

from typing import Any

from yett.policy.cedar.extensions import (
    CedarError,
    Datetime,
    Decimal,
    Duration,
    IpAddr,
    fit,
    write_datetime,
    write_decimal,
    write_ip,
)
from yett.policy.cedar.model import Entity, Uid, Value
from yett.policy.cedar.values import RecordValue, SetValue


def to_json(value: Value) -> Any:
    """Convert to Cedar's JSON, every entity and extension value with its explicit escape.

    Without `__entity` an attribute `{"type": ..., "id": ...}` is a record to Cedar, and the
    decision another (measured: 8 sets of the corpus).
    """
    kind = type(value)
    if kind is Uid:
        return {"__entity": {"type": value.type, "id": value.id}}
    if kind is SetValue:
        return [to_json(item) for item in value]
    if kind is RecordValue:
        return {name: to_json(item) for name, item in value.fields.items()}
    if kind in {bool, int, str}:
        return value
    return {"__extn": _EXTENSIONS[kind](value)}


def _datetime_json(moment: Datetime) -> dict[str, Any]:
    try:
        return {"fn": "datetime", "arg": write_datetime(moment)}
    except CedarError:  # a year that the text cannot hold: only `offset` makes such moments
        epoch = {"__extn": {"fn": "datetime", "arg": "1970-01-01"}}
        span = {"__extn": {"fn": "duration", "arg": f"{fit(moment.ms)}ms"}}
        return {"fn": "offset", "args": [epoch, span]}


_EXTENSIONS: dict[Any, Any] = {
    Datetime: _datetime_json,
    Duration: lambda span: {"fn": "duration", "arg": f"{span.ms}ms"},
    Decimal: lambda number: {"fn": "decimal", "arg": write_decimal(number)},
    IpAddr: lambda address: {"fn": "ip", "arg": write_ip(address)},
}


def write_entity(entity: Entity) -> dict[str, Any]:
    """Write an entity for `cedarpy`, ancestors as direct parents: the closure stays the same."""
    return {
        "uid": uid_json(entity.uid),
        "attrs": {name: to_json(value) for name, value in entity.attrs.items()},
        "parents": [uid_json(parent) for parent in entity.ancestors],
        "tags": {name: to_json(value) for name, value in entity.tags.items()},
    }


def uid_json(uid: Uid) -> dict[str, str]:
    """Write a uid where only a uid can stand."""
    return {"type": uid.type, "id": uid.id}
