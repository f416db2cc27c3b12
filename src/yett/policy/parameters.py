"""Path, query, header and cookie parameters of one operation: read, checked, written canonically.

What is declared is read and nothing else: headers and cookies that no operation declares are not
looked at (browsers and proxies send their own), unknown query parameters follow `unknown_query`.
The query that goes on is the one that was read, so the service cannot read another.
OpenAPI 3.2.0 s4.12, RFC 6265 s4.2.1.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from yett.policy.coerce import UNREADABLE
from yett.policy.fields import Field, Fields, read_field
from yett.policy.head_fields import Values, read_cookies, read_headers
from yett.policy.model import Fault, ParameterReader, ParametersRead
from yett.policy.percent import EncodingError, split_pairs
from yett.policy.validator import Judge
from yett.terms import Mode

_NOTHING: dict[str, Any] = {}
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.\[\]-]{1,64}")

# Reads a whole query string: values and canonical text (OpenAPI 3.2 `in: querystring`).
QueryReader = Callable[[str, Values], "tuple[str, tuple[Fault, ...]] | Fault"]
QueryStringReader = Callable[[str], "tuple[Any, str] | Fault"]


class Plan(Struct, frozen=True, kw_only=True):
    """The parameters of one operation, ready to be read.

    Args:
        path: (index into the template's values, field), in the template's order.
        query: the table of declared names.
        header: (lower-case name, field, whether commas separate parts).
        cookie: name -> field.
        required: (location, name, where) of what must be there.
        granted: query names that are credentials (`apiKey` in query): let through, never read.
        unknown_query: what to do with names that are not declared.
        judge: the schemas of all of them as one; None when there are none.
        querystring: reads the query as one value; then `query` is not used.
    """

    path: tuple[tuple[int, Field], ...]
    query: Fields
    header: tuple[tuple[bytes, Field, bool], ...]
    cookie: dict[str, Field]
    required: tuple[tuple[str, str, str], ...]
    granted: frozenset[str]
    unknown_query: Mode
    judge: Judge | None
    querystring: tuple[str, QueryStringReader] | None = None


def make_reader(plan: Plan) -> ParameterReader:
    """Return the reader; it answers a value or a Fault and never raises."""
    path, header, cookie, judge = plan.path, plan.header, plan.cookie, plan.judge
    required = plan.required
    # By location, so that what is all there costs one comparison and no loop.
    needed = tuple(
        (location, frozenset(name for at, name, _ in required if at == location))
        for location in dict.fromkeys(at for at, _, _ in required)
    )
    query_reader = _make_query_reader(plan)

    def read(
        arguments: tuple[str, ...], raw: str, headers: dict[bytes, bytes]
    ) -> ParametersRead | Fault:
        values: Values = {}
        fault = _read_path(path, arguments, values) if path else None
        if fault is None and header:
            fault = read_headers(header, headers, values)
        if fault is None and cookie:
            fault = read_cookies(cookie, headers.get(b"cookie", b""), values)
        if fault is not None:
            return fault
        found = query_reader(raw, values)
        if isinstance(found, Fault):
            return found
        for location, names in needed:
            if not names <= values.get(location, _NOTHING).keys():
                return _missing(required, values)
        if judge is not None:
            verdict = judge(values, 0)
            if isinstance(verdict, Fault):
                return _placed(verdict)
        return ParametersRead(values, found[0], found[1])

    return read


def _missing(required: tuple[tuple[str, str, str], ...], values: Values) -> Fault:
    """Name the first, in the order of the contract, that is not there; one is not."""
    return next(
        Fault("missing", where)
        for location, name, where in required
        if name not in values.get(location, ())
    )


def read_nothing(
    arguments: tuple[str, ...], raw: str, headers: dict[bytes, bytes]
) -> ParametersRead | Fault:
    """Read an operation that declares no parameter: its query is empty or unknown."""
    del arguments, headers
    if not raw:
        return ParametersRead({}, "")
    try:
        pairs, _ = split_pairs(raw)
    except EncodingError:
        return Fault("malformed", "query")
    return Fault("unknown", _place(pairs[0][0] if pairs else ""))


def _make_query_reader(plan: Plan) -> QueryReader:
    """Return what reads the query into the values, as pairs or as one value."""
    has_query = bool(plan.query.table or plan.query.spread)

    def read_pairs(raw: str, values: Values) -> tuple[str, tuple[Fault, ...]] | Fault:
        if raw:
            return _read_query(plan, raw, values, has_query=has_query)
        if has_query:
            values["query"] = {}
        return raw, ()

    if plan.querystring is None:
        return read_pairs
    name, read = plan.querystring

    def read_whole(raw: str, values: Values) -> tuple[str, tuple[Fault, ...]] | Fault:
        values["querystring"] = {}
        if not raw:
            return raw, ()
        whole = read(raw)
        if isinstance(whole, Fault):
            return whole
        values["querystring"][name] = whole[0]
        return whole[1], ()

    return read_whole


def _read_path(
    fields: tuple[tuple[int, Field], ...], arguments: tuple[str, ...], values: Values
) -> Fault | None:
    found: dict[str, Any] = {}
    for index, field in fields:
        if index >= len(arguments):
            return Fault("missing", field.where)
        text = arguments[index]
        value = read_field(field, text) if field.choices else field.read(text)
        if value is UNREADABLE:
            return Fault("mismatch", field.where, "type")
        found[field.name] = value
    values["path"] = found
    return None


def _read_query(
    plan: Plan, raw: str, values: Values, *, has_query: bool
) -> tuple[str, tuple[Fault, ...]] | Fault:
    try:
        pairs, written = split_pairs(raw)
    except EncodingError:
        return Fault("malformed", "query")
    read = plan.query.read(pairs)
    if isinstance(read, Fault):
        return read
    found, unknown = read
    if has_query:
        values["query"] = found
    if unknown:
        strangers = [name for name, _ in unknown if name not in plan.granted]
        if len(unknown) - len(strangers) > len(plan.granted):
            return Fault("repeated", "query")
        if strangers and plan.unknown_query is not Mode.OFF:
            faults = tuple(Fault("unknown", _place(name)) for name in dict.fromkeys(strangers))
            if plan.unknown_query is Mode.ENFORCE:
                return faults[0]
            return written, faults
    return written, ()


def _place(name: str) -> str:
    # The name is the client's own text: said back only when it is harmless to say.
    return f"query/{name}" if _PLAIN_NAME.fullmatch(name) else "query"


def _placed(fault: Fault) -> Fault:
    """Say `query/name` instead of the pointer `/query/name` of the object they form."""
    code = "mismatch" if fault.code == "unknown" else fault.code
    return Fault(code, fault.where.lstrip("/"), fault.keyword)
