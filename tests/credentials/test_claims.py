"""The claim policy and the mapping to a principal."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit import hostile

from yett.credentials.claims import MAX_GRANTS, judge
from yett.credentials.rules import JwtRules
from yett.problems import Problem
from yett.terms import Principal


def rules(**more):
    fixed = {"issuer": hostile.ISSUER, "audience": hostile.AUDIENCE, "algorithms": ("ES256",)}
    return JwtRules(**fixed, **more)


def decide(changed=None, **more):
    return judge(hostile.claims(**(changed or {})), rules(**more), hostile.NOW)


def test_a_principal_carries_what_the_token_proved():
    """Identity, grants, credential and expiry come from the claims the rules name."""
    principal = decide(
        {"roles": ["customer"], "org": "acme", "azp": "web"},
        tenant_claim="org",
        client_claim="azp",
    )
    assert isinstance(principal, Principal)
    assert (principal.id, principal.kind, principal.issuer) == ("user-1", "user", hostile.ISSUER)
    assert (principal.tenant, principal.client) == ("acme", "web")
    assert principal.scopes == {"a:read", "b:write"}
    assert principal.roles == {"customer"}
    assert (principal.credential, principal.scheme) == ("t-1", "jwt")
    assert principal.expires == int(hostile.NOW) + 300 + 30


def test_a_client_acting_for_itself_is_a_service():
    """RFC 9068 s2.2: `sub` equal to the client means no user is involved."""
    assert decide({"sub": "app"}).kind == "service"


@pytest.mark.parametrize(
    ("value", "scopes"),
    [
        ("", set()),
        (" a  b ", {"a", "b"}),
        (["a", "b"], {"a", "b"}),
        (None, set()),
        ([], set()),
    ],
)
def test_scopes_come_as_text_or_list(value, scopes):
    """Both forms in the wild are read: RFC 6749 text and the list of Okta and Entra."""
    assert decide({"scp": value}, scope_claim="scp").scopes == scopes


@pytest.mark.parametrize(
    "value",
    [
        5,
        True,
        {"a": 1},
        ["a", 1],
        ["a b"],
        "a\tb",
        "a\nb",
        'a"b',
        "a\\b",
        "é",
        ["a"] * (MAX_GRANTS + 1),
    ],
)
def test_unreadable_scopes_refuse_the_token(value):
    """A scope that cannot be read is not ignored: another reader might have read it."""
    assert isinstance(decide({"scope": value}), Problem)


def test_claims_are_found_by_name_before_path():
    """A claim whose name has dots is found as such, a nested one by its path."""
    nested = {"realm_access": {"roles": ["nested"]}}
    assert decide(nested, roles_claim="realm_access.roles").roles == {"nested"}
    named = {"https://x.example/roles": ["named"], **nested}
    assert decide(named, roles_claim="https://x.example/roles").roles == {"named"}
    both = {"realm_access.roles": ["flat"], **nested}
    assert decide(both, roles_claim="realm_access.roles").roles == {"flat"}
    assert decide({"realm_access": "x"}, roles_claim="realm_access.roles").roles == frozenset()


@pytest.mark.parametrize("value", [..., None, "", []])
def test_required_claims_must_say_something(value):
    """A required claim that is absent or empty refuses the token and names the claim."""
    problem = decide({"x": value}, required=("x",))
    assert problem.note == "`x` is required"
    assert isinstance(decide({"x": 0}, required=("x",)), Principal)


@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
@pytest.mark.parametrize("value", [True, "1", [], {}, None, -1, float("inf"), float("nan"), 1e300])
def test_times_are_plain_numbers(name, value):
    """A date is a finite number in the years of four digits, and no bool."""
    assert decide({name: value}).note == f"`{name}` is not a date"


def test_skew_is_bounded_on_both_sides():
    """Skew moves each bound by itself and no further."""
    now = hostile.NOW
    for name, sign in (("exp", -1), ("nbf", 1), ("iat", 1)):
        assert isinstance(decide({name: now + sign * 9.9}, skew=10), Principal), name
        assert isinstance(decide({name: now + sign * 10.1}, skew=10), Problem), name


@pytest.mark.parametrize(
    ("confirmation", "binding"),
    [
        ({"jkt": hostile.THUMBPRINT}, f"jkt:{hostile.THUMBPRINT}"),
        ({"x5t#S256": hostile.THUMBPRINT}, f"x5t:{hostile.THUMBPRINT}"),
    ],
)
def test_a_bound_token_says_what_must_be_proven(confirmation, binding):
    """RFC 9449 s6.1 and RFC 8705 s3.1; a token without `cnf` is bound to nothing."""
    assert decide({"cnf": confirmation}).binding == binding
    assert not decide().binding


@pytest.mark.parametrize(
    ("said", "ours"),
    [("2", "urn:yett:multi-factor"), ("9", None), (2, None), (["2"], None), (None, None)],
)
def test_acr_is_translated_by_the_table_of_its_issuer(said, ours):
    """A value that is not listed is none, also where it looks like one of ours."""
    table = {"2": "urn:yett:multi-factor"}
    assert decide({"acr": said}, acr=table).claims.get("acr") == ours
    high = {"acr": "urn:yett:phishing-resistant"}
    assert "acr" not in decide(high, acr=table).claims
    assert decide(high).claims["acr"] == "urn:yett:phishing-resistant"
    assert decide({"acr": "2", "x": 1}, acr=table).claims["x"] == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(hostile.claims())), JSON))
def test_any_claims_are_judged_without_raising(changed):
    """Whatever an issuer signs is a principal or a problem."""
    assert isinstance(decide(changed), Principal | Problem)
