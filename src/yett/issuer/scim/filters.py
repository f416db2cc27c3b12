"""Filters of a directory as conditions of the store (RFC 7644 s3.4.2.2).

The library parses, by a grammar and never by running anything; here attributes become fields from
a table, and whatever is not in it is refused. Length, depth and the number of comparisons are
bounded.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from scim2_models import ScimFilter
from scim2_models.path.expressions import (
    AttrPath,
    Comparison,
    FilterNode,
    LogicalExpr,
    LogicalOperator,
    Present,
    ValuePath,
)
from scim2_models.path.expressions import Not as NotNode

from yett.issuer.scim.errors import ScimError
from yett.issuer.scim.reading import is_plain
from yett.state.accounts.search import All, Condition, Match, Not, Some, Value

MAX_COMPARISONS = 32
FILTER = "invalidFilter"

# Attribute, in small letters, of the core schema -> field of the store.
PEOPLE = {
    "id": "id",
    "username": "login",
    "externalid": "external",
    "displayname": "name",
    "name.givenname": "given_name",
    "name.familyname": "family_name",
    "title": "title",
    "usertype": "user_type",
    "active": "active",
    "emails": "email",
    "emails.value": "email",
    "meta.created": "created",
    "meta.lastmodified": "changed",
}
GROUPS = {
    "id": "id",
    "displayname": "name",
    "externalid": "external",
    "members": "member",
    "members.value": "member",
    "meta.created": "created",
    "meta.lastmodified": "changed",
}
SORTED = frozenset(("id", "login", "external", "name", "created", "changed"))
_TIMES = ("created", "changed")


def condition_of(given: ScimFilter[Any] | None, fields: dict[str, str]) -> Condition | None:
    """Return a filter as a condition; None for no filter.

    Args:
        given: parsed and checked against the schema.
        fields: `PEOPLE` or `GROUPS`.

    Raises:
        ScimError: it asks for what cannot be searched.
    """
    if given is None:
        return None
    if _count(given.ast) > MAX_COMPARISONS:
        raise ScimError(400, f"a filter has {MAX_COMPARISONS} comparisons at most", FILTER)
    return _condition(given.ast, fields)


def sort_field(path: object, fields: dict[str, str]) -> str:
    """Return the field to sort by, empty for none.

    Raises:
        ScimError: nothing is sorted by it.
    """
    if path is None:
        return ""
    name = str(path).rpartition(":")[2].lower()
    field = fields.get(name, "")
    if field not in SORTED:
        raise ScimError(400, "nothing is sorted by this attribute", "invalidPath")
    return field


def _condition(node: FilterNode, fields: dict[str, str]) -> Condition:
    match node:
        case LogicalExpr(op=op, terms=terms):
            parts = tuple(_condition(term, fields) for term in terms)
            return All(parts) if op == LogicalOperator.and_ else Some(parts)
        case NotNode(expr=expr):
            return Not(_condition(expr, fields))
        case Present(attr_path=path):
            return Match(_field(path, fields), "pr")
        case Comparison(attr_path=path, op=op, value=value):
            field = _field(path, fields)
            return Match(field, op.value, _value(field, value))
        case ValuePath(attr_path=path, val_filter=inner):
            return _selected(path, inner, fields)
        case _:
            raise ScimError(400, "this filter is not supported", FILTER)


def _selected(path: AttrPath, inner: FilterNode, fields: dict[str, str]) -> Condition:
    """Read `emails[type eq "work" and value eq "x"]` and `members[value eq "x"]`."""
    terms = inner.terms if isinstance(inner, LogicalExpr) else (inner,)
    field = _field(path, fields)
    kind, value = "", None
    for term in terms:
        name = term.attr_path.attr.lower() if isinstance(term, Comparison) else ""
        if isinstance(inner, LogicalExpr) and inner.op != LogicalOperator.and_:
            name = ""
        if not isinstance(term, Comparison) or name not in ("type", "value"):
            raise ScimError(400, "this selection of values is not supported", FILTER)
        if name == "type" and field == "email" and term.op == "eq" and not kind:
            kind = str(term.value)
        elif name == "value" and value is None and isinstance(term.value, str):
            value = term
            _value(field, term.value)
        else:
            raise ScimError(400, "this selection of values is not supported", FILTER)
    if value is None:
        return Match(field, "pr", None, kind)
    return Match(field, value.op.value, value.value, kind)


def _field(path: AttrPath, fields: dict[str, str]) -> str:
    core = path.uri is None or path.uri.lower().startswith("urn:ietf:params:scim:schemas:core:2.0:")
    name = f"{path.attr}.{path.sub_attr}" if path.sub_attr else path.attr
    field = fields.get(name.lower()) if core else None
    if field is None:
        raise ScimError(400, "this attribute cannot be searched", FILTER)
    return field


def _value(field: str, value: Any) -> Value:
    if isinstance(value, str) and not is_plain(value):  # also where it was escaped: `\u0000`
        raise ScimError(400, "the value has control characters", FILTER)
    if field in _TIMES:
        return _time(value)
    if field == "active":
        # As a string, it is what Entra sends.
        value = {"true": True, "false": False}.get(str(value).lower(), value)
    if value is None or isinstance(value, str | bool):
        return value
    raise ScimError(400, "a number is no value of this attribute", FILTER)


def _time(value: Any) -> float:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        raise ScimError(400, "this is not a time", FILTER) from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _count(node: FilterNode) -> int:
    match node:
        case LogicalExpr(terms=terms):
            return sum(_count(term) for term in terms)
        case NotNode(expr=inner) | ValuePath(val_filter=inner):
            return _count(inner)
        case _:
            return 1
