"""Step 4: a bound credential is good only from who holds its key, an unbound one only as such."""

from __future__ import annotations

import pytest
from kit import proofs
from kit.engine import ALICE, BEARER, COOKIE, ENFORCED, need, operation, program, request
from msgspec.structs import replace

from yett.contract.model import SecurityScheme, Sensitive
from yett.credentials.verifier import Verified
from yett.engine import response
from yett.engine.program import build
from yett.engine.questions import Introspect
from yett.problems import CREDENTIAL_INVALID
from yett.terms import Certificate, Mode

NOW = 1000.0
URL = "http://api.test/things/7"
TOKEN = b"bound"
OURS = "nonce-of-ours"
X5T = "S7y3Jn2ZPWZbVEr0Xm0k4Q6d9tT0Kf1oYbV5m9rjJ1A"
OIDC = SecurityScheme(name="oidc", type="openIdConnect")


@pytest.fixture
def view(view):
    view.tokens[TOKEN] = Verified(replace(ALICE, binding=f"jkt:{proofs.JKT}"))
    view.tokens[b"by-certificate"] = Verified(replace(ALICE, binding=f"x5t:{X5T}"))
    return view


def with_dpop(bound, **changed):
    """The same program where `[identity.dpop]` says something else."""
    config = bound.policy.config
    identity = replace(config.identity, dpop=replace(config.identity.dpop, **changed))
    policy = replace(bound.policy, config=replace(config, identity=identity))
    return build(policy)


def proof(method="GET", url=URL, token=TOKEN, **changed):
    return proofs.proof(method, url, token, now=NOW, **changed)


def asked(scheme=b"DPoP", token=TOKEN, shown=None, **headers):
    if shown is not None:
        headers["dpop"] = shown
    return request(authorization=scheme + b" " + token, **headers)


def told(decision):
    """Code and error of a refusal's `DPoP` challenge; `allow` for none."""
    if decision.problem is None:
        return "allow"
    challenges = [value for name, value in decision.problem.headers if name == b"www-authenticate"]
    spoken = [one for one in challenges if one.startswith(b"DPoP algs=")]
    assert spoken, challenges
    error = spoken[0].partition(b'error="')[2].partition(b'"')[0].decode()
    return decision.problem.code, error


INVALID = ("proof-invalid", "invalid_dpop_proof")
INVALID_TOKEN = ("credential-invalid", "invalid_token")
DOWNGRADED = ("credential-invalid", "")


@pytest.mark.parametrize("scheme", [b"DPoP", b"dpop", b"DPOP"])
def test_a_bound_token_with_its_proof_passes(run, scheme):
    """Scheme `DPoP` in any case, one proof for this very request: the principal is known."""
    decision, x, _ = run(program(operation()), asked(scheme, shown=proof()))
    assert told(decision) == "allow"
    assert x.principal.id == ALICE.id


def test_a_bound_token_without_proof_is_refused(run):
    """In the scheme `DPoP` without a proof a token is not worth anything."""
    assert told(run(program(operation()), asked())[0]) == INVALID


@pytest.mark.parametrize("shown", [None, proof()])
@pytest.mark.parametrize("scheme", [b"Bearer", b"bearer"])
def test_a_bound_token_as_bearer_is_refused(run, scheme, shown):
    """RFC 9449 s7.2: as a bearer token a bound one is a stolen one, whatever else is sent along."""
    decision, x, _ = run(program(operation()), asked(scheme, shown=shown))
    assert told(decision) == DOWNGRADED
    assert decision.problem.headers[0] == (b"www-authenticate", b'Bearer error="invalid_token"')
    assert not x.principal.id


def test_an_unbound_token_in_the_scheme_is_refused(run):
    """Who reads only the scheme would take an unbound token for a bound one."""
    shown = proof(token=b"good")
    found = told(run(program(operation()), asked(token=b"good", shown=shown))[0])
    assert found == ("credential-invalid", "invalid_token")


