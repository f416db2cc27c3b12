"""The declared media type decides who reads a body, and what is not declared is refused."""

from __future__ import annotations

import pytest

from yett.contract.model import Body, MediaType
from yett.contract.report import Report
from yett.policy.model import BodyRead, Fault
from yett.policy.rules import BODY_UNCHECKED
from yett.policy.shapes import compile_shapes

OBJECT = {"type": "object", "properties": {"a": {"type": "integer"}}}
UNDECLARED = Fault("media_type")


@pytest.fixture
def body(new_api):
    def make(**content):
        entries = tuple(MediaType(name=n, schema=s) for n, s in content.items())
        return compile_shapes(new_api(body=Body(required=False, content=entries)))["x.op"].body

    return make


def test_suffix(body):
    """`+json` types are JSON, and a range takes them."""
    read = body(**{"application/*+json": OBJECT})
    assert read(b'{"a":1}', b"application/vnd.x+json").value == {"a": 1}
    assert read(b'{"a":1,"a":1}', b"application/vnd.x+json").code == "repeated"
    assert read(b"{}", b"application/json") == UNDECLARED
    assert read(b"{}", b"application/*+json") == UNDECLARED


def test_ranges_take_what_can_be_checked(body):
    """`*/*` with a schema reads JSON and forms, and refuses what it could not check."""
    read = body(**{"*/*": OBJECT})
    assert read(b'{"a":1}', b"application/json").value == {"a": 1}
    assert read(b"a=1", b"application/x-www-form-urlencoded").value == {"a": 1}
    assert read(b"a=x", b"application/x-www-form-urlencoded").code == "mismatch"
    assert read(b"\x00", b"image/png") == UNDECLARED
    assert read(b"<a/>", b"application/xml") == UNDECLARED
    assert read(b"a", b"text/plain") == UNDECLARED


def test_text(body):
    """Text is UTF-8 without NUL, and is checked by its schema."""
    read = body(**{"text/plain": {"type": "string", "maxLength": 3}})
    assert read("aé".encode(), b"text/plain; charset=utf-8") == BodyRead("aé", "aé".encode())
    assert read(b"abcd", b"text/plain").code == "mismatch"
    assert read(b"\xff", b"text/plain").code == "malformed"
    assert read(b"a\0", b"text/plain").code == "malformed"
    assert read(b"a", b"text/plain; charset=utf-16") == UNDECLARED


def test_files(body):
    """Bytes go on as they came and are nobody's value."""
    read = body(**{"application/octet-stream": {"type": "string", "format": "binary"}})
    assert read(b"\x00\xff", b"application/octet-stream") == BodyRead(None, b"\x00\xff")
    read = body(**{"image/*": {"contentMediaType": "image/png"}})
    assert read(b"\x89", b"image/jpeg").forward == b"\x89"
    assert read(b"\x89", b"text/html") == UNDECLARED


def test_unread_types_are_said(new_api):
    """A schema on a type the gate does not read is a note: nobody believes it is checked."""
    report = Report()
    compile_shapes(new_api(OBJECT, media="application/xml"), report=report)
    assert [remark.rule for remark in report.remarks] == [BODY_UNCHECKED]


def test_parameters_of_a_type(body):
    """Types that differ in parameters alone are one type with a choice of schemas."""
    read = body(**{"application/json;v=1": OBJECT, "application/json;v=2": {"type": "array"}})
    assert isinstance(read(b"[]", b"application/json;v=1"), BodyRead)
    assert isinstance(read(b'{"a":1}', b"application/json"), BodyRead)
    assert isinstance(read(b'{"b":1}', b"application/json"), Fault)


def test_text_with_another_schema(new_api):
    """Text whose schema is no string goes on unread, and a note says so."""
    report = Report()
    shapes = compile_shapes(new_api(OBJECT, media="text/xml"), report=report)
    assert shapes["x.op"].body(b"<a/>", b"text/xml").forward == b"<a/>"
    assert [remark.rule for remark in report.remarks] == [BODY_UNCHECKED]


def test_no_schema(body):
    """JSON without a schema is still read one way."""
    read = body(**{"application/json": None})
    assert read(b"[1]", b"application/json").value == [1]
    assert read(b'{"a":1,"a":2}', b"application/json").code == "repeated"


def test_no_body(new_api):
    """An operation that declares no body has no reader."""
    assert compile_shapes(new_api())["x.op"].body is None
