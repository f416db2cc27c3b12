"""Reads Cedar's integration corpus (cedar-policy/cedar-integration-tests) from its archives.

Nothing is unpacked to disk. Policies keep Cedar's own positional ids, because the recorded reasons
and errors name those.
"""

from __future__ import annotations

import functools
import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cedarpy import Entities, PolicySet
from msgspec import Struct

from yett.contract.places import Source
from yett.policy.cedar.extensions import (
    parse_datetime,
    parse_decimal,
    parse_duration,
    parse_ip,
)
from yett.policy.cedar.model import Entity, Inputs, Rule, Uid
from yett.policy.cedar.operators import offset
from yett.policy.cedar.values import RecordValue, make_set

CORPORA = Path(os.environ.get("YETT_CORPORA", Path(__file__).parents[3] / "shared" / "corpora"))
ARCHIVES = ("cedar/corpus-tests.tar.gz", "cedar/hand-written.tar.gz")


class Case(Struct, frozen=True):
    """A policy set with its entities and requests."""

    name: str
    policies: str
    schema: str
    entities: str
    requests: tuple[dict[str, Any], ...]


@functools.lru_cache(1)
def _files() -> dict[str, bytes]:
    found = {}
    for name in ARCHIVES:
        path = CORPORA / name
        if not path.exists():
            pytest.skip(f"{path} is absent: set YETT_CORPORA")
        with tarfile.open(path) as archive:
            for member in archive:
                if member.isfile():
                    found[member.name.removeprefix("./")] = archive.extractfile(member).read()
    return found


def read_cases(part: int, parts: int) -> Iterator[Case]:
    """Give every `parts`-th case, beginning with `part`."""
    files = _files()
    names = sorted(n for n in files if n.endswith(".json") and not n.endswith("entities.json"))
    for name in names[part::parts]:
        case = json.loads(files[name])
        schema, policies, entities = (
            files[case[key]].decode() for key in ("schema", "policies", "entities")
        )
        yield Case(name, policies, schema, entities, tuple(case["requests"]))


def read_rules(policies: PolicySet) -> tuple[Rule, ...]:
    """Build rules of whatever the set holds; `ValueError` where the PST cannot say it."""
    return tuple(
        Rule(id=id_, effect=tree.effect, tree=tree, text="", source=Source())
        for id_, tree in sorted(policies.to_pst().static_policies.items(), key=_place)
    )


def _place(item: tuple[str, Any]) -> int:
    return int(item[0].removeprefix("policy"))


def read_entities(text: str, schema: str) -> dict[Uid, Entity]:
    """Build the entities with their closure; the schema says what a bare `{type, id}` is."""
    found = json.loads(str(Entities.from_json_str(text, schema)))
    parents = {_uid(one["uid"]): [_uid(p) for p in one["parents"]] for one in found}
    return {
        uid: Entity(
            uid,
            {name: read_json(value) for name, value in one["attrs"].items()},
            _closure(uid, parents),
            {name: read_json(value) for name, value in one.get("tags", {}).items()},
        )
        for one in found
        if (uid := _uid(one["uid"]))
    }


def _closure(uid: Uid, parents: dict[Uid, list[Uid]]) -> frozenset[Uid]:
    found: set[Uid] = set()
    open_ = list(parents[uid])
    while open_:
        one = open_.pop()
        if one not in found:
            found.add(one)
            open_ += parents.get(one, [])
    return frozenset(found)


def read_inputs(request: dict[str, Any], entities: dict[Uid, Entity]) -> Inputs:
    """Build the question of a request."""
    context = {name: read_json(value) for name, value in request["context"].items()}
    if isinstance(context.get("confidence_score"), str):  # the one implicit decimal, by hand
        context["confidence_score"] = parse_decimal(context["confidence_score"])
    return Inputs(_uid(request["principal"]), _uid(request["resource"]), context, entities)


def action_of(request: dict[str, Any]) -> Uid:
    """Return the request's action."""
    return _uid(request["action"])


def _uid(json_: dict[str, Any]) -> Uid:
    inner = json_.get("__entity", json_)
    return Uid(inner["type"], inner["id"])


def read_json(value: Any) -> Any:
    """Build a value of Cedar's JSON."""
    if isinstance(value, list):
        return make_set(map(read_json, value))
    if not isinstance(value, dict):
        return value
    if "__entity" in value or value.keys() == {"type", "id"}:
        return _uid(value)
    if "__extn" in value:
        return _extension(value["__extn"])
    return RecordValue({name: read_json(item) for name, item in value.items()})


def _extension(call: dict[str, Any]) -> Any:
    if call["fn"] == "offset":
        return offset(*map(read_json, call["args"]))
    return _CONSTRUCTORS[call["fn"]](call["arg"])


_CONSTRUCTORS = {
    "ip": parse_ip,
    "decimal": parse_decimal,
    "datetime": parse_datetime,
    "duration": parse_duration,
}
