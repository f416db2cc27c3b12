"""OpenAPI Parameter Objects: one reading of place, style and explode (3.0.4-3.2.0 s4.8.12)."""

from __future__ import annotations

import re
from typing import Any

from yett.contract.model import Parameter
from yett.contract.places import Source
from yett.contract.refs import Reader
from yett.contract.report import quote
from yett.contract.rules import OPENAPI_PARAMETER, OPENAPI_PATH, SCHEMA_KEYWORD

# The first style is the default. `cookie` as a style is OpenAPI 3.2.
STYLES: dict[str, tuple[str, ...]] = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form", "cookie"),
}
EXPLODED = frozenset(("form", "cookie"))
# Described elsewhere in the document; as parameters they are ignored (s4.8.12.1).
IGNORED_HEADERS = frozenset(("accept", "content-type", "authorization"))

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_VARIABLE = re.compile(r"\{([^{}]*)\}")


class ParameterReading:
    """Reads parameters; a component that a thousand operations share is read once."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._shared: dict[str, Parameter | None] = {}

    def merge(
        self, outer: list[Parameter], inner: list[Parameter], at: Source
    ) -> tuple[Parameter, ...]:
        """Join a path's parameters and an operation's own, which win (s4.8.10.1)."""
        merged = {(p.location, p.name): p for p in outer}
        merged.update({(p.location, p.name): p for p in inner})
        found = tuple(merged.values())
        places = [p.location for p in found]
        if "querystring" in places and ("query" in places or places.count("querystring") > 1):
            message = "a `querystring` parameter describes the whole query, yet there is another"
            self._reader.report.add(OPENAPI_PARAMETER, message, at)
        return found

    def read_all(self, value: Any, at: Source) -> list[Parameter]:
        """Read a list of parameters; a name twice at one place is an error."""
        if not self._reader.expect(value, list, at):
            return []
        found: dict[tuple[str, str], Parameter] = {}
        for index, item in enumerate(value):
            parameter = self._one(item, at.at(index))
            if parameter is None:
                continue
            key = (parameter.location, parameter.name)
            if key in found:
                message = f"the {key[0]} parameter {quote(key[1])} is declared twice"
                self._reader.report.add(OPENAPI_PARAMETER, message, at.at(index))
            found[key] = parameter
        return list(found.values())

    def _one(self, value: Any, at: Source) -> Parameter | None:
        ref = value.get("$ref") if isinstance(value, dict) else None
        if isinstance(ref, str) and ref in self._shared:
            return self._shared[ref]
        followed = self._reader.follow(value, at)
        parameter = self._read(*followed) if followed is not None else None
        if isinstance(ref, str):
            self._shared[ref] = parameter
        return parameter

    def _read(self, value: dict[str, Any], at: Source) -> Parameter | None:
        report = self._reader.report
        name, location = value.get("name"), value.get("in")
        if not isinstance(name, str) or not name:
            hint = "each parameter has a `name` and an `in`"
            report.add(OPENAPI_PARAMETER, "the parameter has no `name`", at, hint=hint)
            return None
        if not isinstance(location, str) or location not in (*STYLES, "querystring"):
            message = f"the parameter {quote(name)} is in {quote(location)}"
            hint = "`in` is `path`, `query`, `header` or `cookie`; a body is a `requestBody`"
            report.add(OPENAPI_PARAMETER, message, at.at("in"), hint=hint)
            return None
        if location == "header" and name.lower() in IGNORED_HEADERS:
            return None
        if location == "header" and not _TOKEN.match(name):
            report.add(OPENAPI_PARAMETER, f"{quote(name)} cannot be a header's name", at.at("name"))
            return None
        required = self._reader.read(value, "required", bool, at, default=False)
        if location == "path" and not required:
            message = f"the path parameter {quote(name)} is not `required: true`"
            report.add(SCHEMA_KEYWORD, message, at, hint="it is read as required")
            required = True
        return self._build(name, location, value, at, required=required)

    def _build(
        self, name: str, location: str, value: dict[str, Any], at: Source, *, required: bool
    ) -> Parameter | None:
        schema, media_type = self._schema(name, location, value, at)
        styles = STYLES.get(location, ("",))
        style = value.get("style", styles[0])
        if style not in styles:
            message = f"the {location} parameter {quote(name)} has the style {quote(style)}"
            hint = "one of " + ", ".join(f"`{s}`" for s in styles)
            self._reader.report.add(OPENAPI_PARAMETER, message, at.at("style"), hint=hint)
            return None
        explode = self._reader.read(value, "explode", bool, at, default=style in EXPLODED)
        return Parameter(
            name=name,
            location=location,
            required=required,
            schema=schema,
            style=style,
            explode=explode,
            media_type=media_type,
            allow_empty=self._reader.read(value, "allowEmptyValue", bool, at, default=False),
            source=at,
        )

    def _schema(
        self, name: str, location: str, value: dict[str, Any], at: Source
    ) -> tuple[Any, str]:
        report = self._reader.report
        content = value.get("content")
        if isinstance(content, dict) and len(content) == 1:
            (media_type, item), *_ = content.items()
            followed = self._reader.follow(item, at.at("content", media_type))
            inner: Any = {}
            if followed is not None and "schema" in followed[0]:
                inner = self._reader.schema(followed[0]["schema"], followed[1].at("schema"))
            return inner, str(media_type).partition(";")[0].strip().lower()
        if content is not None or location == "querystring":
            message = f"`content` of the parameter {quote(name)} is not one media type"
            report.add(OPENAPI_PARAMETER, message, at)
        elif "schema" not in value:
            message = f"the parameter {quote(name)} has no `schema`: it is read as a string"
            report.add(SCHEMA_KEYWORD, message, at, hint="add a `schema`")
        else:
            return self._reader.schema(value["schema"], at.at("schema")), ""
        return {"type": "string"}, ""


def check_template(
    template: str, parameters: tuple[Parameter, ...], at: Source, reader: Reader
) -> None:
    """Report path parameters that the template lacks, and variables that nothing declares."""
    variables = _VARIABLE.findall(template)
    declared = {p.name: p for p in parameters if p.location == "path"}
    for name in variables:
        if name not in declared:
            message = f"`{{{name[:60]}}}` of the path {quote(template)} is not declared"
            hint = "add a parameter with `in: path` and this name"
            reader.report.add(OPENAPI_PATH, message, at, hint=hint)
    for name, parameter in declared.items():
        if name not in variables:
            message = f"the path {quote(template)} has no `{{{name[:60]}}}`"
            hint = "remove the parameter or name it in the path"
            reader.report.add(OPENAPI_PATH, message, parameter.source, hint=hint)


def is_template(template: str) -> bool:
    """Tell whether braces are balanced, names are there, and none comes twice."""
    variables = _VARIABLE.findall(template)
    rest = _VARIABLE.sub("", template)
    braces = "{" in rest or "}" in rest
    return not braces and all(variables) and len(set(variables)) == len(variables)
