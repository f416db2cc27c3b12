"""Which column stands for which attribute: by name, or by what the model's `__yett__` says.

A nullable column is an optional attribute and the other way round: else one side would call absent
what the other calls there. A path (`owner.department`) and membership in a group (`owner in Team`)
need a declared expression; nothing is joined that the model does not say how to join.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeGuard

import sqlalchemy
from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import InstrumentedAttribute, MappedColumn, Mapper
from sqlalchemy.orm.exc import UnmappedColumnError

from yett.policy.authz.model import Shape
from yett.policy.cedar.types import Attribute, Record, Reference, Schema, SetOf
from yett.policy.sql.errors import FilterError
from yett.policy.sql.fields import Field, Many, Path, make_field, make_many

DECLARATIONS = "__yett__"
ITSELF = "resource"


class Model:
    """A SQLAlchemy model beside the entity type that its rows are.

    Args:
        model: the mapped class, or an alias of it.
        shape: the entity type, and where attributes are in the service's JSON.
        schema: the contract's.
        owned: attributes that every principal has, where the type is one of principals: of the
            caller's own record they are those of its token, so no column stands for them.
    """

    def __init__(
        self, model: Any, shape: Shape, schema: Schema, owned: frozenset[str] = frozenset()
    ) -> None:
        mapper = getattr(sqlalchemy.inspect(model, raiseerr=False), "mapper", None)
        if not isinstance(mapper, Mapper):
            raise FilterError(f"`{model!r}` is no mapped class of SQLAlchemy")
        self.model, self.shape, self.schema, self.owned = model, shape, schema, owned
        self.mapper: Mapper[Any] = mapper
        self.declared: dict[str, Any] = dict(getattr(mapper.class_, DECLARATIONS, {}))
        self._check_declared()
        self._check_required()

    def itself(self) -> Field:
        """Return the id of the record."""
        attribute = Attribute(ITSELF, Reference(self.shape.type))
        if ITSELF in self.declared:
            return self._field((), attribute, self.declared[ITSELF])
        if len(self.shape.key) != 1:
            raise self._undeclared(ITSELF, "its id is not a member of its JSON")
        return self._field((), attribute, self.shape.key[0])

    def field(self, path: Path) -> Field | Many:
        """Return what stands for an attribute of the record, or of what that leads to."""
        name = ".".join(path)
        if path[0] in self.owned:
            raise FilterError(
                f"reads `{path[0]}`, which is the token's where the record is the caller's own",
                hint="compare the record itself: `resource == principal`",
            )
        attribute = self.attribute(path)
        if isinstance(attribute.type, SetOf):
            return self._many(path, attribute.type, name)
        if name in self.declared:
            return self._field(path, attribute, self.declared[name])
        if len(path) > 1 or isinstance(attribute.type, Record):
            raise self._undeclared(name, "it is not kept in the row")
        source = self._default(name)
        if isinstance(source, FilterError):
            raise source
        return self._field(path, attribute, source)

    def closure(self, path: Path, group: str) -> Many:
        """Return the groups of a type that the entity at `path` is in, of any depth."""
        name = f"{'.'.join(path) or ITSELF} in {group}"
        return self._many(path, SetOf(Reference(group)), name)

    def declares(self, path: Path) -> bool:
        """Whether the schema has such an attribute."""
        return len(self._along(path)) == len(path)

    def certain(self, path: Path) -> bool:
        """Whether every record has it: it is required, and so is all that leads to it."""
        along = self._along(path)
        inside = all(isinstance(one.type, Record) for one in along[:-1])
        return inside and self.declares(path) and all(one.required for one in along)

    def attribute(self, path: Path) -> Attribute:
        """Return the attribute at a path, as the schema declares it."""
        along = self._along(path)
        if len(along) != len(path):
            raise FilterError(f"the schema of `{self.shape.type}` has no `{'.'.join(path)}`")
        return along[-1]

    def _along(self, path: Path) -> list[Attribute]:
        """Return the attributes on the way, as far as there are any."""
        inside = self.schema.entities[self.shape.type].attributes
        found: list[Attribute] = []
        for name in path:
            one = next((one for one in inside if one.name == name), None)
            if one is None:
                break
            found.append(one)
            match one.type:
                case Record(attributes):
                    inside = attributes
                case Reference(entity):
                    inside = self.schema.entities[entity].attributes
                case _:
                    inside = ()
        return found

    def _default(self, name: str) -> str | FilterError:
        """Return the mapped attribute that is `name`: the member its pointer names, or itself."""
        pointer = next((p for a, p in self.shape.attributes if a.name == name), (name,))
        if len(pointer) != 1:
            # The last token of `/customer/id` is the name of another column.
            return self._undeclared(name, f"`/{'/'.join(pointer)}` is not a member of the record")
        fits = sorted({one for one in (name, pointer[0]) if one in self.mapper.column_attrs})
        if len(fits) != 1:
            return self._undeclared(name, "two columns fit" if fits else "no column has its name")
        return fits[0]

    def _field(self, path: Path, attribute: Attribute, source: Any) -> Field:
        if _is_function(source):
            return make_field(path, attribute.type, self._expression(source), nullable=True)
        column = self._column(attribute.name, source)
        self._check_nullable(attribute, column)
        made = getattr(self.model, self._key(attribute.name, source)).expression
        return make_field(path, attribute.type, made, nullable=bool(column.nullable))

    def _many(self, path: Path, type_: SetOf, name: str) -> Many:
        if name not in self.declared:
            raise self._undeclared(name, "it is not kept in the row")
        source = self.declared[name]
        made = source(self.model) if _is_function(source) else source
        if not isinstance(made, Select):
            raise self._undeclared(name, "what is declared gives no `select`")
        return make_many(path, type_.element, made)

    def _expression(self, source: Any) -> ColumnElement[Any]:
        made = source(self.model)
        if isinstance(made, Select):
            return made.scalar_subquery()
        made = getattr(made, "expression", made)
        if not isinstance(made, ColumnElement):
            raise FilterError(f"a function in `{DECLARATIONS}` of `{self}` gives no expression")
        return made

    def _column(self, name: str, source: Any) -> sqlalchemy.Column[Any]:
        found = self.mapper.column_attrs.get(self._key(name, source))
        column = found.columns[0] if found is not None else None
        if not isinstance(column, sqlalchemy.Column):
            raise self._undeclared(name, f"`{source}` is no column of the model")
        return column

    def _key(self, name: str, source: Any) -> str:
        """Return the name of the mapped attribute that `source` is."""
        if isinstance(source, str):
            return source
        if isinstance(source, InstrumentedAttribute):
            if not self.mapper.isa(source.parent.mapper):
                raise self._undeclared(name, f"`{source}` is of another model")
            return source.key
        try:
            column = source.column if isinstance(source, MappedColumn) else source
            return self.mapper.get_property_by_column(column).key
        except UnmappedColumnError:
            raise self._undeclared(name, f"`{source}` is no column of the model") from None

    def _check_nullable(self, attribute: Attribute, column: sqlalchemy.Column[Any]) -> None:
        if bool(column.nullable) is not attribute.required:
            return
        if attribute.required:
            says, hint = "required, and its column is nullable", "make the column NOT NULL"
        else:
            says, hint = "optional, and its column is not nullable", "add it to `required`"
        raise FilterError(
            f"`{attribute.name}` of `{self.shape.type}` is {says}: `{column}`",
            hint=f"{hint}, or declare in `{DECLARATIONS}` where it is absent",
        )

    def _check_declared(self) -> None:
        """Refuse what stands for nothing: a misspelt name would leave the default in force."""
        for name in self.declared:
            head, _, group = name.partition(" in ")
            if head != ITSELF:
                self.attribute(tuple(head.split(".")))
            if group and group not in self.schema.entities:
                raise FilterError(f"`{DECLARATIONS}` of `{self}`: `{group}` is no entity type")

    def _check_required(self) -> None:
        """Refuse a table with rows that the gate could make no record of, whatever rules read."""
        for attribute, _ in self.shape.attributes:
            name = attribute.name
            source = self.declared[name] if name in self.declared else self._default(name)
            if not attribute.required or _is_function(source) or isinstance(source, FilterError):
                continue
            self._check_nullable(attribute, self._column(name, source))

    def _undeclared(self, name: str, why: str) -> FilterError:
        return FilterError(
            f"`{name}` of `{self.shape.type}` has no column in `{self}`: {why}",
            hint=f"declare it: `{DECLARATIONS} = {{{name!r}: ...}}`",
        )

    def __str__(self) -> str:
        return self.mapper.class_.__name__


def _is_function(source: Any) -> TypeGuard[Callable[[Any], Any]]:
    """Whether a declaration is a function of the model: `lambda cls: ...`."""
    known = isinstance(source, (str, InstrumentedAttribute, MappedColumn, ColumnElement))
    return not known and callable(source)
