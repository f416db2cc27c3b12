"""What a request presents as a credential."""

from __future__ import annotations

import pytest
from kit.engine import request

from yett.contract.model import SecurityScheme
from yett.engine.steps.presented import cookie_value, extractor, query_value


@pytest.mark.parametrize(
    ("cookies", "value"),
    [
        (b"sid=a", b"a"),
        (b"x=1; sid=a; y=2", b"a"),
        (b"sid=a;sid=b", None),
        (b"xsid=a", None),
        (b"sid", b""),
        (b"sid=a=b", b"a=b"),
        (b"SID=a", None),
        (None, None),
        (b"", None),
    ],
)
def test_cookies(cookies, value):
    """One value or none; names are exact."""
    assert cookie_value(cookies, b"sid") == value


@pytest.mark.parametrize(
    ("query", "value"),
    [("key=a%20b", b"a b"), ("key=a+b", b"a b"), ("key=a&key=b", None), ("", None), ("k=a", None)],
)
def test_query_keys(query, value):
    """One value, decoded once."""
    assert query_value(query, "key") == value


def test_a_yett_key_in_the_bearer_place_is_a_key():
    """The prefix tells a key from a token."""
    extract = extractor(SecurityScheme(name="b", type="http", http_scheme="bearer"))
    assert extract(request(authorization=b"Bearer yett_live_x")) == ("api_key", b"yett_live_x")
    assert extract(request(authorization=b"Bearer eyJ")) == ("bearer", b"eyJ")
    assert extract(request()) is None


def test_schemes_that_are_not_verified_have_no_extractor():
    """Nothing is guessed for schemes of later issues."""
    for scheme in (
        SecurityScheme(name="a", type="mutualTLS"),
        SecurityScheme(name="b", type="http", http_scheme="basic"),
        SecurityScheme(name="c", type="apiKey", location="body", parameter="x"),
    ):
        assert extractor(scheme) is None
