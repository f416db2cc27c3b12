"""An issuer's published keys (RFC 7517): parsed, judged once and bound to algorithms.

A key that must not verify signatures is left out with its reason: another `use`, an unknown type,
a short or flawed RSA modulus, a curve that fits no configured algorithm, a private part. A set that
has two answers is refused whole: duplicate `kid`, or symmetric keys beside public ones.
"""

from __future__ import annotations

from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key
from joserfc.util import base64_to_int, urlsafe_b64decode
from msgspec import Struct

from yett.credentials.algorithms import ALGORITHMS, Algorithm
from yett.credentials.roca import is_roca
from yett.credentials.strict_json import read_object
from yett.credentials.structure import is_identifier

MAX_KEY_SET_BYTES = 256 * 1024
MAX_KEYS = 64
MIN_RSA_BITS = 2048  # NIST SP 800-131A
MAX_RSA_BITS = 8192  # a bigger one only costs us time: verification grows with the square
MIN_RSA_EXPONENT = 65537  # FIPS 186-5 s5.1; also refuses e=1, which "verifies" anything


class KeySetError(ValueError):
    """A key set that cannot be used; `message` is one line."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class VerifyingKey(Struct, frozen=True):
    """A key that may verify signatures, and with which algorithms; `key` is joserfc's."""

    kid: str
    key: Key
    algorithms: frozenset[str]
    thumbprint: str


class KeySet(Struct, frozen=True):
    """Usable keys by `kid`, and why the others are not (`kid` or position, reason)."""

    keys: dict[str, VerifyingKey]
    ignored: tuple[str, ...] = ()


def load_keys(document: bytes, algorithms: tuple[str, ...]) -> KeySet:
    """Read a JWK Set for the configured algorithms.

    Raises:
        KeySetError: not a key set, ambiguous, or without one usable key.
    """
    members = _members(document)
    _refuse_ambiguous(members)
    keys: dict[str, VerifyingKey] = {}
    ignored: list[str] = []
    for position, jwk in enumerate(members):
        judged = _judge(jwk, algorithms)
        if isinstance(judged, str):
            ignored.append(f"key {position}: {judged}")
        else:
            keys[judged.kid] = judged
    if not keys:
        raise KeySetError("no usable key: " + ("; ".join(ignored) or "the set is empty"))
    return KeySet(keys, tuple(ignored))


def _members(document: bytes) -> list[dict[str, Any]]:
    if len(document) > MAX_KEY_SET_BYTES:
        raise KeySetError("the key set is too large")
    value = read_object(document)
    if isinstance(value, str):
        raise KeySetError(f"the key set {value}")
    members = value.get("keys")
    if not isinstance(members, list) or not all(isinstance(one, dict) for one in members):
        raise KeySetError("the key set has no list `keys` of objects")
    if len(members) > MAX_KEYS:
        raise KeySetError(f"the key set has more than {MAX_KEYS} keys")
    return members


def _refuse_ambiguous(members: list[dict[str, Any]]) -> None:
    if len({jwk.get("kty") == "oct" for jwk in members}) > 1:
        raise KeySetError("symmetric and public keys are mixed")
    # Also when one of two is broken: nobody knows which one was meant. A key for another purpose
    # may share the `kid`: issuers publish both keys of a certificate under one name.
    kids = [str(jwk.get("kid")) for jwk in members if not _purpose(jwk)]
    if len(set(kids)) != len(kids):
        raise KeySetError("two signature keys share a `kid`")


def _judge(jwk: dict[str, Any], algorithms: tuple[str, ...]) -> VerifyingKey | str:
    """Return a signature key, or why it must not verify."""
    reason = _purpose(jwk) or strength(jwk)
    if reason:
        return reason
    fitting = [ALGORITHMS[name] for name in algorithms if fits(jwk, ALGORITHMS[name])]
    if not fitting:
        return "fits none of the configured algorithms"
    try:
        key = JWKRegistry.import_key(jwk)
        return VerifyingKey(jwk["kid"], key, frozenset(a.name for a in fitting), key.thumbprint())
    except (JoseError, UnsupportedAlgorithm, ValueError, TypeError, KeyError, OverflowError):
        return "is not a valid key"


def _purpose(jwk: dict[str, Any]) -> str:
    """Return why a key is not one that verifies signatures for us, or nothing."""
    if not is_identifier(jwk.get("kid")):
        return "`kid` is missing or not an identifier"
    if jwk.get("use", "sig") != "sig":
        return "`use` is not `sig`"
    operations = jwk.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        return "`key_ops` does not allow `verify`"
    if "d" in jwk:
        return "carries its private part; publish the public part only"
    return ""


def strength(jwk: dict[str, Any]) -> str:
    """Return why an RSA key is too weak, or nothing."""
    if jwk.get("kty") != "RSA":
        return ""
    try:
        modulus, exponent = base64_to_int(jwk["n"]), base64_to_int(jwk["e"])
    except (KeyError, ValueError, TypeError):
        return "is not a valid key"
    if not MIN_RSA_BITS <= modulus.bit_length() <= MAX_RSA_BITS:
        return f"RSA keys must have {MIN_RSA_BITS} to {MAX_RSA_BITS} bits"
    if exponent < MIN_RSA_EXPONENT or exponent % 2 == 0:
        return "the RSA exponent is too small or even"
    return "the RSA key was made by a flawed library (ROCA)" if is_roca(modulus) else ""


def fits(jwk: dict[str, Any], algorithm: Algorithm) -> bool:
    """Whether the key's own `alg`, type, curve and size allow this algorithm."""
    if jwk.get("alg", algorithm.name) != algorithm.name or jwk.get("kty") != algorithm.kty:
        return False
    if algorithm.symmetric:
        return _secret_bytes(jwk) >= algorithm.min_bytes
    return not algorithm.curve or jwk.get("crv") == algorithm.curve


def _secret_bytes(jwk: dict[str, Any]) -> int:
    try:
        return len(urlsafe_b64decode(jwk["k"].encode()))
    except (KeyError, ValueError, AttributeError):
        return 0
