"""What a request presents as a credential."""

from __future__ import annotations

import msgspec
import pytest
from kit.engine import request

from yett.contract.model import SecurityScheme
from yett.engine.steps.presented import (
    cookie_values,
    extractor,
    header_values,
    query_values,
)


@pytest.mark.parametrize(
    ("cookies", "values"),
    [
        (b"sid=a", [b"a"]),
        (b"x=1; sid=a; y=2", [b"a"]),
        (b"sid=a;sid=b", [b"a", b"b"]),
        (b"xsid=a; sidx=b; x=sid", []),
        (b"sid", [b""]),
        (b"sid=a=b", [b"a=b"]),
        (b"sid =a", [b""]),
        (b"sid=a; sid\t=b", [b"a", b""]),
        (b"sid=a; \xa0sid=b", [b"a", b""]),
        (b"sid=a; \xe2\x80\x83sid=b", [b"a", b""]),
        (b"SID=a", [b""]),
        (None, []),
        (b"", []),
    ],
)
def test_cookies(cookies, values):
    """A name in a spelling that some service takes for it counts, with no value that is good."""
    assert cookie_values(cookies, b"sid") == values


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("key=a%20b", [b"a b"]),
        ("key=a+b", [b"a b"]),
        ("key=a&key=b", [b"a", b"b"]),
        ("%6bey=a&key=b", [b"a", b"b"]),
        ("", []),
        ("k=a", []),
    ],
)
def test_query_keys(query, values):
    """Names and values are decoded once."""
    assert query_values(query, "key") == values


@pytest.mark.parametrize(
    ("headers", "values"),
    [({}, []), ({b"x-key": b"a"}, [b"a"]), ({b"x_key": b"a"}, [b""]), ({b"xkey": b"a"}, [])],
)
def test_header_keys(headers, values):
    """The name that a WSGI service cannot tell apart is never a good one."""
    assert header_values(headers, b"x-key") == values


@pytest.mark.parametrize("location", ["cookie", "query", "header"])
def test_a_credential_of_two_readings_is_bad(location):
    """Presented twice it is unknown, so it is refused also where none would do."""
    extract = extractor(SecurityScheme(name="k", type="apiKey", location=location, parameter="a-b"))
    asked = msgspec.structs.replace(request(cookie=b"a-b=1; a-b=2"), query="a-b=1&a-b=2")
    asked.headers.update({b"a-b": b"1", b"a_b": b"2"})
    assert extract(asked) == ("unknown", b"")


def test_a_yett_key_in_the_bearer_place_is_a_key():
    """The prefix tells a key from a token."""
    extract = extractor(SecurityScheme(name="b", type="http", http_scheme="bearer"))
    assert extract(request(authorization=b"Bearer yett_live_x")) == ("api_key", b"yett_live_x")
    assert extract(request(authorization=b"Bearer eyJ")) == ("bearer", b"eyJ")
    assert extract(request()) is None


def test_a_certificate_is_no_part_of_the_request():
    """Whatever a request says, its certificate was shown in the handshake."""
    extract = extractor(SecurityScheme(name="a", type="mutualTLS"))
    assert extract(request(authorization=b"Bearer eyJ", client_cert=b":AA==:")) is None


def test_schemes_that_are_not_verified_have_no_extractor():
    """Nothing is guessed for schemes of later issues."""
    for scheme in (
        SecurityScheme(name="b", type="http", http_scheme="basic"),
        SecurityScheme(name="c", type="apiKey", location="body", parameter="x"),
    ):
        assert extractor(scheme) is None
