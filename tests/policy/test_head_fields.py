"""Declared headers and cookies are read strictly, others are left alone."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yett.policy.model import Fault, ParametersRead
from yett.policy.shapes import compile_shapes

QUIET = settings(suppress_health_check=list(HealthCheck), deadline=None)


@pytest.fixture
def reader(new_api):
    def make(*parameters, **given):
        modes = {"unknown_query": given.pop("unknown_query")} if "unknown_query" in given else {}
        return compile_shapes(new_api(parameters=parameters, **given), **modes)["x.op"].parameters

    return make


def test_headers(reader, new_parameter):
    """Declared headers are read strictly; others are not looked at, nor is Authorization."""
    read = reader(
        new_parameter("X-Count", "header", {"type": "integer"}, required=True),
        new_parameter("X-List", "header", {"type": "array", "items": {"type": "integer"}}),
        new_parameter("Authorization", "header", {"type": "integer"}),
    )
    headers = {b"x-count": b"3", b"x-list": b"1 , 2,3", b"x-other": b"\xff", b"authorization": b"x"}
    assert read((), "", headers).values == {"header": {"X-Count": 3, "X-List": [1, 2, 3]}}
    assert read((), "", {}) == Fault("missing", "header/X-Count")
    for raw in (b"", b"3, 3", b"03", b"\xd9\xa3", b"3\x00"):
        assert isinstance(read((), "", {b"x-count": raw}), Fault)


@pytest.mark.parametrize("name", ["X-Part-Size", "X_Part_Size", "X-Part_Size"])
def test_a_header_by_another_name_is_refused(reader, new_parameter, name):
    """`X_Part-Size` is `X-Part-Size` to a WSGI service: it is not let through unread."""
    read = reader(new_parameter(name, "header", {"type": "integer"}))
    for other in (b"x_part_size", b"x-part_size", b"x_part-size", b"x-part-size"):
        if other != name.lower().encode():
            assert read((), "", {other: b"7"}) == Fault("malformed", f"header/{name}"), other
    assert read((), "", {b"x_partsize": b"7", b"part_size": b"x"}).values == {"header": {}}


def test_cookies(reader, new_parameter):
    """Declared cookies are read, once each; what else a browser sends is left alone."""
    read = reader(new_parameter("n", "cookie", {"type": "integer"}))
    assert read((), "", {b"cookie": b"_ga=\xff; n=5; x"}).values == {"cookie": {"n": 5}}
    assert read((), "", {}).values == {"cookie": {}}
    for raw in (b"n=5; n=6", b'n="5"', b"n=05", b"n=%zz", b"n=a b", b"a=1;" * 300):
        assert isinstance(read((), "", {b"cookie": raw}), Fault)


@QUIET
@given(raw=st.binary(max_size=40))
def test_any_cookie_and_header(raw, reader, new_parameter):
    """Any bytes in a cookie or a header are read or refused, never an exception."""
    read = reader(
        new_parameter("a", "cookie", {"type": "string"}),
        new_parameter("h", "header", {"type": "object", "properties": {"a": {}}}),
    )
    assert isinstance(read((), "", {b"cookie": b"a=" + raw, b"h": raw}), (ParametersRead, Fault))
