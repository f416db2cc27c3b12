"""RFC 9470: strong and fresh enough, or a challenge that says what would be."""

from __future__ import annotations

import re
from urllib.request import parse_http_list, parse_keqv_list

import msgspec
import pytest
from kit.engine import ALICE, ENFORCED, KEY, need, operation, program, request

from yett.contract.config import IdentityConfig, IssuerConfig
from yett.contract.model import Sensitive
from yett.credentials.verifier import Verified
from yett.engine.program import build
from yett.terms import Mode, Verdict

NOW = 1000.0  # what `run` of conftest.py decides at
ISSUER = IssuerConfig(url="iss", audience="a", algorithms=("ES256",), skew=30.0)


def stepping(acr="", max_age=None, **changes):
    demand = Sensitive(acr=acr, max_age=max_age)
    bound = program(operation(demand=demand, sensitive=False, **changes))
    config = msgspec.structs.replace(bound.policy.config, identity=IdentityConfig(issuer=(ISSUER,)))
    return build(msgspec.structs.replace(bound.policy, config=config))


@pytest.fixture
def ask(run, view):
    """Decide for a token with these claims."""

    def go(bound, principal=ALICE, **claims):
        view.tokens[b"good"] = Verified(msgspec.structs.replace(principal, claims=claims))
        decision, x, asked = run(bound, request(authorization=b"Bearer good"))
        assert asked == []
        return decision, x

    return go


def challenge_of(decision):
    (name, value), *rest = decision.problem.headers
    assert (name, rest) == (b"www-authenticate", [])
    scheme, _, parameters = value.decode("ascii").partition(" ")
    assert scheme == "Bearer"
    return parse_keqv_list(parse_http_list(parameters))  # the standard library's own client


def test_a_token_of_the_wanted_class_passes(ask):
    """One of the listed `acr` values is enough."""
    for acr in ("urn:a", "urn:b"):
        assert ask(stepping("urn:a urn:b"), acr=acr)[0].verdict is Verdict.ALLOW


@pytest.mark.parametrize(
    "claims",
    [{}, {"acr": ""}, {"acr": "urn:c"}, {"acr": "urn:a urn:b"}, {"acr": "URN:A"}, {"acr": None},
     {"acr": ["urn:a"]}, {"acr": {"urn:a": 1}}, {"acr": 1}, {"acr": True}],
)  # fmt: skip
def test_another_class_is_challenged(ask, claims):
    """An `acr` that is absent, of another type or of another value is not the wanted one."""
    decision, _ = ask(stepping("urn:a urn:b"), **claims)
    assert (decision.step, decision.problem.code, decision.problem.status) == (
        12,
        "step-up-needed",
        401,
    )


def test_the_challenge_says_all_that_is_wanted(ask):
    """RFC 9470 s3: one sign-in with `acr_values` and `max_age` satisfies the next request."""
    decision, _ = ask(stepping("urn:a urn:b", 300), acr="urn:a", auth_time=1)
    assert challenge_of(decision) == {
        "error": "insufficient_user_authentication",
        "error_description": "this operation needs a more recent sign-in",
        "acr_values": "urn:a urn:b",
        "max_age": "300",
    }
    decision, _ = ask(stepping("urn:a"))
    assert challenge_of(decision) == {
        "error": "insufficient_user_authentication",
        "error_description": "this operation needs another way to sign in",
        "acr_values": "urn:a",
    }


def test_a_contract_cannot_break_the_challenge(ask):
    """Quotes and backslashes of an `acr` are escaped, white space is one space."""
    decision, _ = ask(stepping('a"b \\c\r\n\tx'))
    value = decision.problem.headers[0][1]
    assert b'acr_values="a\\"b \\\\c x"' in value
    assert not re.search(rb"[\r\n\t]", value)


@pytest.mark.parametrize("signed_in", [NOW, NOW - 300, NOW - 329, NOW + 29, 970.5])
def test_a_fresh_sign_in_passes(ask, signed_in):
    """`auth_time` within `max_age`, and within the issuer's skew on either side."""
    assert ask(stepping(max_age=300), auth_time=signed_in)[0].verdict is Verdict.ALLOW


@pytest.mark.parametrize(
    "claims",
    [{}, {"auth_time": NOW - 331}, {"auth_time": 0}, {"auth_time": None}, {"auth_time": "999"},
     {"auth_time": True}, {"auth_time": [999]}, {"auth_time": float("nan")}, {"auth_time": -1e300}],
)  # fmt: skip
def test_an_old_or_missing_sign_in_is_challenged(ask, claims):
    """No `auth_time` is not a fresh one."""
    decision, _ = ask(stepping(max_age=300), **claims)
    assert decision.problem.code == "step-up-needed"
    assert challenge_of(decision)["max_age"] == "300"


