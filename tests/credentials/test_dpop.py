"""Proofs of possession: every negative of the conformance suite, and every honest form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import proofs

from yett.credentials.dpop import Proof, check_proof, hash_token, read_proof, replay_name

NOW = proofs.NOW


def made(*args, **changed):
    """A proof of the moment at which it is judged here, however long the other tests took."""
    return proofs.proof(*args, **{"now": NOW, **changed})


def check(text, **changed):
    asked = {"method": proofs.METHOD, "url": proofs.URL, "token": proofs.TOKEN, "now": NOW}
    read = read_proof(text, proofs.ALGORITHMS)
    assert isinstance(read, Proof), read
    return check_proof(read, **{**asked, "max_age": 60.0, **changed})


@pytest.mark.parametrize("name", proofs.FORGED)
def test_forged_proofs_are_refused(name):
    """What is no proof is refused with a reason that quotes nothing of it."""
    reason = read_proof(proofs.FORGED[name], proofs.ALGORITHMS)
    assert isinstance(reason, str)
    assert reason
    assert "\n" not in reason


@pytest.mark.parametrize("name", proofs.CONTROLS)
def test_honest_proofs_are_accepted(name):
    """Every configured algorithm and every spelling that the RFC allows is read and fits."""
    assert check(proofs.CONTROLS[name]) == ""


def test_the_thumbprint_is_that_of_rfc_7638():
    """`cnf.jkt` is compared with the thumbprint as RFC 7638 computes it, names or not."""
    plain = read_proof(made(), proofs.ALGORITHMS)
    named = read_proof(proofs.CONTROLS["a named key"], proofs.ALGORITHMS)
    assert plain.thumbprint == named.thumbprint == proofs.JKT


@pytest.mark.parametrize("method", ["GET", "post", "PUT", "POST "])
def test_the_method_is_compared_exactly(method):
    """A proof for one method is none for another; methods have a case."""
    assert check(made(method=method)) == "`htm` is not the method"


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com/orders/8",
        "https://api.example.com/orders/7/",
        "https://api.example.com/Orders/7",
        "http://api.example.com/orders/7",
        "https://api.example.com:8443/orders/7",
        "https://api.example.com.evil.test/orders/7",
        "https://api.example.com@evil.test/orders/7",
        "https://user@api.example.com/orders/7",
        "//api.example.com/orders/7",
        "/orders/7",
        "https://api.example.com/orders/7\n",
        " https://api.example.com/orders/7",
        "https://api.example.com\\orders\\7",
        "https://api.example.com/orders%2F7",
        "https://api.example.com:0443443/orders/7",
        "nonsense",
    ],
)
def test_other_urls_are_refused(url):
    """A proof for one URL is none for another, nor is what is no absolute URL."""
    assert check(made(url=url)) == "`htu` is not the URL"


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com/orders/7?page=2",
        "https://api.example.com/orders/7#part",
        "https://api.example.com/orders/7?a=b#c",
        "HTTPS://API.example.COM/orders/7",
        "https://api.example.com:443/orders/7",
        "https://api.example.com:/orders/7",
        "https://api.example.com/%6Frders/%37",
        "https://api.example.com/x/../orders/./7",
    ],
)
def test_spellings_of_the_url_are_accepted(url):
    """Query, fragment, case of scheme and host, default port and escapes do not count."""
    assert check(made(url=url)) == ""


@pytest.mark.parametrize("shift", [-3600, -61, 61, 3600])
def test_proofs_out_of_their_time_are_refused(shift):
    """A proof is good for `max_age` seconds around its `iat`, not longer."""
    assert check(made(now=NOW, iat=NOW + shift)) == "`iat` is too old or in the future"


@pytest.mark.parametrize("shift", [-10, 10])
def test_clocks_may_differ(shift):
    """Ten seconds of difference between clocks are no reason to refuse."""
    assert check(made(now=NOW, iat=int(NOW) + shift)) == ""


@pytest.mark.parametrize("ath", ["", proofs.ath(b"another"), proofs.ath(proofs.TOKEN) + "=", "é"])
def test_the_hash_of_the_token_must_be_its_own(ath):
    """A proof made for one access token is none for another, and none without it."""
    assert check(made(ath=ath)) == "`ath` is not the hash of the token"


def test_without_a_token_no_hash_is_asked_for():
    """A token request has no access token yet, so its proof has no `ath`."""
    assert check(made(token=None), token=None) == ""


def test_the_hash_is_that_of_the_rfc():
    """`ath` is the value of the example in RFC 9449 s7.1."""
    token = b"Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
    assert hash_token(token) == "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"


def test_the_example_of_the_rfc_is_a_proof():
    """The proof of RFC 9449 s4.1 is read, and is one for the request that it was made for."""
    text = (
        b"eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0"
        b"VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10"
        b"NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIj"
        b"oiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2f"
        b"Q.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
    )
    asked = {"method": "POST", "url": "https://server.example.com/token", "now": 1562262616.0}
    assert check(text, **asked, token=None) == ""
    assert check(text, **{**asked, "now": NOW}, token=None)


def test_names_of_proofs_are_told_apart_by_their_key():
    """Nobody uses up the identifiers of another key's proofs."""
    own, other = (
        replay_name(read_proof(made(key=key, jti="1"), proofs.ALGORITHMS))
        for key in (proofs.HOLDER, proofs.STRANGER)
    )
    assert own != other


def test_only_configured_algorithms_verify():
    """An algorithm that the configuration does not name verifies nothing."""
    assert isinstance(read_proof(made(), ("RS256",)), str)
    assert isinstance(read_proof(proofs.CONTROLS["RS256"], ("ES256",)), str)
    assert isinstance(read_proof(proofs.FORGED["HS256 with an oct key"], ("HS256",)), str)


@given(st.integers(min_value=0), st.integers(1, 255))
def test_a_changed_byte_makes_another_proof_or_none(place, change):
    """No byte of a proof can be changed and the proof be the same."""
    good = proofs.CONTROLS["ES256"]
    at = place % len(good)
    changed = good[:at] + bytes((good[at] ^ change,)) + good[at + 1 :]
    assert isinstance(read_proof(changed, proofs.ALGORITHMS), str)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(text):
    """Whatever stands in the field, the answer is a reason."""
    assert isinstance(read_proof(text, proofs.ALGORITHMS), str)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.sampled_from(["kty", "crv", "x", "y", "n", "e", "use", "key_ops", "alg"]), ANYTHING)
def test_no_key_breaks_the_reader(name, value):
    """A key with any member of any type is read as the same key, or refused; nothing raises."""
    jwk = {**proofs.holder_jwk(), name: value}
    read = read_proof(made(header={"jwk": jwk}), proofs.ALGORITHMS)
    assert isinstance(read, str) or read.thumbprint == proofs.JKT


@given(st.sampled_from(["jti", "htm", "htu", "iat", "ath", "nonce", "more"]), ANYTHING)
def test_no_claim_breaks_the_reader(name, value):
    """A proof with any claim of any type is read or refused, and judged without an exception."""
    read = read_proof(made(now=NOW, **{name: value}), proofs.ALGORITHMS)
    if isinstance(read, Proof):
        asked = {"method": proofs.METHOD, "url": proofs.URL, "token": proofs.TOKEN, "now": NOW}
        assert isinstance(check_proof(read, **asked, max_age=60.0), str)
