"""Builds APIs from schemas, so that a test states only what it is about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from yett.contract.model import Api, Body, MediaType, Operation, Parameter, Settings
from yett.policy.shapes import compile_shapes

ApiMaker = Callable[..., Api]

DEFAULT_STYLES = {"path": "simple", "query": "form", "header": "simple", "cookie": "form"}


def parameter(name: str, location: str, schema: Any, **given: Any) -> Parameter:
    style = given.pop("style", DEFAULT_STYLES.get(location, "form"))
    return Parameter(
        name=name,
        location=location,
        required=given.pop("required", location == "path"),
        schema=schema,
        style=style,
        explode=given.pop("explode", style in ("form", "cookie")),
        **given,
    )


def operation(**given: Any) -> Operation:
    return Operation(
        id="x.op",
        api="x",
        method="POST",
        path=given.pop("path", "/things"),
        parameters=tuple(given.pop("parameters", ())),
        body=given.pop("body", None),
        responses=(),
        security=given.pop("security", None),
        settings=given.pop("settings", Settings()),
        **given,
    )


def make_api(
    schema: Any = None,
    *,
    components: dict[str, Any] | None = None,
    version: str = "3.1",
    media: str = "application/json",
    encoding: Any = None,
    **given: Any,
) -> Api:
    body = None
    if schema is not None:
        entry = MediaType(name=media, schema=schema, encoding=encoding)
        body = Body(required=True, content=(entry,))
    return Api(
        name="x",
        base="",
        upstream="http://127.0.0.1:9",
        version=version,
        operations=(operation(body=given.pop("body", body), **given),),
        document={"components": {"schemas": components or {}}},
    )


def _reader(schema: Any, **given: Any) -> Callable[[Any], Any]:
    modes = {k: given.pop(k) for k in ("unknown_fields", "unknown_query") if k in given}
    read = compile_shapes(make_api(schema, **given), **modes)["x.op"].body
    assert read is not None

    def call(value: Any) -> Any:
        raw = value if isinstance(value, bytes) else orjson.dumps(value)
        return read(raw, b"application/json")

    return call


@pytest.fixture
def new_api() -> ApiMaker:
    return make_api


@pytest.fixture
def new_parameter() -> Callable[..., Parameter]:
    return parameter


@pytest.fixture
def new_body() -> Callable[..., Callable[[Any], Any]]:
    return _reader
