"""Client assertions: five minutes, one audience, one use, and the key that was registered."""

from __future__ import annotations

import threading

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from kit.accounts import NOW
from kit.hostile import RSA, compact, ec_jwk, es, hs, ps, rs, rsa_jwk
from kit.oauth import KEY, Party, assertion, error_of

from yett.issuer.assertion import ASSERTION_TYPE, claimed_client
from yett.issuer.client_auth import identify
from yett.issuer.errors import OAuthError
from yett.issuer.http import Ask

OTHER = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def party(server):
    return Party(server, "private_key_jwt", name="svc")


def ask(form, path="/token"):
    return Ask(method="POST", path=path, now=NOW, form=form, source="192.0.2.7")


def signed(head, claims, sign):
    text = compact(head, claims, sign).decode()
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": text}


def good(server, **changed):
    return {
        "iss": "svc",
        "sub": "svc",
        "aud": server.url,
        "jti": "j",
        "exp": NOW + 60,
        **changed,
    }


def test_the_audiences_that_are_ours(server, party):
    """The issuer, the token endpoint, and the endpoint that is asked; also as a list of one."""
    for aud in (server.url, server.at("/token"), [server.url], server.at("/par")):
        assert identify(server, ask(assertion(server, "svc", aud=aud), "/par")).id == "svc"
    assert error_of(identify, server, ask(assertion(server, "svc", aud=server.at("/par"))))


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "other"},
        {"iss": ...},
        {"sub": "other"},
        {"sub": ...},
        {"sub": ["svc"]},
        {"aud": ...},
        {"aud": []},
        {"aud": "https://evil.example"},
        {"aud": "https://api.example.com/auth/"},
        {"aud": "https://api.example.com"},
        {"aud": ["https://api.example.com/auth", "https://evil.example"]},
        {"aud": [["https://api.example.com/auth"]]},
        {"aud": {"https://api.example.com/auth": 1}},
        {"aud": None},
        {"exp": ...},
        {"exp": None},
        {"exp": str(int(NOW) + 60)},
        {"exp": True},
        {"exp": NOW - 31},
        {"exp": NOW + 331, "iat": ...},
        {"exp": NOW + 3600, "iat": NOW - 331},
        {"exp": 10**30},
        {"exp": [NOW + 60]},
        {"nbf": NOW + 60},
        {"nbf": "x"},
        {"iat": NOW + 60},
        {"jti": ...},
        {"jti": ""},
        {"jti": 7},
        {"jti": "a\nb"},
        {"jti": "x" * 256},
    ],
)
def test_claims_that_are_refused(server, party, changed):
    """Each claim that is wrong, missing or of another type is refused."""
    assert error_of(identify, server, ask(assertion(server, "svc", **changed))) == "invalid_client"


def test_it_is_good_for_five_minutes_whatever_it_says(server, party):
    """An `exp` of an hour is taken where `iat` says how old it is, and counts for five minutes."""
    sent = assertion(server, "svc", exp=int(NOW) + 3600)
    for later, good in ((331, False), (329, True)):
        late = msgspec.structs.replace(ask(sent), now=NOW + later)
        assert good == (error_of_or_none(late, server) is None)


def error_of_or_none(sent, server):
    try:
        identify(server, sent)
    except OAuthError as error:
        return error.code
    return None


def test_what_its_header_may_not_say(server, party):
    """Its kind and its key are what was registered; whatever names a key itself is refused."""
    for header in (
        {"typ": "at+jwt"},
        {"typ": "dpop+jwt"},
        {"typ": "logout+jwt"},
        {"kid": "k2"},
        {"kid": ""},
        {"kid": None},
        {"kid": "../k1"},
        {"alg": "none"},
        {"alg": "ES384"},
        {"alg": "HS256"},
        {"jwk": ec_jwk(OTHER, "k1")},
        {"jku": "https://evil.example/keys"},
        {"x5c": []},
        {"crit": []},
    ):
        sent = assertion(server, "svc", header=header)
        assert error_of(identify, server, ask(sent)) == "invalid_client", header
    for kind in ("JWT", "jwt", "client-authentication+jwt", ...):
        sent = assertion(server, "svc", header={"typ": kind})
        assert identify(server, ask(sent)), kind


