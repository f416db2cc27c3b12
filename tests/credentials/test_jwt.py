"""The verifier against every hostile class, its controls, mutations and a second opinion."""

from __future__ import annotations

import time
from base64 import urlsafe_b64encode

import jwt as pyjwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit import hostile

from yett.credentials import Verified
from yett.credentials.refusals import BEARER_CHALLENGE
from yett.problems import CREDENTIAL_EXPIRED, CREDENTIAL_INVALID, Problem

MAX_CPU_SECONDS = 0.05  # measured: 1 ms for the worst, the deep payload


@pytest.mark.parametrize("name", hostile.HOSTILE)
def test_hostile_tokens_are_refused(name, verify):
    """Each hostile class is refused with a challenge, at a bounded cost, and echoes nothing."""
    token = hostile.HOSTILE[name]
    started = time.thread_time()
    answer = verify(token)
    assert time.thread_time() - started < MAX_CPU_SECONDS
    if isinstance(answer, Verified):
        assert answer.principal is None
        assert answer.issuer == hostile.ISSUER
        return
    assert answer.status == 401
    assert answer.headers == BEARER_CHALLENGE
    assert answer.kind in (CREDENTIAL_INVALID, CREDENTIAL_EXPIRED)
    assert answer.detail == answer.kind.detail


def test_only_an_unknown_kid_asks_for_keys(verify):
    """No hostile class but a kid that names nothing makes the gate look for keys."""
    asking = {n for n, token in hostile.HOSTILE.items() if isinstance(verify(token), Verified)}
    assert asking == {
        "kid " + n for n in ("path traversal", "SQL", "proc", "pipe", "case", "URL", "unknown")
    }


@pytest.mark.parametrize("name", hostile.CONTROLS)
def test_honest_tokens_are_accepted(name, verify):
    """Strictness refuses no well-formed token of the issuer."""
    answer = verify(hostile.CONTROLS[name])
    assert isinstance(answer, Verified)
    assert answer.principal.id == "user-1"


def test_without_keys_the_answer_is_which_key_is_missing(verify):
    """A token before the first key set names issuer and kid, it is neither good nor bad yet."""
    assert verify(hostile.GOOD, keys=None) == Verified(None, hostile.ISSUER, "ec")


def test_expiry_is_judged_at_the_time_given(verify):
    """The same token is good until `exp` plus the skew and not a moment longer."""
    end = int(hostile.NOW) + 300 + 30
    assert isinstance(verify(hostile.GOOD, now=end - 0.001), Verified)
    assert verify(hostile.GOOD, now=end).kind is CREDENTIAL_EXPIRED


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_random_bytes_never_verify(verify, raw):
    """No byte string raises or is accepted."""
    assert isinstance(verify(raw), Problem)


@settings(max_examples=300, deadline=None)
@given(st.tuples(st.binary(max_size=200), st.binary(max_size=200), st.binary(max_size=80)))
def test_well_spelled_rubbish_never_verifies(verify, parts):
    """Canonical segments of random bytes reach the parsers and are refused there."""
    token = b".".join(urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    assert isinstance(verify(token), Problem)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_no_mutation_of_a_good_token_verifies(verify, data):
    """Changing, inserting or dropping any byte of a good token leaves no good token."""
    token = data.draw(st.sampled_from([hostile.GOOD, hostile.CONTROLS["RS256"]]))
    at = data.draw(st.integers(0, len(token)))
    length = data.draw(st.integers(0, 3))
    mutated = token[:at] + data.draw(st.binary(max_size=3)) + token[at + length :]
    answer = verify(mutated)
    assert mutated == token or isinstance(answer, Problem) or answer.principal is None


CLAIM = st.sampled_from(["iss", "aud", "sub", "exp", "nbf", "iat", "jti", "scope", "roles"])
VALUE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False),
    st.text(max_size=8),
    st.sampled_from([hostile.ISSUER, hostile.AUDIENCE, int(hostile.NOW) + 100]),
    st.lists(st.sampled_from([hostile.AUDIENCE, "x", 1, None]), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


@pytest.fixture(scope="module")
def present():
    """A corpus of the present: PyJWT reads the clock."""
    return hostile.Corpus(time.time())


def elapsed(present):
    return time.time() - present.now


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(CLAIM, VALUE, max_size=4))
def test_what_we_accept_pyjwt_accepts(verify, present, changed):
    """Of correctly signed tokens, we accept a subset of what PyJWT accepts."""
    token = present.good(**changed)
    answer = verify(token, now=present.now)
    if isinstance(answer, Verified):
        claims = pyjwt.decode(
            token,
            hostile.EC.public_key(),
            algorithms=["ES256"],
            audience=hostile.AUDIENCE,
            issuer=hostile.ISSUER,
            leeway=60 + elapsed(present),
            options={"require": ["exp", "iss", "aud", "sub"]},
        )
        assert claims["sub"] == answer.principal.id


@pytest.mark.parametrize("name", hostile.CONTROLS)
def test_pyjwt_accepts_the_controls(name, present):
    """The controls are honest by a second opinion, so accepting them proves something."""
    token = present.CONTROLS[name]
    kid = pyjwt.get_unverified_header(token)["kid"]
    key = {"ec": hostile.EC, "rsa": hostile.RSA, "ed": hostile.ED, "p384": hostile.P384}[kid]
    pyjwt.decode(
        token,
        key.public_key(),
        algorithms=list(hostile.ALGORITHMS),
        audience=hostile.AUDIENCE,
        leeway=30 + elapsed(present),
    )
