"""The parameters of one operation, from the contract's model to a plan that reads them."""

from __future__ import annotations

from typing import Any

from yett.contract.media import is_json
from yett.contract.model import Operation, Parameter
from yett.policy.coerce import TEXT, UNREADABLE, Kind, kind_of
from yett.policy.fields import Field, Fields, make_field, read_json_text
from yett.policy.head_fields import IGNORED_HEADERS
from yett.policy.model import Fault, ParameterReader
from yett.policy.parameters import Plan, QueryStringReader, make_reader, read_nothing
from yett.policy.percent import EncodingError, decode, encode, split_pairs
from yett.policy.rules import PARAMETER_PATH, PARAMETER_STYLE
from yett.policy.workshop import Judging, Workshop
from yett.terms import Mode

LOCATIONS = ("path", "query", "header", "cookie", "querystring")


class Inputs:
    """Drafts the plan of one operation; `reader` finishes it once the validator is there."""

    def __init__(self, shop: Workshop, operation: Operation, unknown_query: Mode) -> None:
        self.shop = shop
        self.operation = operation
        self.mode = operation.settings.modes.get("unknown_query", unknown_query)
        self.parameters = [p for p in operation.parameters if _counts(p)]
        self.schemas: list[tuple[str, Any]] = []
        self.spread: tuple[str, Kind] | None = None
        self.fields: dict[tuple[str, str], tuple[Field, Kind]] = {}
        self.querystring: tuple[str, QueryStringReader] | None = None
        self._judging = self._draft()

    def reader(self) -> ParameterReader:
        """Return the reader; there always is one, or an undeclared query would go on unread."""
        granted = _granted(self.operation)
        if not self.parameters and not granted and self.mode is Mode.ENFORCE:
            return read_nothing
        judge = self.shop.judge(self._judging) if self._judging is not None else None
        return make_reader(
            Plan(
                path=self._path(),
                query=Fields(
                    [f for (at, _), (f, _) in self.fields.items() if at == "query"], self.spread
                ),
                header=self._headers(),
                cookie={n: f for (at, n), (f, _) in self.fields.items() if at == "cookie"},
                required=tuple(
                    (p.location, p.name, f"{p.location}/{p.name}")
                    for p in self.parameters
                    if p.required and p.location != "path"
                ),
                granted=granted,
                unknown_query=self.mode,
                judge=judge,
                querystring=self.querystring,
            )
        )

    def _draft(self) -> Judging | None:
        members: dict[str, dict[str, Any]] = {}
        closed = self.mode is Mode.ENFORCE
        for parameter in self.parameters:
            schema = self.shop.site(parameter.schema, closed=closed)
            self.schemas.append((f"{parameter.location}/{parameter.name}", schema))
            members.setdefault(parameter.location, {})[parameter.name] = schema
            self._draft_field(parameter)
        if not members:
            return None
        return Judging(
            self.shop.root.add(
                {"properties": {at: {"properties": named} for at, named in members.items()}}
            ),
            None,
        )

    def _draft_field(self, parameter: Parameter) -> None:
        kind = kind_of(self.shop.schemas, parameter.schema)
        json = is_json(parameter.media_type)
        if parameter.location == "querystring":
            self.querystring = (parameter.name, self._whole(parameter, kind))
            return
        spreads = parameter.style == "form" and parameter.explode and kind.fields is not None
        if parameter.location == "query" and spreads and not kind.scalars and not json:
            if self.spread is not None:
                self.shop.notes.add(
                    PARAMETER_STYLE,
                    f"`{parameter.name}` and `{self.spread[0]}` both spread over the query",
                    "give one of them `explode: false` or `style: deepObject`",
                )
            self.spread = (parameter.name, kind)
            return
        field = make_field(
            parameter.name,
            f"{parameter.location}/{parameter.name}",
            TEXT if parameter.media_type and not json else kind,
            style=parameter.style,
            explode=parameter.explode and parameter.location != "cookie",
            fits=self.shop.fits(parameter.schema) if kind.ambiguous else None,
            json=json,
            allow_empty=parameter.allow_empty and parameter.location == "query",
        )
        self.fields[parameter.location, parameter.name] = (field, kind)

    def _whole(self, parameter: Parameter, kind: Kind) -> QueryStringReader:
        if is_json(parameter.media_type):
            return _read_json_query
        fields = Fields(
            [
                make_field(name, f"query/{name}", inner, style="form", explode=True)
                for name, inner in (kind.fields or {}).items()
            ]
        )
        return _pairs_reader(fields)

    def _path(self) -> tuple[tuple[int, Field], ...]:
        names = template_names(self.operation.path)
        found = []
        for (location, name), (field, _) in self.fields.items():
            if location != "path":
                continue
            if name not in names:
                self.shop.notes.add(
                    PARAMETER_PATH,
                    f"`{name}` is not in the path `{self.operation.path}`",
                    "name the path parameter as the template does",
                )
                continue
            found.append((names.index(name), field))
        return tuple(found)

    def _headers(self) -> tuple[tuple[bytes, Field, bool], ...]:
        return tuple(
            (name.lower().encode("latin-1", "replace"), field, _is_listed(kind))
            for (location, name), (field, kind) in self.fields.items()
            if location == "header"
        )


def template_names(path: str) -> list[str]:
    """Return the names in `{}` of a path template, in order."""
    return [part.partition("}")[0] for part in path.split("{")[1:]]


def _counts(parameter: Parameter) -> bool:
    if parameter.location not in LOCATIONS:
        return False
    return parameter.location != "header" or parameter.name.lower() not in IGNORED_HEADERS


def _granted(operation: Operation) -> frozenset[str]:
    return frozenset(
        need.scheme.parameter
        for needs in operation.security or ()
        for need in needs
        if need.scheme.type == "apiKey" and need.scheme.location == "query"
    )


def _is_listed(kind: Kind) -> bool:
    return kind.items is not None or kind.fields is not None


def _read_json_query(raw: str) -> tuple[Any, str] | Fault:
    try:
        text = decode(raw, plus=False)
    except EncodingError:
        return Fault("malformed", "query")
    value = read_json_text(text)
    return Fault("malformed", "query") if value is UNREADABLE else (value, encode(text))


def _pairs_reader(fields: Fields) -> QueryStringReader:
    def read(raw: str) -> tuple[Any, str] | Fault:
        try:
            pairs, written = split_pairs(raw)
        except EncodingError:
            return Fault("malformed", "query")
        found = fields.read(pairs)
        if isinstance(found, Fault):
            return found
        values, unknown = found
        if len({name for name, _ in unknown}) != len(unknown):
            return Fault("repeated", "query")
        return {**values, **dict(unknown)}, written

    return read
