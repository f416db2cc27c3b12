"""What a request says has one reading, or is refused."""

import pytest

from yett.issuer.errors import OAuthError
from yett.issuer.reading import (
    MAX_HEADER_BYTES,
    MAX_PARAMETERS,
    once,
    read_cookies,
    read_form,
    read_headers,
)


def test_each_parameter_once():
    """A parameter that comes twice has two readings (RFC 6749 s3.1)."""
    assert once(b"a=1&b=%C3%A9") == {"a": "1", "b": "é"}
    for repeated in (b"a=1&a=1", b"a=1&a=2", b"a=1&%61=2"):
        with pytest.raises(OAuthError) as refused:
            once(repeated)
        assert refused.value.description == "a parameter is repeated"


def test_a_parameter_without_a_value_is_absent():
    """RFC 6749 s3.1: as if it were not there; but a repeated one is still repeated."""
    assert once(b"a=&b=2") == {"b": "2"}
    assert once(b"") == {}
    with pytest.raises(OAuthError):
        once(b"a=&a=1")


@pytest.mark.parametrize(
    "broken",
    [b"a", b"a=1&&b=2", b"a=%FF", "a=é".encode(), b"&".join(b"p%d=1" % i for i in range(MAX_PARAMETERS + 1))],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(broken):
    """No guess at what was meant, and no more names than anybody needs."""
    with pytest.raises(OAuthError) as refused:
        once(broken)
    assert refused.value.description == "the parameters cannot be read"


def test_only_a_form_is_a_form():
    """Another media type is no form, whatever its body looks like."""
    assert read_form("application/x-www-form-urlencoded; charset=UTF-8", b"a=1") == {"a": "1"}
    assert read_form("APPLICATION/X-WWW-FORM-URLENCODED", b"") == {}
    for other in ("", "text/plain", "multipart/form-data", "application/json"):
        assert read_form(other, b"a=1") is None


def test_a_field_that_carries_a_credential_comes_once():
    """Two `Authorization` or `DPoP` fields are two claims to be somebody (RFC 9449 s4.3)."""
    raw = [(b"Host", b"a"), (b"DPoP", b"x"), (b"Accept", b"a"), (b"accept", b"b")]
    assert read_headers(raw)["accept"] == "a, b"
    for name in (b"dpop", b"DPOP", b"authorization", b"origin", b"sec-fetch-site", b"yett-gate"):
        with pytest.raises(OAuthError):
            read_headers([(name, b"1"), (name.lower(), b"1")])


def test_heads_are_bounded():
    """A head larger than the bound is refused whole."""
    with pytest.raises(OAuthError) as refused:
        read_headers([(b"a", b"x" * MAX_HEADER_BYTES)])
    assert refused.value.status == 431


def test_a_cookie_that_comes_twice_is_absent():
    """One of the two was put there by somebody else: a sister domain, a script (cookie tossing)."""
    assert read_cookies("a=1; b=2") == {"a": "1", "b": "2"}
    assert read_cookies("a=1; b=2; a=3") == {"b": "2"}
    assert read_cookies("a=1; a=1; a=1") == {}
    assert read_cookies("") == {}
    assert read_cookies("flag; a=1=2") == {"a": "1=2"}
