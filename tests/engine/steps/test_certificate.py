"""Step 4, the certificate: what was shown in the handshake makes a service of an operation's."""

from __future__ import annotations

import pytest
from kit.engine import BEARER, KEY, Mode, build, need, operation, program, request
from msgspec.structs import replace

from yett.contract.config import IdentityConfig
from yett.contract.identity_settings import CertificateConfig
from yett.contract.model import Need, SecurityScheme
from yett.terms import Certificate

MTLS = SecurityScheme(name="mtls", type="mutualTLS")
NAMES = IdentityConfig(
    certificate=(
        CertificateConfig(name="uri:spiffe://a/b", service="billing", scopes=("read",)),
        CertificateConfig(name="dns:b.example", service="banned"),
    )
)
GOOD = b"Bearer good"
ONLY = need(MTLS)
EITHER = (*need(BEARER, "read"), *need(MTLS, "read"))
BOTH = ((Need(MTLS, frozenset()), Need(BEARER, frozenset({"read"}))),)


def certificate(name="uri:spiffe://a/b"):
    return Certificate(thumbprint="T" * 43, names=(name,), expires=1e12)


def bound(security, method="GET", **changes):
    made = program(operation(method, security=security, **changes))
    config = replace(made.policy.config, identity=NAMES)
    return build(replace(made.policy, config=config))


def asked(shown=None, method="GET", **headers):
    return replace(request(method=method, **headers), certificate=shown)


def code(decision):
    return decision.problem.code if decision.problem else "allow"


def test_a_service_is_known_by_its_certificate(run):
    """Its principal is the service, with the scopes it was given."""
    decision, x, _ = run(bound(need(MTLS, "read")), asked(certificate()))
    assert code(decision) == "allow"
    assert (x.principal.id, x.principal.kind, x.principal.scheme) == (
        "billing",
        "service",
        "certificate",
    )
    decision, _, _ = run(bound(need(MTLS, "write")), asked(certificate()))
    assert code(decision) == "scope-missing"


def test_without_one_the_challenge_says_what_is_needed(run):
    """A 401 with a challenge for each way there is."""
    decision, _, _ = run(bound(ONLY), asked(authorization=GOOD))
    assert (decision.step, code(decision)) == (4, "credential-missing")
    assert decision.problem.headers == ((b"www-authenticate", b"ClientCertificate"),)
    decision, _, _ = run(bound(EITHER), asked())
    schemes = [value.split()[0] for _, value in decision.problem.headers]
    assert (code(decision), schemes) == (
        "credential-missing",
        [b"Bearer", b"DPoP", b"ClientCertificate"],
    )


def test_a_certificate_of_nobody_is_refused(run):
    """It was presented, and it is good for nothing here."""
    for security in (ONLY, BOTH, ((), *ONLY)):
        decision, _, _ = run(bound(security), asked(certificate("dns:x.example")))
        assert (decision.step, code(decision)) == (4, "credential-invalid")


def test_a_certificate_of_a_token_need_be_nobodys(run):
    """Where a token alone would do, the certificate may be there for the token to be bound to."""
    decision, x, _ = run(bound(EITHER), asked(certificate("dns:x.example"), authorization=GOOD))
    assert (code(decision), x.principal.id) == ("allow", "alice")


def test_either_will_do(run):
    """A token or a certificate; and a token that is bad is not made good by a certificate."""
    assert code(run(bound(EITHER), asked(authorization=GOOD))[0]) == "allow"
    assert code(run(bound(EITHER), asked(certificate()))[0]) == "allow"
    bad = asked(certificate(), authorization=b"Bearer bad")
    assert code(run(bound(EITHER), bad)[0]) == "credential-invalid"


def test_both_are_needed(run):
    """The principal is the token's; the certificate alone, or the token alone, is not enough."""
    decision, x, _ = run(bound(BOTH), asked(certificate(), authorization=GOOD))
    assert (code(decision), x.principal.id) == ("allow", "alice")
    assert {name: one.id for name, one in x.proven.items()} == {"oauth": "alice", "mtls": "billing"}
    assert code(run(bound(BOTH), asked(certificate()))[0]) == "credential-missing"
    assert code(run(bound(BOTH), asked(authorization=GOOD))[0]) == "credential-missing"
    other = asked(certificate("dns:x.example"), authorization=GOOD)
    assert code(run(bound(BOTH), other)[0]) == "credential-invalid"


def test_with_an_api_key(run):
    """A key in a field is no certificate, and the challenge does not ask for a token."""
    security = (*need(KEY), *need(MTLS))
    decision, _, _ = run(bound(security), asked())
    assert decision.problem.headers == ((b"www-authenticate", b"ClientCertificate"),)


def test_a_revoked_service_is_refused(run, view):
    """Alone, and beside a token that is good."""
    view.banned.add("banned")
    shown = certificate("dns:b.example")
    assert code(run(bound(ONLY), asked(shown))[0]) == "credential-revoked"
    assert code(run(bound(BOTH), asked(shown, authorization=GOOD))[0]) == "credential-revoked"


def test_where_it_is_optional(run):
    """Nothing shown is nobody; what is shown counts."""
    assert code(run(bound(((), *ONLY)), asked())[0]) == "allow"
    _, x, _ = run(bound(ONLY, public=True), asked(certificate()))
    assert x.principal.id == "billing"
    _, x, _ = run(bound(ONLY, public=True), asked())
    assert x.principal.id == ""


def test_an_operation_without_the_scheme_does_not_look(run):
    """A certificate says nothing where nobody asks for one."""
    decision, x, _ = run(bound(need(BEARER, "read")), asked(certificate()))
    assert (code(decision), x.principal.id) == ("credential-missing", "")


def test_in_mode_observe_it_is_noted(run):
    """A rule that is tried out lets go, and says so."""
    modes = dict.fromkeys(operation().modes, Mode.OBSERVE)
    decision, x, _ = run(bound(ONLY, modes=modes), asked())
    assert code(decision) == "allow"
    assert x.observed[0].code == "credential-missing"


@pytest.mark.parametrize(
    ("site", "expected"), [(b"cross-site", "cross-site-request"), (b"same-origin", "allow")]
)
def test_a_browser_shows_it_to_every_site(run, site, expected):
    """As a cookie, so it is no consent (CWE-352); other operations do not care."""
    decision, _, _ = run(
        bound(ONLY, "POST"), asked(certificate(), method="POST", sec_fetch_site=site)
    )
    assert code(decision) == expected
    plain = bound(need(BEARER, "read"), "POST")
    wanted = asked(certificate(), method="POST", sec_fetch_site=site, authorization=GOOD)
    assert code(run(plain, wanted)[0]) == "allow"