@pytest.mark.parametrize("signed_in", [NOW + 31, 1e300, float("inf")])
def test_a_sign_in_from_the_future_is_refused(ask, signed_in):
    """A token that would stay fresh for ever is no token to trust."""
    decision, _ = ask(stepping(max_age=300), auth_time=signed_in)
    assert decision.problem.code == "credential-invalid"
    assert challenge_of(decision) == {"error": "invalid_token"}


def test_max_age_zero_wants_a_sign_in_just_now(ask):
    """`max_age: 0` leaves the skew alone."""
    assert ask(stepping(max_age=0), auth_time=NOW)[0].verdict is Verdict.ALLOW
    assert ask(stepping(max_age=0), auth_time=NOW - 31)[0].problem.code == "step-up-needed"


def test_an_unknown_issuer_has_no_skew(ask):
    """Skew is what the contract grants an issuer; others have none."""
    other = msgspec.structs.replace(ALICE, issuer="other")
    assert ask(stepping(max_age=300), other, auth_time=NOW - 301)[0].verdict is Verdict.REFUSE


@pytest.mark.parametrize(
    "changes",
    [{"kind": "service", "client": "alice"}, {"kind": "key", "scheme": "api_key"},
     {"kind": "key"}, {"scheme": "api_key"}],
)  # fmt: skip
def test_machines_cannot_step_up(ask, changes):
    """An API key or a service account is refused whatever it claims: no challenge would help."""
    machine = msgspec.structs.replace(ALICE, **changes)
    decision, _ = ask(stepping("urn:a", 300), machine, acr="urn:a", auth_time=NOW)
    assert (decision.step, decision.problem.code) == (12, "not-permitted")
    assert decision.problem.headers == ()
    assert "person" in decision.problem.detail


def test_nobody_is_asked_who_they_are(run):
    """Where a credential is optional, step-up makes it needed."""
    bound = stepping("urn:a", security=(*need(), ()))
    decision, _, _ = run(bound, request())
    assert decision.problem.code == "credential-missing"


def test_another_callers_sign_in_does_not_count(run, view):
    """With a key and somebody's token, who is asked for is who calls: the first scheme."""
    view.tokens[b"good"] = Verified(msgspec.structs.replace(ALICE, claims={"acr": "urn:a"}))
    owner = msgspec.structs.replace(ALICE, id="eve", kind="key", scheme="api_key")
    view.tokens[b"k"] = Verified(owner)
    bound = stepping("urn:a", security=(*need(KEY), *need()))
    headers = {b"authorization": b"Bearer good", b"x-api-key": b"k"}
    wanted = msgspec.structs.replace(request(), headers=headers)
    decision, x, _ = run(bound, wanted)
    assert x.principal.id == "eve"
    assert decision.problem.code == "not-permitted"


def test_observe_records_and_lets_go(ask):
    """In mode `observe` it is on record who would have been challenged."""
    bound = stepping("urn:a", modes=ENFORCED | {"sensitive": Mode.OBSERVE})
    decision, x = ask(bound)
    assert decision.verdict is Verdict.ALLOW
    assert [problem.code for problem in x.observed] == ["step-up-needed"]


def test_off_and_undemanded_cost_nothing(ask):
    """Without a demand, or with the rule off, there is no such step."""
    off = stepping("urn:a", modes=ENFORCED | {"sensitive": Mode.OFF})
    for bound in (off, stepping()):
        (plan,) = bound.plans.values()
        assert 12 not in [number for number, _ in plan.steps]
        assert ask(bound)[0].verdict is Verdict.ALLOW


@pytest.mark.parametrize(
    ("scheme", "code"),
    [
        ("jwt", "step-up-needed"),
        ("introspection", "step-up-needed"),
        ("session", "step-up-needed"),
        ("api_key", "not-permitted"),
        ("certificate", "not-permitted"),
        ("none", "not-permitted"),
    ],
)
def test_who_can_sign_in_again_is_challenged(ask, scheme, code):
    """Tokens of any form and browser sessions have a person behind them; keys and machines none."""
    principal = msgspec.structs.replace(ALICE, scheme=scheme)
    assert ask(stepping("urn:a"), principal)[0].problem.code == code
    passed, _ = ask(stepping("urn:a"), principal, acr="urn:a")
    assert (passed.verdict is Verdict.ALLOW) is (code == "step-up-needed")