def test_a_proof_for_another_host_cannot_be_sent_on(run, view):
    """Whoever was sent token and proof by mistake gains nothing by its own name in `Host`."""
    lured = proof(url="http://evil.test/things/7")
    sent_on = replace(asked(shown=lured), authority="evil.test")
    assert told(run(program(operation()), sent_on)[0]) == "allow"
    view.used = frozenset()
    pinned = with_dpop(program(operation()), hosts=("api.test", "api.test:8443"))
    assert told(run(pinned, sent_on)[0]) == INVALID
    assert not view.used
    for host in ("api.test", "api.test:80", "api.test:8443"):
        good = replace(asked(shown=proof(url=f"http://{host}/things/7")), authority=host)
        assert told(run(pinned, good)[0]) == "allow", host
    for host in ("api.test:443", "api.test.evil.test", "xapi.test"):
        bad = replace(asked(shown=proof(url=f"http://{host}/things/7")), authority=host)
        assert told(run(pinned, bad)[0]) == INVALID, host


@pytest.mark.parametrize("shown", [None, proof(token=b"good")])
@pytest.mark.parametrize("every", [need(COOKIE) + need(), (need(COOKIE)[0] + need()[0],)])
def test_an_unbound_token_in_a_cookie_is_none_for_the_scheme(run, every, shown):
    """What a cookie has proven does not make the same unbound token good in `DPoP`."""
    asked_for = asked(token=b"good", shown=shown, cookie=b"sid=good")
    found = told(run(program(operation(security=every)), asked_for)[0])
    assert found == ("credential-invalid", "invalid_token")


def test_an_unbound_bearer_token_needs_no_proof(run):
    """A client may send proofs along before its tokens are bound."""
    assert told(run(program(operation()), asked(b"Bearer", b"good", b"nonsense"))[0]) == "allow"


def test_an_api_key_in_the_scheme_is_no_credential(run, view):
    """An API key is bound to nothing."""
    view.tokens[b"yett_key"] = Verified(ALICE)
    decision, _, _ = run(program(operation()), asked(token=b"yett_key", shown=proof()))
    assert decision.problem.code == "credential-invalid"


@pytest.mark.parametrize("name", proofs.FORGED)
def test_no_forged_proof_passes(run, view, name):
    """Every negative of the conformance suite ends in a 401 that says what to send instead."""
    decision, _, _ = run(program(operation()), asked(shown=proofs.FORGED[name]))
    assert told(decision) in {INVALID, ("credential-invalid", "invalid_token")}
    assert decision.problem.status == 401
    assert decision.problem.detail == decision.problem.kind.detail
    assert not view.used


def test_a_proof_of_another_key_is_refused(run):
    """A stolen token with the thief's own proof is refused: the binding is to another key."""
    shown = proof(key=proofs.STRANGER)
    found = told(run(program(operation()), asked(shown=shown))[0])
    assert found == ("credential-invalid", "invalid_token")


@pytest.mark.parametrize(
    "shown",
    [
        proof("POST"),
        proof(url="http://api.test/things/8"),
        proof(url="https://api.test/things/7"),
        proof(url="http://other.test/things/7"),
        proof(token=b"other"),
        proof(token=None),
        proof(iat=NOW - 61),
        proof(iat=NOW + 61),
        proof() + b", " + proof(),
    ],
)
def test_a_proof_for_something_else_is_refused(run, view, shown):
    """Another method, URL, scheme of the URL, host, token or time is another request."""
    assert told(run(program(operation()), asked(shown=shown))[0]) == INVALID
    assert not view.used


@pytest.mark.parametrize("url", [URL + "?a=1", URL + "#x", "HTTP://API.test:80/things/%37"])
def test_the_url_has_many_spellings(run, url):
    """Query, fragment, case, default port and escapes of `htu` do not count."""
    assert told(run(program(operation()), asked(shown=proof(url=url)))[0]) == "allow"


