"""Request bodies and responses: their media types and schemas (OpenAPI s4.8.13-4.8.17)."""

from __future__ import annotations

import re
from typing import Any

from yett.contract.model import Body, MediaType, Response
from yett.contract.places import Source
from yett.contract.refs import Reader
from yett.contract.report import quote
from yett.contract.rules import MEDIA_TYPE_TWICE, OPENAPI_SHAPE

_MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+*-]+/[a-z0-9!#$&^_.+*-]+\Z")  # RFC 6838 s4.2, and ranges
_STATUS = re.compile(r"[1-5][0-9][0-9]\Z|[1-5]XX\Z|default\Z")


class BodyReading:
    """Reads bodies and responses; shared components are read once."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._shared: dict[tuple[str, str], Response] = {}

    def body(self, value: Any, at: Source) -> Body | None:
        """Read a Request Body Object or its reference."""
        followed = self._reader.follow(value, at)
        if followed is None:
            return None
        value, at = followed
        required = self._reader.read(value, "required", bool, at, default=False)
        content = self._content(value.get("content", {}), at.at("content"))
        return Body(required=required, content=content)

    def responses(self, value: Any, at: Source) -> tuple[Response, ...]:
        """Read a Responses Object."""
        if not self._reader.expect(value, dict, at):
            return ()
        found = []
        for status, item in value.items():
            if status.startswith("x-"):
                continue
            if not _STATUS.match(status):
                message = f"{quote(status)} is not a response status"
                hint = "write `200`, `2XX` or `default`"
                self._reader.report.add(OPENAPI_SHAPE, message, at.at(status), hint=hint)
                continue
            response = self._response(status, item, at.at(status))
            if response is not None:
                found.append(response)
        return tuple(found)

    def _response(self, status: str, value: Any, at: Source) -> Response | None:
        ref = value.get("$ref") if isinstance(value, dict) else None
        if isinstance(ref, str) and (status, ref) in self._shared:
            return self._shared[status, ref]
        followed = self._reader.follow(value, at)
        if followed is None:
            return None
        value, at = followed
        content = self._content(value.get("content", {}), at.at("content"))
        headers = self._reader.read(value, "headers", dict, at, default={})
        response = Response(status=status, content=content, headers=tuple(headers))
        if isinstance(ref, str):
            self._shared[status, ref] = response
        return response

    def _content(self, value: Any, at: Source) -> tuple[MediaType, ...]:
        if not self._reader.expect(value, dict, at):
            return ()
        found: dict[str, MediaType] = {}
        for written, item in value.items():
            # Parameters such as `charset` do not choose between schemas; lint names a clash.
            name = written.partition(";")[0].strip().lower()
            if not _MEDIA_TYPE.match(name):
                message = f"{quote(written)} is not a media type"
                hint = "write it like `application/json`"
                self._reader.report.add(OPENAPI_SHAPE, message, at.at(written), hint=hint)
                continue
            if name in found:
                message = f"{quote(written)} differs from another media type by its parameters only"
                hint = "the first one is read, this one is not"
                self._reader.report.add(MEDIA_TYPE_TWICE, message, at.at(written), hint=hint)
                continue
            followed = self._reader.follow(item, at.at(written))
            if followed is not None:
                found[name] = self._media_type(name, *followed)
        return tuple(found.values())

    def _media_type(self, name: str, value: dict[str, Any], at: Source) -> MediaType:
        encoding = self._reader.read(value, "encoding", dict, at, default=None)
        schema = None
        if "schema" in value:
            schema = self._reader.schema(value["schema"], at.at("schema"))
        return MediaType(name=name, schema=schema, encoding=encoding)
