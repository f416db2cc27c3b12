"""Key sets: which keys may verify, and which sets have no single answer."""

from __future__ import annotations

import json
import warnings

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, settings
from hypothesis import strategies as st
from kit import hostile

from yett.credentials.keyset import MAX_KEYS, KeySetError, load_keys

ALL = ("ES256", "ES384", "RS256", "PS256", "EdDSA")
EC_JWK = hostile.ec_jwk(hostile.EC, "ec")
RSA_JWK = hostile.rsa_jwk(hostile.RSA, "rsa")
SECRET = {"kty": "oct", "kid": "s", "k": hostile.b64(bytes(64)).decode()}


def load(*jwks, algorithms=ALL):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return load_keys(json.dumps({"keys": jwks}).encode(), algorithms)


def test_keys_are_bound_to_the_algorithms_both_sides_allow():
    """A key verifies what its type, its `alg` and the configuration allow, nothing else."""
    keys = load(EC_JWK, RSA_JWK, hostile.rsa_jwk(hostile.RSA, "ps", alg="PS256")).keys
    assert keys["ec"].algorithms == {"ES256"}
    assert keys["rsa"].algorithms == {"RS256", "PS256"}
    assert keys["ps"].algorithms == {"PS256"}
    assert load(RSA_JWK, algorithms=("RS256",)).keys["rsa"].algorithms == {"RS256"}


@pytest.mark.parametrize(
    ("jwk", "reason"),
    [
        ({**RSA_JWK, "use": "enc"}, "`use` is not `sig`"),
        ({**RSA_JWK, "use": 1}, "`use` is not `sig`"),
        ({**RSA_JWK, "key_ops": ["encrypt"]}, "`key_ops` does not allow `verify`"),
        ({**RSA_JWK, "key_ops": "verify"}, "`key_ops` does not allow `verify`"),
        ({**EC_JWK, "d": "AAAA"}, "carries its private part; publish the public part only"),
        ({**EC_JWK, "kid": ""}, "`kid` is missing or not an identifier"),
        ({**EC_JWK, "kid": 1}, "`kid` is missing or not an identifier"),
        ({**EC_JWK, "alg": "ES512"}, "fits none of the configured algorithms"),
        ({**EC_JWK, "alg": ["ES256"]}, "fits none of the configured algorithms"),
        ({**EC_JWK, "crv": "P-384"}, "is not a valid key"),
        ({**EC_JWK, "crv": "secp256k1"}, "fits none of the configured algorithms"),
        ({**EC_JWK, "crv": "X25519", "kty": "OKP"}, "fits none of the configured algorithms"),
        ({**EC_JWK, "y": EC_JWK["x"]}, "is not a valid key"),
        ({**EC_JWK, "x": "!"}, "is not a valid key"),
        ({**EC_JWK, "x": 5}, "is not a valid key"),
        ({**EC_JWK, "kty": "MLDSA"}, "fits none of the configured algorithms"),
        ({**EC_JWK, "kty": ["EC"]}, "fits none of the configured algorithms"),
        ({**EC_JWK, "use": "sig", "key_ops": ["verify", "encrypt"]}, "is not a valid key"),
        ({**RSA_JWK, "e": "AQ"}, "the RSA exponent is too small or even"),
        ({**RSA_JWK, "e": "Aw"}, "the RSA exponent is too small or even"),
        ({**RSA_JWK, "n": "AA"}, "RSA keys must have 2048 to 8192 bits"),
        ({**RSA_JWK, "n": "_" * 1368}, "RSA keys must have 2048 to 8192 bits"),
        ({**RSA_JWK, "n": None}, "is not a valid key"),
    ],
)
def test_unfit_keys_are_left_out_with_their_reason(jwk, reason):
    """A key that must not verify is not in the set, and the operator can read why."""
    good = hostile.ec_jwk(hostile.OTHER_EC, "good")
    keys = load(good, jwk)
    assert set(keys.keys) == {"good"}
    assert keys.ignored == (f"key 1: {reason}",)


def test_short_rsa_keys_are_left_out():
    """RSA below 2048 bits can be factored by those who care."""
    short = rsa.generate_private_key(65537, 1024)
    with pytest.raises(KeySetError, match="no usable key: key 0: RSA keys must have"):
        load(hostile.rsa_jwk(short, "short"))


@pytest.mark.parametrize(
    ("jwks", "message"),
    [
        ((EC_JWK, SECRET), "symmetric and public keys are mixed"),
        ((EC_JWK, EC_JWK), "two signature keys share a `kid`"),
        ((EC_JWK, {**EC_JWK, "x": "!"}), "two signature keys share a `kid`"),
        ((EC_JWK, {**RSA_JWK, "kid": "ec"}), "two signature keys share a `kid`"),
        ((), "no usable key: the set is empty"),
        ((SECRET,), "no usable key: key 0: fits none of the configured algorithms"),
        (({**EC_JWK, "kid": f"k{n}"} for n in range(MAX_KEYS + 1)), "the key set has more than"),
    ],
)
def test_sets_without_one_answer_are_refused_whole(jwks, message):
    """Ambiguity and symmetric keys among public ones make the whole set unusable."""
    with pytest.raises(KeySetError, match=message):
        load(*jwks)


def test_an_unused_key_may_share_a_kid():
    """Issuers publish the encryption key of a certificate under the same `kid`."""
    assert set(load(EC_JWK, {**RSA_JWK, "kid": "ec", "use": "enc"}).keys) == {"ec"}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{}",
        b'{"keys":{}}',
        b'{"keys":[1]}',
        b'{"keys":[]}',
        b'{"keys":[],"keys":[]}',
        b"<html>",
        b'{"keys":[' + b"[" * 100_000 + b"]}",
        b'{"keys":[{"kty":"EC","x":"' + b"A" * 300_000 + b'"}]}',
    ],
)
def test_what_is_not_a_key_set_is_a_named_error(raw):
    """Garbage, bombs and oversized documents raise the room's own error."""
    with pytest.raises(KeySetError):
        load_keys(raw, ALL)


MEMBER = st.sampled_from(
    ["kty", "crv", "x", "y", "n", "e", "k", "d", "alg", "use", "kid", "key_ops"]
)
VALUE = st.one_of(
    st.none(),
    st.integers(),
    st.text(max_size=6),
    st.lists(st.text(max_size=6), max_size=2),
    st.sampled_from(
        ["EC", "RSA", "OKP", "oct", "P-256", "Ed25519", "AQAB", EC_JWK["x"], RSA_JWK["n"]]
    ),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=1),
)


@settings(deadline=None, max_examples=300)
@given(st.sampled_from([EC_JWK, RSA_JWK, SECRET, {}]), st.dictionaries(MEMBER, VALUE, max_size=5))
def test_any_key_is_judged_without_raising(base, changed):
    """Whatever an issuer publishes, the answer is a set or a named error."""
    raw = json.dumps({"keys": [{**base, **changed}]}).encode()
    try:
        assert load_keys(raw, (*ALL, "HS256")).keys
    except KeySetError as error:
        message = error.message
        assert "\n" not in message


def test_curves_bind_before_the_signature_is_looked_at():
    """A P-521 key is not a P-256 key, whatever its `alg` says."""
    key = ec.generate_private_key(ec.SECP521R1())
    with pytest.raises(KeySetError):
        load(hostile.ec_jwk(key, "k", crv="P-521", alg="ES256"))