def test_behind_tls_the_url_is_https(run):
    """`htu` is the URL that the client saw: with TLS, here or at a trusted proxy, `https`."""
    seen = replace(asked(shown=proof(url="https://api.test/things/7")), secure=True)
    assert told(run(program(operation()), seen)[0]) == "allow"
    assert told(run(program(operation()), replace(asked(shown=proof()), secure=True))[0]) == INVALID


def test_a_proof_is_good_once(run):
    """The same proof is refused the second time, also for the same request."""
    shown, bound = proof(), program(operation())
    assert told(run(bound, asked(shown=shown))[0]) == "allow"
    assert told(run(bound, asked(shown=shown))[0]) == INVALID
    assert told(run(bound, asked(shown=proof()))[0]) == "allow"


def test_a_refused_proof_takes_no_place(run, view):
    """Only what would have passed is remembered, so garbage cannot fill the memory."""
    run(program(operation()), asked(shown=proof("POST")))
    run(program(operation()), asked(token=b"nobody", shown=proof(token=b"nobody")))
    assert not view.used


def test_two_schemes_of_one_token_use_one_proof(run):
    """An operation that names two schemes for the same field asks for one proof, once."""
    both = program(operation(security=(need(BEARER)[0] + need(OIDC)[0],)))
    decision, x, _ = run(both, asked(shown=proof()))
    assert told(decision) == "allow"
    assert set(x.proven) == {"oauth", "oidc"}


def test_a_nonce_is_asked_for_and_accepted(run, view):
    """With `nonce` a proof needs one of ours; the refusal brings it and counts against nobody."""
    bound = with_dpop(program(operation()), nonce=True)
    for nonce in (..., "nonce-of-others"):
        decision, _, _ = run(bound, asked(shown=proof(nonce=nonce)))
        assert told(decision) == ("proof-nonce-needed", "use_dpop_nonce")
        assert dict(decision.problem.headers)[b"dpop-nonce"] == OURS.encode()
    assert not view.failures
    decision, x, _ = run(bound, asked(shown=proof(nonce=OURS)))
    assert told(decision) == "allow"
    assert b"dpop-nonce: nonce-of-ours\r\n" in response.fields(x, 200)


def test_without_the_setting_no_nonce_is_given_or_wanted(run):
    """A client that still sends a nonce after the setting was taken back is not refused."""
    decision, x, _ = run(program(operation()), asked(shown=proof(nonce="old")))
    assert told(decision) == "allow"
    assert b"dpop-nonce" not in response.fields(x, 200)


def test_without_a_key_for_nonces_nothing_passes(run, view):
    """Where no nonce can be made the gate says that it is in trouble, and lets nobody in."""
    view.nonce, view.accepts_nonce = lambda now: b"", lambda nonce, now: False
    decision, _, _ = run(with_dpop(program(operation()), nonce=True), asked(shown=proof()))
    assert decision.problem.code == "keys-unavailable"


def test_only_configured_algorithms_sign_proofs(run):
    """`algorithms` is what the challenge says and what passes."""
    bound = with_dpop(program(operation()), algorithms=("PS256",))
    decision, _, _ = run(bound, asked(shown=proof()))
    assert told(decision) == INVALID
    assert decision.problem.headers[0][1].startswith(b'DPoP algs="PS256", error=')


def test_a_bound_token_in_a_cookie_is_refused(run):
    """A cookie is sent by whoever has it; there is no scheme in which it could be proven."""
    bound = program(operation(security=need(COOKIE, "read")))
    decision, _, _ = run(bound, request(cookie=b"sid=bound", dpop=proof()))
    assert told(decision) == DOWNGRADED


