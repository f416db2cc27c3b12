"""Which action of OLD is which of NEW, and which entity types are one: renames are no change.

Operations are the same when api, method and path are (parameter names aside), else when their ids
are; types are the same when their names are, or when they stand in one another's place throughout.
"""

from __future__ import annotations

import re
from collections import Counter

from msgspec import Struct
from msgspec.structs import replace

from yett.contract.model import Operation
from yett.review.rename import renamed_schema
from yett.review.side import Action, Side

_PARAMETER = re.compile(r"\{[^}]*\}")


class Pair(Struct, frozen=True, kw_only=True):
    """One action on both sides; None where a side does not have it.

    Args:
        name: as it is shown: the id in NEW, else in OLD.
        fields: the field class, empty for the operation itself.
    """

    name: str
    old: Action | None
    new: Action | None
    fields: str = ""


def pair_actions(old: Side, new: Side) -> tuple[Pair, ...]:
    """Pair the actions of two sides.

    A field class that one side does not have is paired with the operation there: what is in no
    class is read with the record. One that NEW does not have is left out where its operation is
    gone too.
    """
    renamed = _renamed(old, new)
    pairs = []
    for name, action in new.actions.items():
        before = _counterpart(action, old, renamed)
        pairs.append(Pair(name=name, old=before, new=action, fields=_fields(action)))
    taken = {pair.old.id for pair in pairs if pair.old is not None and _fits(pair)}
    back = {was: now for now, was in renamed.items()}
    for name, action in old.actions.items():
        if name not in taken and not (action.id != action.base and action.base not in taken):
            after = _counterpart(action, new, back)
            pairs.append(Pair(name=name, old=action, new=after, fields=_fields(action)))
    return tuple(pairs)


def _fits(pair: Pair) -> bool:
    assert pair.old is not None
    return pair.new is None or _fields(pair.old) == _fields(pair.new)


def _fields(action: Action) -> str:
    return action.id.removeprefix(action.base).removeprefix(":")


def _counterpart(action: Action, side: Side, renamed: dict[str, str]) -> Action | None:
    base = renamed.get(action.base, action.base)
    fields = _fields(action)
    if not fields:
        return side.actions.get(base)
    found = side.actions.get(f"{base}:{fields}")
    return found if found is not None or action.approval else side.actions.get(base)


def _renamed(old: Side, new: Side) -> dict[str, str]:
    """Return NEW's operation action -> OLD's, where the ids differ and the place is the same."""
    places = {place(a.operation): a.id for a in old.actions.values() if a.operation and _whole(a)}
    found = {}
    for action in new.actions.values():
        if action.operation is None or not _whole(action):
            continue
        was = places.get(place(action.operation))
        if was is not None and was != action.id and was not in new.actions:
            found[action.id] = was
    return found


def _whole(action: Action) -> bool:
    return action.id == action.base


def place(operation: Operation) -> tuple[str, str, str]:
    """Return what an operation is known by when its id changes: api, method, path without names."""
    return operation.api, operation.method, _PARAMETER.sub("{}", operation.path)


def shared_names(old: Side, new: Side, pairs: tuple[Pair, ...]) -> dict[str, str]:
    """Return NEW's entity type -> OLD's, for types that were renamed."""
    swaps: Counter[tuple[str, str]] = Counter()
    for kind, type_ in new.kinds.items():
        swaps[type_, old.kinds.get(kind, type_)] += 1
    for pair in pairs:
        if pair.old is not None and pair.new is not None:
            before = old.schema.actions[pair.old.id].resources
            after = new.schema.actions[pair.new.id].resources
            if len(before) == len(after) == 1:
                swaps[after[0], before[0]] += 1
    return {
        after: before
        for (after, before), _ in swaps.items()
        if after != before
        and after not in old.schema.entities
        and before not in new.schema.entities
        and sum(1 for one, two in swaps if after == one or before == two) == 1
    }


def unchanged(pair: Pair, old: Side, new: Side) -> bool:
    """Whether everything that speaks of the action is word for word the same on both sides."""
    one, two = pair.old, pair.new
    if one is None or two is None:
        return False
    sides = [
        (s.schema.entities, s.kinds, s.roles, s.schemes, s.origins, s.naming) for s in (old, new)
    ]
    return sides[0] == sides[1] and _said(one, old) == _said(two, new)


def _said(action: Action, side: Side) -> tuple[object, ...]:
    base = side.actions.get(action.base, action)
    texts = [
        [r.text for r in each.rules] if each.rules is not None else None for each in (action, base)
    ]
    types = [side.schema.actions[each.id] for each in (action, base)]
    groups = [side.schema.groups_of(each.id) for each in (action, base)]
    hidden = [each.hidden for each in (action, base)]
    return texts, types, groups, action.security, action.refused, action.located, hidden


def rename_types(side: Side, names: dict[str, str]) -> Side:
    """Return the side with other names of entity types; the rules keep theirs."""
    if not names:
        return side
    kinds = {kind: names.get(type_, type_) for kind, type_ in side.kinds.items()}
    origins = {(names.get(t, t), name): origin for (t, name), origin in side.origins.items()}
    schema = renamed_schema(side.schema, names)
    return replace(side, schema=schema, kinds=kinds, origins=origins)
