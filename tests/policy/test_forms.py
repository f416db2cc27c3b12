"""Form bodies are the objects their schemas mean."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yett.policy.model import BodyRead, Fault
from yett.policy.shapes import compile_shapes

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
QUIET = settings(suppress_health_check=list(HealthCheck), deadline=None)
SCHEMA = {
    "type": "object",
    "required": ["n"],
    "properties": {
        "n": {"type": "integer", "maximum": 10},
        "l": {"type": "array", "items": {"type": "integer"}},
        "o": {"type": "object", "properties": {"a": {"type": "integer"}}},
        "s": {"type": "string", "maxLength": 5},
    },
}
FILES = {
    "type": "object",
    "required": ["f"],
    "properties": {
        "f": {"type": "string", "format": "binary", "maxLength": 10},
        "m": {"type": "array", "items": {"type": "string", "format": "binary"}},
        "n": {"type": "integer"},
        "j": {"type": "object", "properties": {"a": {"type": "integer"}}},
        "i": {"type": "string", "format": "binary"},
    },
}


@pytest.fixture
def form(new_api):
    def make(schema, media=URLENCODED, encoding=None, content_type=None):
        api = new_api(schema, media=media, encoding=encoding)
        read = compile_shapes(api)["x.op"].body
        return lambda raw: read(raw, (content_type or media).encode())

    return make


def test_urlencoded(form):
    """Fields are read by type, arrays by repetition, and what goes on is canonical."""
    found = form(SCHEMA)(b"n=1&l=1&l=2&s=a+b&o=%7B%22a%22%3A1%7D")
    assert found.value == {"n": 1, "l": [1, 2], "s": "a b", "o": {"a": 1}}
    assert found.forward == b"n=1&l=1&l=2&s=a%20b&o=%7B%22a%22:1%7D"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"n=1&n=2", "repeated"),
        (b"n=x", "mismatch"),
        (b"n=11", "mismatch"),
        (b"s=a", "missing"),
        (b"n=1&s=123456", "mismatch"),
        (b"n=1&u=2", "unknown"),
        (b"n=1&u=2&u=3", "repeated"),
        (b"n=1&s=%ff", "malformed"),
        (b"n=1&s=%", "malformed"),
        (b"n=\xff", "malformed"),
        (b"n=1&o[a]=1", "unknown"),
        (b"n=1&o=%7B%22a%22%3A1%2C%22a%22%3A2%7D", "mismatch"),
        (b"n=1&" * 1001, "malformed"),
    ],
)
def test_urlencoded_refused(form, raw, code):
    """A form that repeats, breaks or adds something is refused with its reason."""
    found = form(SCHEMA)(raw)
    assert isinstance(found, Fault)
    assert found.code == code


def test_urlencoded_deep(form):
    """Brackets nest where the Encoding Object says `deepObject`, as Stripe's contract does."""
    read = form(SCHEMA, encoding={"o": {"style": "deepObject", "explode": True}})
    assert read(b"n=1&o[a]=5").value == {"n": 1, "o": {"a": 5}}
    assert read(b"n=1&o[b]=5").code == "unknown"
    assert isinstance(read(b"n=1&o[a]=5&o[a]=6"), Fault)


def multipart(*parts):
    body = b"".join(b"--B\r\n" + head + b"\r\n\r\n" + content + b"\r\n" for head, content in parts)
    return body + b"--B--\r\n"


def named(name, extra=b""):
    return b'Content-Disposition: form-data; name="' + name + b'"' + extra


FILE = (named(b"f", b'; filename="a.txt"'), b"bytes\x00")


@pytest.fixture
def upload(form):
    encoding = {"i": {"contentType": "image/png, image/*"}}
    return form(FILES, MULTIPART, encoding, "multipart/form-data; boundary=B")


def test_multipart(upload):
    """Files stand as empty texts in the value, the rest is read by type; bytes go on unchanged."""
    raw = multipart(
        FILE,
        (named(b"n"), b"5"),
        (named(b"m", b'; filename="1"'), b"1"),
        (named(b"m", b'; filename="2"'), b"2"),
        (named(b"j") + b"\r\nContent-Type: application/json", b'{"a":1}'),
        (named(b"i", b'; filename="x.png"') + b"\r\nContent-Type: image/jpeg", b"\x89"),
    )
    found = upload(raw)
    assert found.value == {"f": "", "n": 5, "m": ["", ""], "j": {"a": 1}, "i": ""}
    assert found.forward == raw


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ([(named(b"n"), b"5")], "missing"),
        ([FILE, FILE], "repeated"),
        ([FILE, (named(b"n"), b"05")], "mismatch"),
        ([FILE, (named(b"n"), b"\xff")], "malformed"),
        ([FILE, (named(b"n", b'; filename="x"'), b"5")], "mismatch"),
        ([FILE, (named(b"u"), b"5")], "unknown"),
        ([(named(b"f", b'; filename="a"'), b"12345678901")], "mismatch"),
        ([FILE, (named(b"i") + b"\r\nContent-Type: text/html", b"")], "media_type"),
        (
            [FILE, (named(b"n") + b"\r\nContent-Type: multipart/mixed; boundary=C", b"5")],
            "media_type",
        ),
        ([FILE, (named(b"n") + b"\r\nContent-Type: nonsense", b"5")], "media_type"),
        ([FILE, (named(b"n") + b"\r\nContent-Type: text/plain;charset=utf-7", b"5")], "media_type"),
        (
            [FILE, (named(b"j") + b"\r\nContent-Type: application/json", b'{"a":1,"a":2}')],
            "repeated",
        ),
        ([FILE, (named(b"j") + b"\r\nContent-Type: application/json", b'{"b":1}')], "unknown"),
    ],
)
def test_multipart_refused(upload, parts, code):
    """Each part is held to its schema, its size and its media type."""
    found = upload(multipart(*parts))
    assert isinstance(found, Fault)
    assert found.code == code


@pytest.mark.parametrize("charset", ["utf-7", "utf-16", "iso-8859-1", "cp037", '"utf-7"'])
def test_multipart_in_another_charset(form, charset):
    """Starlette decodes names and texts by the charset of the whole body: it must be UTF-8."""
    body = multipart(FILE, (named(b"n"), b"5"))
    told = f"{MULTIPART}; boundary=B; charset="
    assert isinstance(form(FILES, MULTIPART, content_type=told + "utf-8")(body), BodyRead)
    assert form(FILES, MULTIPART, content_type=told + charset)(body) == Fault("media_type")


def test_multipart_needs_a_boundary(form):
    """Without a boundary nothing can be read."""
    assert form(FILES, MULTIPART)(multipart(FILE)).code == "malformed"


@QUIET
@given(raw=st.one_of(st.binary(), st.text("nlos=&[]%+a1", max_size=30).map(str.encode)))
def test_any_bytes(form, upload, raw):
    """Any bytes are a body or a Fault; a canonical form is read the same again."""
    read = form(SCHEMA)
    found = read(raw)
    if isinstance(found, BodyRead):
        assert read(found.forward) == found
    assert isinstance(upload(raw), (BodyRead, Fault))
