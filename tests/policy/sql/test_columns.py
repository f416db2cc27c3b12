"""Attributes find their columns by name, by pointer or by declaration; what is unclear is refused."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from kit.rows import SCHEMA, SHAPE, Booking, User
from sqlalchemy.orm import DeclarativeBase, aliased, mapped_column

from yett.policy.authz.model import Shape
from yett.policy.cedar.types import Attribute, EntityType, Plain, Reference, Schema
from yett.policy.sql.columns import Model
from yett.policy.sql.errors import FilterError
from yett.policy.sql.fields import Field, Many

STRING = Plain("String")


def model(declared: Any = None, *attributes: Attribute, pointers=None, key=("id",), **columns: Any):
    """A model of a class made here: columns by name, all attributes in the shape."""

    class Base(DeclarativeBase):
        pass

    body = {"__tablename__": "things", "id": mapped_column(sa.String, primary_key=True), **columns}
    if declared is not None:
        body["__yett__"] = declared
    thing = type("Thing", (Base,), body)
    shape = Shape(
        type="Thing",
        key=key,
        attributes=tuple((a, (pointers or {}).get(a.name, (a.name,))) for a in attributes),
    )
    entities = {**SCHEMA.entities, "Thing": EntityType(name="Thing", attributes=attributes)}
    return Model(thing, shape, Schema(entities, SCHEMA.actions))


def text(**given: Any):
    return mapped_column(sa.String, **{"nullable": False, **given})


def test_a_column_is_found_by_name_or_by_pointer():
    """`customer` from `/customer_id` is the column `customer_id`; `title` is `title`."""
    found = Model(Booking, SHAPE, SCHEMA)
    assert str(found.field(("customer",)).column.clauses.clauses[0]) == "bookings.customer_id"
    assert str(found.field(("title",)).column.clauses.clauses[0]) == "bookings.title"
    assert isinstance(found.field(("tags",)), Many)
    assert isinstance(found.itself(), Field)


def test_two_columns_that_fit_are_refused():
    """`customer` and `customer_id` are both there: the team must say which is meant."""
    customer = Attribute("customer", STRING)
    found = model(
        None, customer, pointers={"customer": ("customer_id",)}, customer=text(), customer_id=text()
    )
    with pytest.raises(FilterError, match="two columns fit"):
        found.field(("customer",))
    found = model(
        {"customer": "customer_id"},
        customer,
        pointers={"customer": ("customer_id",)},
        customer=text(),
        customer_id=text(),
    )
    assert "customer_id" in str(found.field(("customer",)).column)


def test_a_pointer_into_an_object_names_no_column():
    """`/customer/id` ends in `id`, and the table's `id` is the record's own."""
    customer = Attribute("customer", Reference("User"))
    found = model(None, customer, pointers={"customer": ("customer", "id")})
    with pytest.raises(FilterError, match="`/customer/id` is not a member of the record"):
        found.field(("customer",))


@pytest.mark.parametrize(
    ("required", "nullable", "says"),
    [
        (True, True, "is required, and its column is nullable"),
        (False, False, "is optional, and its column is not nullable"),
    ],
)
def test_nullable_is_optional(required, nullable, says):
    """A required attribute on a nullable column, or the reverse, would differ from the gate."""
    note = Attribute("note", STRING, required)
    if required:
        with pytest.raises(FilterError, match=says):
            model(None, note, note=text(nullable=nullable))
        return
    found = model(None, note, note=text(nullable=nullable))
    with pytest.raises(FilterError, match=says):
        found.field(("note",))


def test_an_expression_says_itself_where_it_is_absent():
    """`nullif(note, '')`: what a function declares is absent where it is NULL."""
    note = Attribute("note", STRING, required=False)
    found = model(
        {"note": lambda cls: sa.func.nullif(cls.note, "", type_=sa.String())}, note, note=text()
    )
    assert "IS NULL" in str(found.field(("note",)).missing)


@pytest.mark.parametrize("kind", ["name", "column", "attribute"])
def test_a_declaration_may_be_a_name_or_a_column(kind):
    """`"customer_id"`, the `mapped_column` of the class body, and `Model.customer_id` are one."""
    owner = text()
    declared = {"name": "owner_id", "column": owner}
    customer = Attribute("customer", STRING)
    if kind == "attribute":
        found = model(None, customer, owner_id=owner)
        type.__setattr__(found.model, "__yett__", {"customer": found.model.owner_id})
        found = Model(found.model, found.shape, found.schema)
    else:
        found = model({"customer": declared[kind]}, customer, owner_id=owner)
    assert "owner_id" in str(found.field(("customer",)).column)


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        ({"nothing": "id"}, "has no `nothing`"),
        ({"title in Nowhere": "id"}, "`Nowhere` is no entity type"),
        ({"title": "nowhere"}, "`nowhere` is no column of the model"),
        ({"title": User.id}, "`User.id` is of another model"),
        ({"title": sa.column("x")}, "is no column of the model"),
        ({"title": 5}, "is no column|no column"),
        ({"title": lambda cls: 5}, "gives no expression"),
    ],
)
def test_a_wrong_declaration_is_refused(declared, says):
    """A misspelt or foreign name must not leave the default in force."""
    title = Attribute("title", STRING, required=False)
    with pytest.raises(FilterError, match=says):
        model(declared, title, title=text(nullable=True)).field(("title",))


def test_a_set_needs_a_select_of_one_column(monkeypatch):
    """Tags are in another table, and in one column of it."""
    for made, says in (
        (lambda cls: cls.title, "gives no `select`"),
        (lambda cls: sa.select(User.id, User.dept), "has 2 columns, not one"),
    ):
        monkeypatch.setitem(Booking.__yett__, "tags", made)
        with pytest.raises(FilterError, match=says):
            Model(Booking, SHAPE, SCHEMA).field(("tags",))


def test_what_is_the_tokens_is_no_column():
    """Of the caller's own record `tenant` is what the token says, whatever the table says."""
    found = Model(Booking, SHAPE, SCHEMA, frozenset(("title",)))
    with pytest.raises(FilterError, match="reads `title`, which is the token's"):
        found.field(("title",))


def test_the_id_may_be_declared():
    """A key that is not a member of the record, or another column than its name."""
    found = model(None, key=("meta", "id"))
    with pytest.raises(FilterError, match="its id is not a member of its JSON"):
        found.itself()
    found = model(
        {"resource": "number"}, key=("meta", "id"), number=mapped_column(sa.Integer, nullable=False)
    )
    assert "number" in str(found.itself().column)


def test_an_alias_keeps_to_itself():
    """Columns and declarations are those of the alias."""
    other = aliased(Booking, name="other")
    found = Model(other, SHAPE, SCHEMA)
    assert str(found.field(("title",)).column.clauses.clauses[0]) == "other.title"
    assert "other.customer_id" in str(found.field(("customer", "dept")).column)


@pytest.mark.parametrize("thing", [None, 5, "Booking", dict, Booking.__table__])
def test_only_mapped_classes_are_models(thing):
    """A table has no attributes, and no `__yett__`."""
    with pytest.raises(FilterError, match="is no mapped class of SQLAlchemy"):
        Model(thing, SHAPE, SCHEMA)
