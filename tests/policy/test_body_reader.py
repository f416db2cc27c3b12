"""A body is read as the type its `content-type` names, or not at all."""

from __future__ import annotations

import pytest

from yett.contract.model import Body, MediaType
from yett.policy.body_reader import kind_of_type
from yett.policy.model import BodyRead, Fault
from yett.policy.shapes import compile_shapes

OBJECT = {"type": "object", "properties": {"a": {"type": "integer"}}}
UNDECLARED = Fault("media_type")


@pytest.fixture
def body(new_api):
    def make(**content):
        entries = tuple(MediaType(name=n, schema=s) for n, s in content.items())
        return compile_shapes(new_api(body=Body(required=False, content=entries)))["x.op"].body

    return make


@pytest.mark.parametrize(
    "content_type",
    [
        b"application/json",
        b"application/json; charset=utf-8",
        b"Application/JSON;CHARSET=UTF-8",
        b'application/json; charset="utf-8"',
        b"application/json;",
    ],
)
def test_spellings(body, content_type):
    """One type may be spelled in several ways; each is read and checked."""
    read = body(**{"application/json": OBJECT})
    assert read(b'{"a":1}', content_type) == BodyRead({"a": 1}, b'{"a":1}')
    assert read(b'{"a":"x"}', content_type).code == "mismatch"


@pytest.mark.parametrize(
    "content_type",
    [
        b"",
        b"text/plain",
        b"application/json; charset=utf-16",
        b"application/json; charset=iso-8859-1",
        b"application/json, text/plain",
        b"application/jsonx",
        b"application/x+json",
        b"application/json; charset=utf-8; charset=utf-7",
        b"\xff",
        b"application/*",
        b"*/*",
    ],
)
def test_undeclared(body, content_type):
    """A missing, other, ambiguous or oddly encoded type is refused, never read as another."""
    assert body(**{"application/json": OBJECT})(b'{"a":1}', content_type) == UNDECLARED


def test_kinds():
    """Every type has a parser's name; what nobody parses is `other`."""
    names = ["application/json", "a/b+json", "application/x-www-form-urlencoded"]
    names += ["multipart/form-data", "text/csv", "application/xml", "multipart/mixed"]
    found = [kind_of_type(name) for name in names]
    assert found == ["json", "json", "urlencoded", "multipart", "text", "other", "other"]