def test_the_only_key_need_not_be_named(server, party):
    """Authlib writes no `kid`; with several keys it is needed, and none is tried after the other."""
    sent = assertion(server, "svc", header={"kid": ...})
    assert identify(server, ask(sent)).id == "svc"
    assert error_of(identify, server, ask(sent)) == "invalid_client", "good once, as any"
    unnamed = {"kid": ...}
    assert error_of(identify, server, ask(assertion(server, "svc", header=unnamed, key=OTHER)))
    both = [ec_jwk(KEY, "k1", alg="ES256"), ec_jwk(OTHER, "k2", alg="ES256")]
    party.change(jwks={"keys": both})
    for key in (KEY, OTHER):
        assert error_of(identify, server, ask(assertion(server, "svc", header=unnamed, key=key)))
    assert identify(server, ask(assertion(server, "svc"))).id == "svc"


def test_signatures_that_are_refused(server, party):
    """Another key, the public key as a secret, no signature, `none`."""
    head = {"alg": "ES256", "kid": "k1"}
    public = msgspec.json.encode(ec_jwk(KEY, "k1"))
    assert error_of(identify, server, ask(assertion(server, "svc", key=OTHER)))
    for forged in (
        signed(head, good(server), lambda message: es(OTHER, message)),
        signed({**head, "alg": "HS256"}, good(server), hs(public)),
        signed(head, good(server), hs(public)),
        signed({**head, "alg": "none"}, good(server), lambda _: b""),
        signed(head, good(server), lambda _: bytes(64)),
        {"client_assertion_type": ASSERTION_TYPE, "client_assertion": "x"},
        {"client_assertion_type": ASSERTION_TYPE, "client_assertion": "a.b.c"},
        {"client_assertion_type": ASSERTION_TYPE, "client_assertion": "é.é.é"},
    ):
        assert error_of(identify, server, ask(forged)) == "invalid_client"


def test_the_type_of_the_assertion_must_be_known(server, party):
    """A SAML assertion or none at all is no JWT."""
    sent = assertion(server, "svc")
    for kind in ("urn:ietf:params:oauth:client-assertion-type:saml2-bearer", "", "x"):
        changed = {**sent, "client_assertion_type": kind}
        assert error_of(identify, server, ask(changed)) == "invalid_request"


def test_the_algorithm_is_that_of_the_key(server):
    """An RSA key registered for PS256 does not verify RS256 (RFC 8725 3.1)."""
    party = Party(server, "private_key_jwt", name="svc")
    party.change(jwks={"keys": [rsa_jwk(RSA, "r1", alg="PS256")]})
    claims = good(server)
    rs256 = signed({"alg": "RS256", "kid": "r1"}, claims, lambda m: rs(RSA, m))
    ps256 = signed({"alg": "PS256", "kid": "r1"}, claims, lambda m: ps(RSA, m))
    assert error_of(identify, server, ask(rs256)) == "invalid_client"
    assert identify(server, ask(ps256)).id == "svc"


def test_it_is_good_once(server, party):
    """The same assertion, and another one with its `jti`, are refused for as long as they live."""
    sent = assertion(server, "svc", jti="once")
    assert identify(server, ask(sent))
    assert error_of(identify, server, ask(sent)) == "invalid_client"
    assert error_of(identify, server, ask(assertion(server, "svc", jti="once", exp=NOW + 99)))
    other = Party(server, "private_key_jwt", name="svc2")
    assert identify(server, ask(assertion(server, other.name, jti="once"))), "a jti is its client's"


def test_of_many_at_once_one_is_good(server, party):
    """Ten threads with one assertion: one gets in."""
    sent, results = assertion(server, "svc"), []

    def go():
        try:
            results.append(identify(server, ask(sent)).id)
        except Exception as error:  # noqa: BLE001 - what it was is looked at below
            results.append(getattr(error, "code", repr(error)))

    threads = [threading.Thread(target=go) for _ in range(10)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(results) == ["invalid_client"] * 9 + ["svc"]


def test_an_old_key_is_gone_once_it_is_replaced(server, party):
    """A key set that is replaced takes effect with the next request."""
    party.change(jwks={"keys": [ec_jwk(OTHER, "k1", alg="ES256")]})
    assert error_of(identify, server, ask(assertion(server, "svc")))
    assert identify(server, ask(assertion(server, "svc", key=OTHER)))
    party.change(jwks={})
    assert error_of(identify, server, ask(assertion(server, "svc", key=OTHER)))


def test_whom_it_claims_to_be_of():
    """The subject if there is one, and nothing where it cannot be read."""
    text = compact({"alg": "ES256", "kid": "k"}, {"sub": "x"}, lambda m: es(KEY, m)).decode()
    assert claimed_client(text) == "x"
    assert claimed_client("junk") == ""
    number = compact({"alg": "ES256", "kid": "k"}, {"sub": 1}, lambda m: es(KEY, m)).decode()
    assert claimed_client(number) == ""
