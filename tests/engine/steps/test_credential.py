"""Steps 4 and 5: what is presented becomes a principal or a refusal."""

from __future__ import annotations

import pytest
from kit.engine import ALICE, BEARER, COOKIE, KEY, need, operation, program, request
from msgspec.structs import replace

from yett.contract.model import SecurityScheme
from yett.credentials.verifier import Verified
from yett.engine.exchange import Exchange
from yett.engine.questions import FetchKeys, Introspect
from yett.engine.step import Ask
from yett.engine.steps.credential import CredentialStep
from yett.terms import Certificate, Principal


def code(decision):
    return decision.problem.code if decision.problem else "allow"


@pytest.mark.parametrize(
    "value",
    [b"Basic Zm9vOmJhcg==", b"good", b"Bearer", b"Bearergood", b"Bearer  good", b"", b"Bearer bad"],
)
def test_another_scheme_or_spelling_is_refused(run, value):
    """Only `Bearer SP token` reaches the verifier, and only a good one passes."""
    decision, _, _ = run(program(operation()), request(authorization=value))
    assert (decision.step, code(decision)) == (4, "credential-invalid")


def test_the_scheme_name_is_case_insensitive(run):
    """RFC 9110 s11.1."""
    decision, _, _ = run(program(operation()), request(authorization=b"bEaReR good"))
    assert code(decision) == "allow"


def test_missing_gets_a_challenge(run):
    """RFC 9110 s15.5.2: a 401 says how to authenticate."""
    decision, _, _ = run(program(operation()), request())
    bearer, dpop = decision.problem.headers
    assert bearer == (b"www-authenticate", b"Bearer")
    assert dpop == (b"www-authenticate", b'DPoP algs="ES256 EdDSA Ed25519 PS256 RS256"')
    keyed = program(operation(security=need(KEY)))
    assert run(keyed, request())[0].problem.headers == ((b"www-authenticate", b"ApiKey"),)


def test_nobody_said_who_may_call(run):
    """An operation without security and without `public` is refused, whatever is presented."""
    decision, _, _ = run(program(operation(security=None)), request(authorization=b"Bearer good"))
    assert code(decision) == "unguarded-operation"
    assert code(run(program(operation(security=None, public=True)), request())[0]) == "allow"


def test_a_scheme_that_is_not_verified_guards_nothing(run):
    """HTTP basic alone would let everybody through if it were ignored: it refuses instead."""
    basic = SecurityScheme(name="basic", type="http", http_scheme="basic")
    decision, _, _ = run(program(operation(security=need(basic))), request())
    assert code(decision) == "unguarded-operation"


def test_a_bad_credential_is_refused_where_none_would_do(run):
    """Optional authentication does not forgive a forged token."""
    optional = program(operation(security=((), *need(BEARER))))
    assert code(run(optional, request())[0]) == "allow"
    assert code(run(optional, request(authorization=b"Bearer bad"))[0]) == "credential-invalid"


def test_an_unknown_key_is_fetched_once(run, view):
    """The issuer is asked once; a key that is still missing means no."""
    view.tokens[b"new"] = Verified(None, "iss", "k2")
    bound = program(operation())
    decision, _, asked = run(bound, request(authorization=b"Bearer new"), True)
    assert asked == [FetchKeys("iss", "k2")]
    assert code(decision) == "credential-invalid"
    decision, _, asked = run(bound, request(authorization=b"Bearer new"), False)
    assert (len(asked), code(decision)) == (1, "credential-invalid")


def test_a_key_that_is_bound_to_a_certificate_needs_it(run, view):
    """A stolen key is worth nothing without the connection's certificate."""
    view.tokens[b"k"] = Verified(
        Principal(id="svc", kind="key", issuer="yett:keys", binding="x5t:mine")
    )
    bound = program(operation(security=need(KEY)))
    plain = request(x_api_key=b"k")
    for certificate in (None, Certificate(thumbprint="other")):
        asked = replace(plain, certificate=certificate)
        assert code(run(bound, asked)[0]) == "credential-invalid"
    asked = replace(plain, certificate=Certificate(thumbprint="mine"))
    assert code(run(bound, asked)[0]) == "allow"


