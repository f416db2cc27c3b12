"""What could never work or would let answers go to strangers is not registered."""

from __future__ import annotations

import msgspec
import pytest
from kit.accounts import NOW
from kit.hostile import RSA, ec_jwk, rsa_jwk
from kit.oauth import GRANTS, KEY, REDIRECT

from yett.issuer.client_checks import GRANT_TYPES, check_client, refuse_uri
from yett.state.accounts.clients import Client
from yett.state.errors import StateError

GOOD = Client(
    id="c_1",
    kind="confidential",
    name="Web shop",
    auth="client_secret_basic",
    grants=GRANTS,
    redirects=(REDIRECT,),
    scopes=("orders:read", "openid"),
    created=NOW,
)
PUBLIC = msgspec.structs.replace(
    GOOD, kind="public", auth="none", grants=("authorization_code", "refresh_token")
)
KEYED = msgspec.structs.replace(
    GOOD, auth="private_key_jwt", jwks={"keys": [ec_jwk(KEY, "k1", alg="ES256")]}
)


def refused(server, client, **fields):
    with pytest.raises(StateError) as caught:
        check_client(server, msgspec.structs.replace(client, **fields))
    assert caught.value.hint, "each refusal has a next step"
    return str(caught.value)


def test_good_clients_pass(server):
    """One of each kind that we mean to have."""
    for client in (GOOD, PUBLIC, KEYED):
        check_client(server, client)
    change = msgspec.structs.replace
    check_client(server, change(GOOD, auth="tls_client_auth", certificate="dns:x.internal"))
    pinned = "x5t:" + "A" * 43
    check_client(server, change(GOOD, auth="self_signed_tls_client_auth", certificate=pinned))
    service = change(
        GOOD, kind="service", scopes=(), roles=("clerk",), redirects=(), grants=GRANT_TYPES[2:]
    )
    check_client(server, service)


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"name": "  "},
        {"name": "a\nb"},
        {"name": "x" * 101},
        {"auth": "client_secret_jwt"},
        {"auth": "none"},
        {"kind": "public"},
        {"grants": ()},
        {"grants": ("password",)},
        {"grants": ("implicit",)},
        {"redirects": ()},
        {"redirects": (REDIRECT,) * 33},
        {"logout_redirects": ("javascript:alert(1)",)},
        {"scopes": ("orders:delete",)},
        {"roles": ("clerk",)},
        {"jwks": {"keys": []}},
        {"certificate": "dns:x"},
        {"auth": "tls_client_auth", "certificate": ""},
        {"auth": "tls_client_auth", "certificate": "x.internal"},
        {"auth": "tls_client_auth", "certificate": "x5t:" + "A" * 43},
        {"auth": "self_signed_tls_client_auth", "certificate": "dns:x"},
        {"auth": "self_signed_tls_client_auth", "certificate": "x5t:short"},
    ],
)
def test_what_is_refused(server, fields):
    """Each mistake alone."""
    refused(server, GOOD, **fields)


def test_a_public_client_gets_no_grant_that_needs_a_secret(server):
    """Whoever keeps no secret cannot act for itself or exchange tokens."""
    for grant in GRANT_TYPES[2:3] + GRANT_TYPES[4:]:
        said = refused(server, PUBLIC, grants=(grant,))
        assert said == f"a public client cannot use `{grant}`"


def test_a_service_has_no_scopes_about_a_person(server):
    """Nobody is behind it: `openid` and its kin say nothing."""
    refused(server, GOOD, kind="service", scopes=("openid",))


@pytest.mark.parametrize(
    "jwks",
    [
        {},
        {"keys": []},
        {"keys": "x"},
        {"keys": [{"kty": "oct", "k": "AAAA", "kid": "a"}]},
        {"keys": [{**ec_jwk(KEY, "k1"), "d": "AAAA"}]},
        {"keys": [ec_jwk(KEY, "k1"), ec_jwk(KEY, "k1")]},
        {"keys": [{**ec_jwk(KEY, "k1"), "use": "enc"}]},
        {"keys": [{name: value for name, value in ec_jwk(KEY, "k1").items() if name != "kid"}]},
        {"keys": [ec_jwk(KEY, "k1", alg="ES256"), rsa_jwk(RSA, "r", alg="RS1")]},
    ],
)
def test_keys_that_are_refused(server, jwks):
    """Private, symmetric, ambiguous, for something else: none of a set may be unusable."""
    assert refused(server, KEYED, jwks=jwks).startswith("its keys cannot be used: ")


@pytest.mark.parametrize(
    "uri",
    [
        "https://app.example.com/callback",
        "https://app.example.com:8443/callback?tenant=1",
        "https://[2001:db8::1]/callback",
        "http://127.0.0.1/callback",
        "http://127.0.0.1:8123/callback",
        "http://[::1]/callback",
        "com.example.app:/callback",
    ],
)
def test_addresses_that_reach_their_owner(uri):
    """https, loopback for native programs, a reversed domain as a scheme (RFC 8252 s7)."""
    assert refuse_uri(uri) == ""


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "/callback",
        "//app.example.com/callback",
        "app.example.com/callback",
        "http://app.example.com/callback",
        "http://localhost/callback",
        "http://127.0.0.1.evil.example/callback",
        "http://127.0.0.1@evil.example/callback",
        "http://127.0.0.1:80@evil.example/callback",
        "https://user@app.example.com/callback",
        "https://*.example.com/callback",
        "https://app.example.com/*",
        "https://app.example.com/callback#",
        "https://app.example.com/callback#x",
        "https:///callback",
        "https:callback",
        "https://app.example.com\\@evil.example/",
        "https://app.example.com/ callback",
        "https://app.example.com/callback\n",
        "https://app.example.com:99999/",
        "https://[::1/",
        "https://äpp.example.com/",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "myapp:/callback",
        "myapp://callback",
        "com.example.app://callback",
        "https://app.example.com;script-src/callback",
        "https://app.example.com'/callback",
        "https://app%2eexample.com/callback",
        "https://app.example.com/" + "x" * 2048,
    ],
)
def test_addresses_that_may_reach_somebody_else(uri):
    """Plain http, wildcards, fragments, users, schemes that anybody can claim."""
    assert refuse_uri(uri)
