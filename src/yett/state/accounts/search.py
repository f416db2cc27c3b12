"""Finds people and groups by conditions: values that become bound parameters, never SQL text.

Only the attributes in the two tables can be asked for. Text is compared without `LIKE`, which has
wildcards, and folds ASCII on one engine alone. Letters beyond ASCII are folded by PostgreSQL; on
SQLite they match as they are written. What was deleted is never found.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    case,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    type_coerce,
)
from sqlalchemy import String as Text

from yett.state.accounts.groups import Group, find_group
from yett.state.accounts.tables import groups, members, users
from yett.state.accounts.users import DISABLED, User, fold_login
from yett.state.accounts.users import find_user as _find_user
from yett.state.errors import StateError

MAX_AT_ONCE = 200
_ORDERED = ("gt", "ge", "lt", "le")
Value = str | bool | float | None
Clause = ColumnElement[bool]


class Match(Struct, frozen=True):
    """One comparison.

    Args:
        field: of `PEOPLE` or `GROUPS`.
        operator: `eq ne co sw ew gt ge lt le pr`.
        value: what it is compared with.
        kind: of e-mail addresses, only those of this type.
    """

    field: str
    operator: str
    value: Value = None
    kind: str = ""


class All(Struct, frozen=True):
    """All of some conditions."""

    parts: tuple[Condition, ...]


class Some(Struct, frozen=True):
    """At least one of some conditions."""

    parts: tuple[Condition, ...]


class Not(Struct, frozen=True):
    """Not this condition."""

    part: Condition


Condition = Match | All | Some | Not


class Page(Struct, frozen=True, kw_only=True):
    """Which of those that were found: `skip` of them are left out, `limit` are returned."""

    skip: int = 0
    limit: int = MAX_AT_ONCE
    sort: str = ""
    descending: bool = False


def search_people(
    tx: Connection, condition: Condition | None, page: Page
) -> tuple[list[User], int]:
    """Return a page of people, and how many there are in all.

    Raises:
        StateError: a field cannot be compared so.
    """
    which = users.c.deleted == 0.0
    if condition is not None:
        which &= _clause(condition, PEOPLE, tx.dialect.name)
    ids, total = _ids(tx, users.c.id, which, PEOPLE, page)
    return [found for id_ in ids if (found := _find_user(tx, id_)) is not None], total


def search_groups(
    tx: Connection, condition: Condition | None, page: Page
) -> tuple[list[Group], int]:
    """Return a page of groups, and how many there are in all.

    Raises:
        StateError: a field cannot be compared so.
    """
    which: Clause = groups.c.id != ""
    if condition is not None:
        which &= _clause(condition, GROUPS, tx.dialect.name)
    ids, total = _ids(tx, groups.c.id, which, GROUPS, page)
    return [found for id_ in ids if (found := find_group(tx, id_)) is not None], total


class Field(Struct, frozen=True):
    """How a field is compared: `text` folds ASCII case, `exact` does not; `login` is folded."""

    form: str
    column: ColumnElement[Any] | None = None


def _profile(*path: str) -> ColumnElement[Any]:
    column: ColumnElement[Any] = users.c.profile["scim", *path].as_string()
    return column


PEOPLE = {
    "id": Field("exact", users.c.id),
    "login": Field("login", users.c.login),
    "external": Field("exact", users.c.external),
    "name": Field(
        "text",
        case(
            (users.c.profile["scim"].as_string().is_(None), users.c.name),
            else_=_profile("displayName"),
        ),
    ),
    "given_name": Field("text", _profile("name", "givenName")),
    "family_name": Field("text", _profile("name", "familyName")),
    "title": Field("text", _profile("title")),
    "user_type": Field("text", _profile("userType")),
    "active": Field("flag", users.c.status != DISABLED),
    "created": Field("time", users.c.created),
    "changed": Field("time", users.c.changed),
    "email": Field("email"),
}
GROUPS = {
    "id": Field("exact", groups.c.id),
    "name": Field("text", groups.c.name),
    "external": Field("exact", groups.c.external),
    "created": Field("time", groups.c.created),
    "changed": Field("time", groups.c.changed),
    "member": Field("member"),
}


def _ids(
    tx: Connection, key: ColumnElement[Any], which: Clause, fields: dict[str, Field], page: Page
) -> tuple[list[str], int]:
    total = int(tx.scalar(select(func.count()).select_from(key.table).where(which)) or 0)
    order: list[ColumnElement[Any]] = [key]
    if page.sort:
        column = fields[page.sort].column if page.sort in fields else None
        if column is None:
            raise StateError(f"nothing is sorted by `{page.sort}`")
        order.insert(0, column.desc() if page.descending else column)
    found = select(key).where(which).order_by(*order).offset(page.skip)
    rows = tx.execute(found.limit(min(page.limit, MAX_AT_ONCE)))
    return [row[0] for row in rows], total


def _clause(condition: Condition, fields: dict[str, Field], dialect: str) -> Clause:
    match condition:
        case All(parts):
            return and_(*(_clause(part, fields, dialect) for part in parts))
        case Some(parts):
            return or_(*(_clause(part, fields, dialect) for part in parts))
        case Not(part):
            return not_(_clause(part, fields, dialect))
        case Match():
            return _match(condition, fields[condition.field], dialect)


def _match(test: Match, field: Field, dialect: str) -> Clause:
    if test.operator == "ne" and field.form != "flag":
        return not_(_match(Match(test.field, "eq", test.value, test.kind), field, dialect))
    if field.form == "email":
        return _email(test, dialect)
    if field.form == "member":
        return _member(test)
    assert field.column is not None
    if field.form == "flag":
        return _flag(test, field.column)
    if field.form == "time":
        return _time(test, field.column)
    return _known(_text(test, field.column, field.form), field.column)


def _known(clause: Clause, column: ColumnElement[Any]) -> Clause:
    """Make an absent value a plain no, which `not` turns into a yes (RFC 7644 s3.4.2.2)."""
    return and_(column.is_not(None), clause)


def _text(test: Match, column: ColumnElement[Any], form: str) -> Clause:
    if test.operator == "pr":
        return column != ""
    value = test.value
    if not isinstance(value, str):
        raise StateError(f"`{test.field}` is compared with text")
    if form == "login":
        return _compared(column, test.operator, _folded(value, test.operator))
    plain = _compared(column, test.operator, value)
    if form == "exact":
        return plain
    folded = _compared(func.lower(column), test.operator, value.lower())
    return folded if test.operator in _ORDERED else or_(plain, folded)


def _compared(column: ColumnElement[Any], operator: str, value: str) -> Clause:
    size = len(value)
    match operator:
        case "eq":
            return column == value
        case "co":
            # Not LIKE: `%` and `_` of somebody's text would be wildcards.
            return literal(True) if not value else func.replace(column, value, "") != column
        case "sw":
            return func.substr(column, 1, size) == value
        case "ew":
            length = func.length(column)
            return and_(length >= size, func.substr(column, length - size + 1) == value)
        case "gt":
            return column > value
        case "ge":
            return column >= value
        case "lt":
            return column < value
        case _:
            return column <= value


def _folded(value: str, operator: str) -> str:
    try:
        return fold_login(value)
    except StateError:
        # Nobody's name is spelled so; a part of one may be.
        return "\x01" if operator == "eq" else value.lower()


def _flag(test: Match, column: ColumnElement[Any]) -> Clause:
    if test.operator == "pr":
        return literal(True)
    if test.operator not in ("eq", "ne") or not isinstance(test.value, bool):
        raise StateError(f"`{test.field}` is compared with true or false")
    return column if test.value == (test.operator == "eq") else not_(column)


def _time(test: Match, column: ColumnElement[Any]) -> Clause:
    if test.operator == "pr":
        return literal(True)
    if not isinstance(test.value, float) or test.operator in ("co", "sw", "ew"):
        raise StateError(f"`{test.field}` is compared with a time")
    clauses: dict[str, Clause] = {
        "eq": column == test.value,
        "gt": column > test.value,
        "ge": column >= test.value,
        "lt": column < test.value,
        "le": column <= test.value,
    }
    return clauses[test.operator]


def _member(test: Match) -> Clause:
    mine = exists().where(members.c.group == groups.c.id)
    if test.operator == "pr":
        return mine
    if test.operator != "eq" or not isinstance(test.value, str):
        raise StateError("members are compared by `eq` alone")
    return mine.where(members.c.user == test.value)


def _email(test: Match, dialect: str) -> Clause:
    """Look through all addresses, each engine by its own functions for JSON."""
    if dialect == "postgresql":
        kept = type_coerce(users.c.profile["scim", "emails"], users.c.profile.type)
        each = func.json_array_elements(kept).table_valued("value").alias("each_email")
        value: ColumnElement[Any] = each.c.value.op("->>")("value")
        kind: ColumnElement[Any] = each.c.value.op("->>")("type")
    else:
        each = func.json_each(users.c.profile, "$.scim.emails").table_valued("value")
        value = func.json_extract(each.c.value, "$.value")
        kind = func.json_extract(each.c.value, "$.type")
    found = _known(_text(test, type_coerce(value, Text), "text"), value)
    listed = select(literal(1)).select_from(each).where(found)
    if test.kind:
        listed = listed.where(func.lower(kind) == test.kind.lower())
        return listed.exists()
    return or_(listed.exists(), _text(test, users.c.email, "text"))
