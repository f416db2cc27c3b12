"""A record as a Cedar entity, to text and back: what an approver's rules see of a frozen request.

The entity is that of the moment when the request was made; when it runs, everything is decided
again on the record as it is then.
"""

from __future__ import annotations

import json
from typing import Any

from yett.policy.cedar.extensions import CedarError
from yett.policy.cedar.json_in import read_id, read_value
from yett.policy.cedar.json_out import to_json
from yett.policy.cedar.model import Entity, Uid, Value
from yett.policy.cedar.types import Schema
from yett.policy.cedar.values import ValueMismatch

MAX_ENTITY_CHARACTERS = 64 * 1024


def write_entity_text(entity: Entity | None, uid: Uid) -> str:
    """Write an entity, of which at least the name is known; too much of it is left out."""
    attrs = {} if entity is None else {n: plain(value) for n, value in entity.attrs.items()}
    named = {"type": uid.type, "id": uid.id}
    text = json.dumps({**named, "attrs": attrs})
    return text if len(text) <= MAX_ENTITY_CHARACTERS else json.dumps({**named, "attrs": {}})


def read_entity_text(text: str, schema: Schema) -> Entity | None:
    """Read it back by a schema; None when it does not fit, and then nobody may approve."""
    try:
        found = json.loads(text)
        uid = Uid(found["type"], read_id(found["id"]))
        types = {a.name: a.type for a in schema.entities[uid.type].attributes}
        attrs = {name: read_value(types[name], json_) for name, json_ in found["attrs"].items()}
    except (ValueError, TypeError, KeyError, AttributeError, ValueMismatch, CedarError):
        return None
    return Entity(uid, attrs)


def plain(value: Value) -> Any:
    """Write a value as the JSON of a service would: ids and moments as text."""
    return _plain(to_json(value))


def _plain(json_: Any) -> Any:
    if isinstance(json_, list):
        return [_plain(item) for item in json_]
    if not isinstance(json_, dict):
        return json_
    if "__entity" in json_:
        return json_["__entity"]["id"]
    if "__extn" in json_:
        return json_["__extn"]["arg"]
    return {name: _plain(item) for name, item in json_.items()}
