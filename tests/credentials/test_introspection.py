"""What an issuer answers about a token, judged."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit import hostile

from yett.credentials.introspection import Unusable, is_opaque, judge_answer
from yett.credentials.rules import JwtRules
from yett.credentials.structure import MAX_TOKEN_BYTES
from yett.credentials.verifier import Verified
from yett.problems import CREDENTIAL_EXPIRED, CREDENTIAL_INVALID, Problem
from yett.terms import Principal

NOW = hostile.NOW
GOOD = {
    "active": True,
    "token_type": "Bearer",
    "iss": hostile.ISSUER,
    "aud": hostile.AUDIENCE,
    "sub": "user-1",
    "client_id": "app",
    "scope": "a:read",
    "exp": int(NOW) + 60,
    "iat": int(NOW) - 5,
}


def judge(changed=None, jwt=None, **rules):
    told = {**GOOD, **(changed or {})}
    document = json.dumps({name: value for name, value in told.items() if value is not ...})
    fixed = {"issuer": hostile.ISSUER, "audience": hostile.AUDIENCE, "algorithms": ("ES256",)}
    return judge_answer(document.encode(), JwtRules(**fixed, **rules), NOW, jwt)


def test_an_active_token_is_a_principal():
    """The members of the answer are mapped as claims of a JWT are."""
    found = judge({"acr": "2", "cnf": {"jkt": hostile.THUMBPRINT}}, acr={"2": "high"}).principal
    assert (found.id, found.kind, found.client) == ("user-1", "user", "app")
    assert (found.scheme, found.issuer) == ("introspection", hostile.ISSUER)
    assert found.scopes == {"a:read"}
    assert found.expires == GOOD["exp"] + 30
    assert found.claims["acr"] == "high"
    assert found.binding == f"jkt:{hostile.THUMBPRINT}"


def test_an_inactive_token_is_refused():
    """`active: false` is a no, whatever else the answer says."""
    assert judge({"active": False}).kind is CREDENTIAL_INVALID


@pytest.mark.parametrize("value", [..., None, "true", 1, "false", [], {}])
def test_an_answer_without_active_says_nothing(value):
    """Only the two truth values are answers; what is neither is the issuer's failure."""
    assert isinstance(judge({"active": value}), Unusable)


@pytest.mark.parametrize("document", [b"", b"[]", b"{", b'{"active":true,"active":true}', b"\xff"])
def test_what_is_no_object_says_nothing(document):
    """An answer with no reading, or two, is none."""
    rules = JwtRules(issuer="i", audience="a", algorithms=("ES256",))
    assert isinstance(judge_answer(document, rules, NOW), Unusable)


@pytest.mark.parametrize(
    "changed",
    [
        {"token_type": ...},
        {"token_type": "refresh_token"},
        {"token_type": "N_A"},
        {"token_type": 1},
        {"token_use": "refresh_token"},
        {"typ": "Refresh"},
        {"typ": "ID"},
        {"token_type": ..., "typ": "Offline"},
    ],
)
def test_a_refresh_token_is_no_access_token(changed):
    """Issuers call refresh tokens active, too; oidc-provider leaves out their `token_type`."""
    assert judge(changed).kind is CREDENTIAL_INVALID


@pytest.mark.parametrize(
    "changed",
    [
        {"token_type": "DPoP"},
        {"token_type": ..., "typ": "Bearer"},
        {"token_type": ..., "token_use": "access_token"},
        {"iss": ...},
        {"exp": ...},
        {"sub": ...},
        {"aud": ["x", hostile.AUDIENCE]},
    ],
)
def test_what_may_be_left_out_or_said_otherwise(changed):
    """RFC 7662 s2.2 makes most members optional; the issuer that answers is known."""
    assert isinstance(judge(changed), Verified)


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://evil.example"},
        {"aud": "https://other.example"},
        {"aud": ...},
        {"aud": []},
        {"aud": {hostile.AUDIENCE: 1}},
        {"sub": ""},
        {"sub": 7},
        {"sub": ..., "client_id": ...},
        {"sub": ..., "username": "ana"},
        {"exp": "soon"},
        {"exp": True},
        {"nbf": int(NOW) + 60},
        {"iat": int(NOW) + 60},
        {"cnf": {}},
        {"cnf": {"jkt": hostile.THUMBPRINT, "x5t#S256": hostile.THUMBPRINT}},
        {"scope": 5},
        {"jti": ["a"]},
    ],
)
def test_active_alone_is_not_enough(changed):
    """Issuer, audience, subject, times and bindings are judged as in a JWT."""
    assert judge(changed).kind is CREDENTIAL_INVALID


def test_an_expired_token_is_not_saved_by_active():
    """The skew is the only grace."""
    assert isinstance(judge({"exp": int(NOW) - 29}), Verified)
    assert judge({"exp": int(NOW) - 30}).kind is CREDENTIAL_EXPIRED


def test_an_audience_may_be_left_out_only_where_that_is_said():
    """Then another audience is refused all the same."""
    assert isinstance(judge({"aud": ...}, any_audience=True), Verified)
    assert judge({"aud": "x"}, any_audience=True).kind is CREDENTIAL_INVALID


def test_without_a_user_the_client_is_the_subject():
    """A client that acts for itself is a service, as in RFC 9068 s2.2."""
    found = judge({"sub": ...}).principal
    assert (found.id, found.kind) == ("app", "service")


def test_required_claims_are_required_of_the_answer_too():
    """What a team demands of tokens it demands of answers."""
    assert judge(required=("sid",)).note == "`sid` is required"


def test_the_answer_about_a_jwt_may_contradict_it_but_never_widen_it():
    """Whom the token proves stays as it was verified."""
    jwt = Principal(id="user-1", kind="user", issuer=hostile.ISSUER, credential="t-1")
    widened = {"scope": "admin", "jti": "t-1", "token_type": ...}
    assert judge(widened, jwt).principal is jwt
    assert judge({"jti": ...}, jwt).principal is jwt
    for changed in ({"active": False}, {"sub": "x"}, {"jti": "x"}, {"iss": "x"}):
        assert judge(changed, jwt).kind is CREDENTIAL_INVALID


@pytest.mark.parametrize(
    ("token", "opaque"),
    [
        (b"2YotnFZFEjr1zCsicMWpAA", True),
        (b"ya29.a0AfH6SMB", True),
        (b"abc==", True),
        (b"", False),
        (b"a.b.c", False),
        (b"a.b.c.d.e", False),
        (b"a b", False),
        (b"a\n", False),
        (b"\xff", False),
        (b"=a", False),
        (b"a" * MAX_TOKEN_BYTES, True),
        (b"a" * (MAX_TOKEN_BYTES + 1), False),
    ],
)
def test_what_may_be_opaque(token, opaque):
    """What has the shape of a JWT or a JWE is never shown to an issuer that it does not name."""
    assert is_opaque(token) is opaque


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([*GOOD, "cnf", "acr", "typ", "jti"]), JSON))
def test_any_answer_is_judged_without_raising(changed):
    """Whatever an issuer says is a principal, a problem or nothing."""
    assert isinstance(judge(changed), Verified | Problem | Unusable)
