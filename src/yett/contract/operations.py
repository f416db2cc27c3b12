"""Paths and operations: what may be called (OpenAPI s4.8.8-4.8.10)."""

from __future__ import annotations

import re
from typing import Any

from yett.contract.bodies import BodyReading
from yett.contract.extension import read_settings
from yett.contract.extension_places import METHODS
from yett.contract.fitting import did_you_mean
from yett.contract.machines import MachineReading
from yett.contract.model import Machine, Operation, Parameter, Settings
from yett.contract.parameters import ParameterReading, check_template, is_template
from yett.contract.places import Source
from yett.contract.refs import Reader
from yett.contract.report import quote
from yett.contract.rules import (
    OPENAPI_OPERATION_ID,
    OPENAPI_PATH,
    OPENAPI_SHAPE,
    OPENAPI_UNREACHABLE,
)
from yett.contract.security import SecurityReading

MAX_TEMPLATE_CHARACTERS = 2048

_FIELDS = ("$ref", "summary", "description", "servers", "parameters")
_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}\Z")  # a token, RFC 9110 s9.1
_TEMPLATE = re.compile(r"/[\x21-\x7e]*\Z")


class OperationReading:
    """Reads all operations of one document."""

    def __init__(self, reader: Reader, api: str) -> None:
        self._reader = reader
        self._api = api
        self._parameters = ParameterReading(reader)
        self._bodies = BodyReading(reader)
        self._security = SecurityReading(reader)
        self._machines = MachineReading(reader)
        self._ids: dict[str, Source] = {}
        self._settings: dict[str, Settings] = {}

    def read(self) -> tuple[Operation, ...]:
        """Read `paths`; a path that no request can match is left out with a warning."""
        reader = self._reader
        paths = reader.read(reader.document, "paths", dict, reader.source, default={})
        found: list[Operation] = []
        for template, item in paths.items():
            if not template.startswith("x-"):
                found += self._path(template, item, reader.source.at("paths", template))
        return tuple(found)

    def machines(self) -> tuple[Machine, ...]:
        """Return the machines of the document, once the operations are read."""
        return self._machines.read(self._settings)

    def _path(self, template: str, value: Any, at: Source) -> list[Operation]:
        report = self._reader.report
        if "?" in template or "#" in template:
            message = f"no request can match {quote(template)}: its operations are not served"
            hint = "a path ends before `?` and `#`; merge them into the operation without"
            report.add(OPENAPI_UNREACHABLE, message, at, hint=hint)
            return []
        if not _TEMPLATE.match(template) or len(template) > MAX_TEMPLATE_CHARACTERS:
            hint = "a path begins with `/` and is printable ASCII"
            report.add(OPENAPI_PATH, f"{quote(template)} is not a path", at, hint=hint)
            return []
        if not is_template(template):
            message = f"the braces of {quote(template)} do not name each variable once"
            report.add(OPENAPI_PATH, message, at, hint="write it like `/bookings/{booking_id}`")
            return []
        return self._item(template, value, at)

    def _item(self, template: str, value: Any, at: Source) -> list[Operation]:
        followed = self._reader.follow(value, at)
        if followed is None:
            return []
        item, place = followed
        if isinstance(value, dict) and len(value) > 1 and "$ref" in value:
            # s4.8.9: what happens to fields beside `$ref` is undefined; ours win, as tools do.
            item = {**item, **{k: v for k, v in value.items() if k != "$ref"}}
        outer = self._parameters.read_all(item.get("parameters", []), place.at("parameters"))
        found = []
        for method, operation, where in self._methods(item, place):
            found.append(self._operation(template, method, operation, where, outer))
        return [operation for operation in found if operation is not None]

    def _methods(self, item: dict[str, Any], at: Source) -> list[tuple[str, Any, Source]]:
        known = METHODS if self._reader.version == "3.2" else METHODS - {"query"}
        found = [(key.upper(), item[key], at.at(key)) for key in item if key in known]
        fields: tuple[str, ...] = _FIELDS
        if self._reader.version == "3.2":
            fields = (*_FIELDS, "additionalOperations")
            found += self._additional(item, at)
        for key in item:
            if key not in known and key not in fields and not key.startswith("x-"):
                hint = did_you_mean(key, [*known, *fields])
                message = f"{quote(key)} is not a method"
                self._reader.report.add(OPENAPI_SHAPE, message, at.at(key), hint=hint)
        return found

    def _additional(self, item: dict[str, Any], at: Source) -> list[tuple[str, Any, Source]]:
        place = at.at("additionalOperations")
        more = self._reader.read(item, "additionalOperations", dict, at, default={})
        found = []
        for method, operation in more.items():
            if not _METHOD.match(method) or method.lower() in METHODS or method == "CONNECT":
                message = f"{quote(method)} is not an additional method"
                hint = "methods with a field of their own are written there, such as `get`"
                self._reader.report.add(OPENAPI_SHAPE, message, place.at(method), hint=hint)
                continue
            found.append((method, operation, place.at(method)))
        return found

    def _operation(
        self, template: str, method: str, value: Any, at: Source, outer: list[Parameter]
    ) -> Operation | None:
        reader = self._reader
        if not reader.expect(value, dict, at):
            return None
        own = self._parameters.read_all(value.get("parameters", []), at.at("parameters"))
        parameters = self._parameters.merge(outer, own, at)
        check_template(template, parameters, at, reader)
        body = value.get("requestBody")
        security = self._security.root
        if "security" in value:
            security = self._security.requirements(value["security"], at.at("security"))
        settings = read_settings(value, at, reader.report)
        self._machines.on_operation(value, settings, at)
        id_ = self._id(template, method, value, at)
        self._settings[id_] = settings
        tags = reader.read(value, "tags", list, at, default=[])
        return Operation(
            id=f"{self._api}.{id_}",
            api=self._api,
            method=method,
            path=template,
            parameters=parameters,
            body=self._bodies.body(body, at.at("requestBody")) if "requestBody" in value else None,
            responses=self._bodies.responses(value.get("responses", {}), at.at("responses")),
            security=security,
            settings=settings,
            tags=tuple(tag for tag in tags if isinstance(tag, str)),
            deprecated=reader.read(value, "deprecated", bool, at, default=False),
            source=at,
        )

    def _id(self, template: str, method: str, value: dict[str, Any], at: Source) -> str:
        fallback = f"{method} {template}"
        name = str(self._reader.read(value, "operationId", str, at, default=fallback)) or fallback
        if name in self._ids:
            message = f"the operation id {quote(name)} is taken"
            hint = f"it is first used at line {self._ids[name].line}"
            self._reader.report.add(OPENAPI_OPERATION_ID, message, at.at("operationId"), hint=hint)
        self._ids.setdefault(name, at)
        return name
