"""Named texts (query pairs, form fields) read by a table: name -> what its text means.

Used for queries, urlencoded bodies and the text parts of multipart bodies. A name that comes twice
is refused unless its parameter is an exploded array: the service may read the first, the last or
both (CWE-235). Names the table has not are handed back, never dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from yett.policy.coerce import TEXT, UNREADABLE, Kind, Read, scalar_reader
from yett.policy.deep import insert, shape, split_name
from yett.policy.jsonbody import read_json
from yett.policy.model import Fault
from yett.policy.styles import MAX_PARTS, readings, value_reader

Fits = Callable[[Any], bool]
EXPLODED = frozenset({"form", "spaceDelimited", "pipeDelimited", "cookie"})


class Field(Struct, frozen=True, kw_only=True):
    """One declared name.

    Args:
        name: the parameter's name, which for `deep` is what stands before the brackets.
        where: for faults, `query/name`.
        read: text -> value or UNREADABLE.
        item: reader of one item when the name may come several times, else None.
        deep: the kind, when members are written in brackets.
        choices: readers to try in turn, with `fits` to choose, for ambiguous schemas.
        fits: whether a value fits the field's own schema.
        allow_empty: whether an empty text stands for no value.
    """

    name: str
    where: str
    read: Read
    item: Read | None = None
    deep: Kind | None = None
    choices: tuple[Read, ...] = ()
    fits: Fits | None = None
    allow_empty: bool = False


def read_json_text(text: str) -> Any:
    """Read a parameter whose content is JSON."""
    found = read_json(text.encode())
    return UNREADABLE if isinstance(found, Fault) else found[0]


def make_field(
    name: str,
    where: str,
    kind: Kind,
    *,
    style: str,
    explode: bool,
    fits: Fits | None = None,
    json: bool = False,
    allow_empty: bool = False,
) -> Field:
    """Build a field from how OpenAPI says it is written."""
    if json:
        return Field(name=name, where=where, read=read_json_text, allow_empty=allow_empty)
    if style == "deepObject":
        read = value_reader(Kind(scalars=kind.scalars), "form", explode=False, name=name)
        return Field(name=name, where=where, read=read, deep=kind, allow_empty=allow_empty)
    read = value_reader(kind, style, explode=explode, name=name)
    if explode and style in EXPLODED and kind.items is not None:
        item = scalar_reader(kind.items)
        single = scalar_reader(kind) if kind.scalars and fits is not None else None
        return Field(
            name=name,
            where=where,
            read=read,
            item=item,
            choices=(single,) if single is not None else (),
            fits=fits,
            allow_empty=allow_empty,
        )
    choices = readings(kind, style, explode=explode, name=name) if kind.ambiguous and fits else ()
    return Field(
        name=name, where=where, read=read, choices=choices, fits=fits, allow_empty=allow_empty
    )


def read_field(field: Field, text: str) -> Any:
    """Return the value of one text; for ambiguous schemas the first reading that fits."""
    if field.choices and field.fits is not None and field.item is None:
        for read in field.choices:
            value = read(text)
            if value is not UNREADABLE and field.fits(value):
                return value
        return UNREADABLE
    return field.read(text)


class Fields:
    """A table of fields, and perhaps one object whose members are names of their own."""

    def __init__(self, fields: Sequence[Field], spread: tuple[str, Kind] | None = None) -> None:
        self.table = {field.name: field for field in fields}
        self.spread = spread
        self._members = spread[1].fields or {} if spread else {}
        self._deep = any(field.deep is not None for field in fields)

    def read(
        self, pairs: list[tuple[str, str]]
    ) -> tuple[dict[str, Any], list[tuple[str, str]]] | Fault:
        """Return the values by name and the pairs that nothing declares."""
        values: dict[str, Any] = {}
        unknown: list[tuple[str, str]] = []
        later: _Gathered | None = None
        table = self.table
        for name, text in pairs:
            field = table.get(name)
            if field is None or field.item is not None or (field.allow_empty and not text):
                later = later or _Gathered()
                fault = self._gather(later, field, name, text, unknown)
                if fault is not None:
                    return fault
                continue
            if name in values:
                return Fault("repeated", field.where)
            value = read_field(field, text) if field.choices else field.read(text)
            if value is UNREADABLE:
                return Fault("mismatch", field.where, "type")
            values[name] = value
        if later is not None:
            fault = self._finish(later, values)
            if fault is not None:
                return fault
        return values, unknown

    def _gather(
        self,
        later: _Gathered,
        field: Field | None,
        name: str,
        text: str,
        unknown: list[tuple[str, str]],
    ) -> Fault | None:
        if field is not None and field.item is not None:
            later.lists.setdefault(name, []).append(text)
        elif field is not None:
            if name in later.empty:
                return Fault("repeated", field.where)
            later.empty.add(name)
        elif not self._gather_deep(later, name, text):
            if self.spread and (name in self._members or self.spread[1].extra):
                later.members.append((name, text))
            else:
                unknown.append((name, text))
        return later.fault

    def _gather_deep(self, later: _Gathered, name: str, text: str) -> bool:
        tokens = split_name(name) if self._deep and "[" in name else None
        field = self.table.get(tokens[0]) if tokens else None
        if tokens is None or field is None or field.deep is None:
            return False
        tree = later.trees.setdefault(tokens[0], {})
        if not insert(tree, tokens[1:], text):
            later.fault = Fault("repeated", field.where)
        return True

    def _finish(self, later: _Gathered, values: dict[str, Any]) -> Fault | None:
        for name, texts in later.lists.items():
            value = _read_list(self.table[name], texts)
            if value is UNREADABLE:
                return Fault("mismatch", self.table[name].where, "type")
            values[name] = value
        for name, tree in later.trees.items():
            field = self.table[name]
            value = shape(tree, field.deep or TEXT)
            if name in values:
                return Fault("repeated", field.where)
            if value is UNREADABLE:
                return Fault("mismatch", field.where, "type")
            values[name] = value
        return self._finish_spread(later, values)

    def _finish_spread(self, later: _Gathered, values: dict[str, Any]) -> Fault | None:
        for name in later.empty:
            if name in values:
                return Fault("repeated", self.table[name].where)
        if not later.members or self.spread is None:
            return None
        name, kind = self.spread
        found: dict[str, Any] = {}
        for member, text in later.members:
            if member in found:
                return Fault("repeated", f"query/{name}")
            value = scalar_reader(self._members.get(member) or kind.extra or TEXT)(text)
            if value is UNREADABLE:
                return Fault("mismatch", f"query/{name}", "type")
            found[member] = value
        values[name] = found
        return None


class _Gathered:
    """What cannot be read until all pairs were seen."""

    __slots__ = ("empty", "fault", "lists", "members", "trees")

    def __init__(self) -> None:
        self.lists: dict[str, list[str]] = {}
        self.trees: dict[str, dict[str, Any]] = {}
        self.members: list[tuple[str, str]] = []
        self.empty: set[str] = set()
        self.fault: Fault | None = None


def _read_list(field: Field, texts: list[str]) -> Any:
    assert field.item is not None
    if len(texts) > MAX_PARTS:
        return UNREADABLE
    if len(texts) == 1 and field.choices and field.fits is not None:
        value = field.choices[0](texts[0])
        if value is not UNREADABLE and field.fits(value):
            return value
    values = [field.item(text) for text in texts]
    return UNREADABLE if UNREADABLE in values else values