def test_an_opaque_token_is_asked_about_once(run, view):
    """The issuer has one say; without an answer nobody is let in."""
    view.tokens[b"opaque"] = Verified(None, "iss", opaque=True)
    bound = program(operation())
    for answer in (True, False):
        decision, _, asked = run(bound, request(authorization=b"Bearer opaque"), answer)
        assert asked == [Introspect("iss", b"opaque")]
        assert code(decision) == "credential-invalid"
        assert decision.problem.note == "no answer of iss"


def test_a_token_may_need_a_key_first_and_its_issuer_then(view):
    """`always`: the signature is verified before the issuer is asked, each question once."""
    view.tokens[b"new"] = Verified(None, "iss", "k2")
    op = operation()
    bound = program(op)
    [step] = [s.__self__ for n, s in bound.plans[op.id].steps if n == 4]
    x = Exchange(bound, request(authorization=b"Bearer new"), view, 0.0)
    first = step(x)
    assert first.question == FetchKeys("iss", "k2")
    view.tokens[b"new"] = Verified(None, "iss", opaque=True)
    second = first.resume(x, True)
    assert second.question == Introspect("iss", b"new")
    assert second.resume(x, True).note == "no answer of iss"
    view.tokens[b"new"] = Verified(ALICE)
    assert second.resume(x, True) is None
    assert x.principal is ALICE


@pytest.mark.parametrize("public", [False, True])
@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"Bearer",
        b"Bearer ",
        b"Bearer good",
        b"bearer good",
        b"Bearer  good",
        b"Bearer bad",
        b"Bearer new",
        b"Bearer nameless",
        b"Bearer yett_good",
        b"bearer yett_good",
        b"Basic good",
        b"Bearer\tgood",
        b"Bearer yett_",
    ],
)
def test_the_usual_case_is_like_any_other(run, view, value, public):
    """The way that is written out for a single token decides as the loop over all ways does."""
    view.tokens[b"new"] = Verified(None, "iss", "k2")
    view.tokens[b"yett_good"] = Verified(Principal(id="svc", kind="key", issuer="yett:keys"))
    view.tokens[b"nameless"] = Verified(Principal(id="", kind="user", issuer="iss"))
    headers = {} if value is None else {"authorization": value}
    found = []
    for chosen in (CredentialStep.only_bearer, CredentialStep.__call__):
        op = operation(public=public)
        bound = program(op)
        [step] = [s.__self__ for n, s in bound.plans[op.id].steps if n == 4]
        x = Exchange(bound, request(**headers), view, 0.0)
        outcome = chosen(step, x)
        if isinstance(outcome, Ask):
            outcome = (outcome.question, outcome.resume(x, True), outcome.resume(x, False))
        found.append((outcome, x.principal, x.proven))
    assert found[0] == found[1]


def test_both_of_two_needed_credentials_are_verified(run, view):
    """An AND of schemes is satisfied by both, not by either."""
    view.tokens[b"k"] = Verified(Principal(id="svc", kind="key", issuer="yett:keys"))
    both = program(operation(security=(need(BEARER, "read")[0] + need(KEY)[0],)))
    alone = request(authorization=b"Bearer good")
    assert code(run(both, alone)[0]) == "scope-missing"
    pair = request(authorization=b"Bearer good", x_api_key=b"k")
    decision, x, _ = run(both, pair)
    assert code(decision) == "allow"
    assert set(x.proven) == {"oauth", "key"}


def test_a_cookie_given_twice_is_refused(run, view):
    """Two values of one cookie have two readings (cookie tossing), also where none would do."""
    bound = program(operation(security=need(COOKIE)))
    assert code(run(bound, request(cookie=b"sid=good; a=b"))[0]) == "allow"
    optional = program(operation(security=((), *need(COOKIE))))
    for cookies in (b"sid=good; sid=bad", b"sid=good; sid =bad", b"sid=good; Sid=bad"):
        for one in (bound, optional):
            assert code(run(one, request(cookie=cookies))[0]) == "credential-invalid"