def test_an_introspected_token_needs_its_proof_too(run, view):
    """What an issuer says of an opaque token binds it as a claim would."""
    known = view.tokens[TOKEN]
    answers = [Verified(None, "iss", opaque=True), known] * 2
    view.verify = lambda *_: answers.pop(0)
    decision, _, questions = run(program(operation()), asked(b"Bearer"), True)
    assert questions == [Introspect("iss", TOKEN)]
    assert told(decision) == DOWNGRADED
    assert told(run(program(operation()), asked(shown=proof()), True)[0]) == "allow"


def test_refusals_speak_the_scheme_of_the_client(run, view):
    """Who sends `DPoP` is challenged in `DPoP`, whichever step refuses."""
    bound = program(operation(security=need(BEARER, "write")))
    decision, _, _ = run(bound, asked(shown=proof()))
    assert told(decision) == ("scope-missing", "insufficient_scope")
    assert b'scope="write"' in decision.problem.headers[0][1]
    view.banned.add(ALICE.id)
    assert told(run(bound, asked(shown=proof()))[0]) == ("credential-revoked", "invalid_token")
    view.verify = lambda *_: CREDENTIAL_INVALID(
        headers=((b"www-authenticate", b'Bearer error="invalid_token"'),)
    )
    assert told(run(bound, asked(shown=proof()))[0]) == ("credential-invalid", "invalid_token")


@pytest.mark.parametrize(
    ("shown", "passes"),
    [
        (None, False),
        (Certificate(thumbprint="other"), False),
        (Certificate(thumbprint=X5T, expires=1.0), False),
        (Certificate(thumbprint=X5T), True),
    ],
)
@pytest.mark.parametrize("where", ["authorization", "cookie"])
def test_a_token_of_a_certificate_needs_it(run, shown, passes, where):
    """RFC 8705 s3: the certificate of this connection is the one that the token names."""
    scheme = BEARER if where == "authorization" else COOKIE
    headers = {
        "authorization": {"authorization": b"Bearer by-certificate"},
        "cookie": {"cookie": b"sid=by-certificate"},
    }[where]
    seen = replace(request(**headers), certificate=shown)
    decision, _, _ = run(program(operation(security=need(scheme, "read"))), seen)
    assert (decision.problem is None) is passes
    assert passes or decision.problem.code == "credential-invalid"


def test_a_token_of_a_certificate_is_none_in_the_other_scheme(run):
    """`DPoP` proves a key by a proof; a certificate is no such key."""
    seen = replace(
        asked(token=b"by-certificate", shown=proof(token=b"by-certificate")),
        certificate=Certificate(thumbprint=X5T),
    )
    assert told(run(program(operation()), seen)[0]) == ("credential-invalid", "invalid_token")


@pytest.mark.parametrize(
    ("called", "bind", "told_"),
    [
        ("pay", "operation", "allow"),
        ("pay", "", INVALID_TOKEN),
        ("other", "operation", INVALID_TOKEN),
    ],
)
def test_a_key_and_an_operation_bind_both(run, view, called, bind, told_):
    """A token for one call that is bound to a key needs the proof, and is for that call alone."""
    view.tokens[TOKEN] = Verified(replace(ALICE, binding=f"jkt:{proofs.JKT} operation:pay"))
    demand = Sensitive(bind=bind)
    # Step 12 has tests of its own.
    one = operation(id=called, demand=demand, modes=ENFORCED | {"sensitive": Mode.OFF})
    assert told(run(program(one), asked(shown=proof()))[0]) == told_
    assert told(run(program(one), asked())[0])[0] in {"proof-invalid", "credential-invalid"}


def test_a_proof_is_remembered_for_longer_than_it_is_good(run, view):
    """A request that arrived in time and waited for keys cannot outlive the memory of its proof."""
    noted, use = [], view.first_use
    view.first_use = lambda name, until, made, now: (
        noted.append((until, made)) or use(name, until, made, now)
    )
    run(program(operation()), asked(shown=proof(iat=NOW + 5)))
    assert noted == [(NOW + 5 + 60 + 30, NOW + 5)]
