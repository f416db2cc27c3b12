"""What tokens are bound to: proofs that are good once and here, certificates, nonces."""

from __future__ import annotations

import msgspec
import pytest
from kit.accounts import NOW
from kit.oauth import Party, claims_of, error_of
from kit.proofs import JKT, forged_claims, forged_headers

from yett.issuer.errors import OAuthError
from yett.terms import Certificate

THUMB = "A" * 43
CERTIFICATE = Certificate(thumbprint=THUMB, names=("dns:billing.internal",), expires=NOW + 60)
ITSELF = {"grant_type": "client_credentials"}


@pytest.fixture
def party(server):
    return Party(server)


def test_a_proof_binds_the_token(party):
    """`cnf.jkt` is the thumbprint of the proof's key, and the answer says so."""
    answer = party.send(**ITSELF, headers=party.dpop())
    assert answer["token_type"] == "DPoP"
    assert claims_of(answer["access_token"])["cnf"] == {"jkt": JKT}


def test_without_a_proof_it_is_a_bearer_token(party):
    """Who proves nothing gets a plain token, and it says nothing of a key."""
    answer = party.send(**ITSELF)
    assert answer["token_type"] == "Bearer"
    assert "cnf" not in claims_of(answer["access_token"])


@pytest.mark.parametrize("forge", [forged_headers, forged_claims])
def test_forged_proofs_are_refused(party, forge):
    """Every forged proof of the corpus: `invalid_dpop_proof`, never a bearer token instead."""
    for name, text in forge(NOW):
        headers = {"dpop": text.decode("latin-1")}
        assert error_of(party.send, **ITSELF, headers=headers) == "invalid_dpop_proof", name


def test_a_proof_is_for_this_endpoint_and_moment(party):
    """Another method, URL or time is refused; query, case of the host and port are not looked at."""
    for changed in (
        {"htm": "GET"},
        {"htu": "https://api.example.com/auth/par"},
        {"htu": "https://evil.example/auth/token"},
        {"htu": "http://api.example.com/auth/token"},
        {"iat": NOW - 61},
        {"iat": NOW + 61},
    ):
        headers = party.dpop(**changed)
        assert error_of(party.send, **ITSELF, headers=headers) == "invalid_dpop_proof", changed
    for htu in (
        "https://api.example.com/auth/token?x=1#y",
        "https://API.example.com:443/auth/token",
    ):
        assert party.send(**ITSELF, headers=party.dpop(htu=htu))["token_type"] == "DPoP"


def test_a_proof_is_good_once(party):
    """The same proof again is refused; with a refused request it was not used up."""
    proof = party.dpop()
    assert error_of(party.send, **ITSELF, headers=proof, scope="admin") == "invalid_scope"
    assert party.send(**ITSELF, headers=proof)
    assert error_of(party.send, **ITSELF, headers=proof) == "invalid_dpop_proof"


def test_a_nonce_is_demanded_and_given(server, party):
    """With `dpop.nonce` a proof without one gets it, and the next one with it is good (s8)."""
    identity = server.config.identity
    wanted = msgspec.structs.replace(identity.dpop, nonce=True)
    server.config = msgspec.structs.replace(
        server.config, identity=msgspec.structs.replace(identity, dpop=wanted)
    )
    for more in ({}, {"nonce": "made-up"}):
        with pytest.raises(OAuthError) as caught:
            party.send(**ITSELF, headers=party.dpop(**more))
        assert (caught.value.code, caught.value.status) == ("use_dpop_nonce", 400)
    nonce = dict(caught.value.headers)["dpop-nonce"]
    assert party.send(**ITSELF, headers=party.dpop(nonce=nonce))["token_type"] == "DPoP"
    party.now += 600
    assert error_of(party.send, **ITSELF, headers=party.dpop(nonce=nonce)) == "use_dpop_nonce"


def test_a_client_that_is_bound_gets_nothing_unbound(server):
    """`bound`: a proof or a certificate, else nothing, for every grant."""
    party = Party(server, name="strict", bound=True)
    assert error_of(party.send, **ITSELF) == "invalid_request"
    assert error_of(party.exchange) == "invalid_request"
    assert party.send(**ITSELF, headers=party.dpop())["token_type"] == "DPoP"
    answer = party.send(**ITSELF, certificate=CERTIFICATE)
    assert answer["token_type"] == "Bearer"
    assert claims_of(answer["access_token"])["cnf"] == {"x5t#S256": THUMB}


def test_a_certificate_binds_who_authenticates_by_it(server):
    """A client that is known by its certificate gets tokens bound to it; others do not."""
    known = Party(server, "tls_client_auth", name="m", certificate="dns:billing.internal")
    answer = known.send(**ITSELF, certificate=CERTIFICATE)
    assert claims_of(answer["access_token"])["cnf"] == {"x5t#S256": THUMB}
    plain = Party(server, name="p").send(**ITSELF, certificate=CERTIFICATE)
    assert "cnf" not in claims_of(plain["access_token"])


def test_a_proof_goes_before_a_certificate(server):
    """A token is bound to one thing: with both, to the key of the proof (a `cnf` has one member)."""
    known = Party(server, "tls_client_auth", name="m", certificate="dns:billing.internal")
    answer = known.send(**ITSELF, certificate=CERTIFICATE, headers=known.dpop())
    assert claims_of(answer["access_token"])["cnf"] == {"jkt": JKT}
