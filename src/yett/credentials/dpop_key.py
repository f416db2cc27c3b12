"""The key in a proof's header: read, judged and bound to an algorithm, remembered by its bytes.

Whoever proves possession chooses the key, so nothing about it is trusted: only its public part, in
its one spelling, of a kind and size that the configured algorithms allow, and cheap to verify with.
A client's header never changes, so what was read once is a lookup. RFC 9449 s4.2, RFC 7518 s6.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key
from msgspec import Struct

from yett.credentials.algorithms import ALGORITHMS, Algorithm
from yett.credentials.keyset import fits, strength
from yett.credentials.strict_json import read_object
from yett.credentials.structure import decode_base64url, media_type

MAX_HEADER_BYTES = 2048  # a 4096-bit RSA key is 690 characters
MAX_RSA_BITS = 4096
MAX_KEYS_REMEMBERED = 1024

TYPE = "dpop+jwt"
ALLOWED_HEADER = frozenset({"typ", "alg", "jwk"})
# RFC 7518 s6.2.2, s6.3.2, s6.4.1: what is private of EC, RSA, OKP and symmetric keys.
PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
# What RFC 7638 s3.2 hashes, and its length in bytes where the curve fixes it (RFC 7518 s6.2.1.2).
_REQUIRED = {"EC": ("x", "y"), "OKP": ("x",), "RSA": ("n", "e")}
_COORDINATE_BYTES = {"P-256": 32, "P-384": 48, "P-521": 66, "Ed25519": 32}
# The one exponent in use. A longer one makes a verification as slow as a signature, and here the
# attacker chooses it.
_EXPONENT = "AQAB"


class ProofKey(Struct, frozen=True):
    """A public key that may verify the proofs it comes with.

    Args:
        algorithm: how; one of the configured ones.
        key: joserfc's.
        thumbprint: base64url of its SHA-256 (RFC 7638), what `cnf.jkt` names.
    """

    algorithm: Algorithm
    key: Key
    thumbprint: str


@lru_cache(MAX_KEYS_REMEMBERED)
def read_key(header: bytes, algorithms: tuple[str, ...]) -> ProofKey | str:
    """Read the header of a proof, or say why it is refused.

    Remembering is worth 40 us of 110; who floods the memory with new keys pays a signature for
    each, and the others only lose that.
    """
    if len(header) > MAX_HEADER_BYTES:
        return "the header is too long"
    members = read_object(header)
    if isinstance(members, str):
        return f"the header {members}"
    if not members.keys() <= ALLOWED_HEADER:
        return "the header has an unknown member"
    kind, name, jwk = members.get("typ"), members.get("alg"), members.get("jwk")
    if not isinstance(kind, str) or media_type(kind) != TYPE:
        return f"`typ` is not `{TYPE}`"
    if not isinstance(name, str) or name not in algorithms or name not in ALGORITHMS:
        return "`alg` is not a configured algorithm"
    algorithm = ALGORITHMS[name]
    if algorithm.symmetric:
        return "`alg` is symmetric"
    if not isinstance(jwk, dict):
        return "`jwk` is missing or not an object"
    return _judge(jwk, algorithm)


def _judge(jwk: dict[str, Any], algorithm: Algorithm) -> ProofKey | str:
    reason = _purpose(jwk)
    if reason:
        return reason
    if not fits(jwk, algorithm):
        return "the key does not fit `alg`"
    reason = _spelling(jwk) or strength(jwk)
    if reason:
        return f"the key: {reason}"
    bare = {name: jwk[name] for name in ("kty", "crv", *_REQUIRED[jwk["kty"]]) if name in jwk}
    try:
        key = JWKRegistry.import_key(bare)
        return ProofKey(algorithm, key, key.thumbprint())
    except (JoseError, UnsupportedAlgorithm, ValueError, TypeError, KeyError, OverflowError):
        return "`jwk` is not a valid key"


def _purpose(jwk: dict[str, Any]) -> str:
    """Return why a key must not verify proofs, or nothing. See RFC 7517 s4.2, s4.3."""
    if not PRIVATE.isdisjoint(jwk):
        return "`jwk` carries a private key"
    if jwk.get("use", "sig") != "sig":
        return "`use` of the key is not `sig`"
    operations = jwk.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        return "`key_ops` of the key does not allow `verify`"
    return ""


def _spelling(jwk: dict[str, Any]) -> str:
    """Refuse a second spelling of a key: it would have a second thumbprint."""
    for name in _REQUIRED[jwk["kty"]]:
        value = jwk.get(name)
        if not isinstance(value, str) or not value.isascii():
            return f"`{name}` is missing or not text"
        raw = decode_base64url(value.encode())
        if not raw:
            return f"`{name}` is not canonical base64url"
        if jwk["kty"] == "RSA":
            if not raw[0] or len(raw) * 8 > MAX_RSA_BITS:
                return f"`{name}` has leading zeros or more than {MAX_RSA_BITS} bits"
        elif len(raw) != _COORDINATE_BYTES[jwk["crv"]]:
            return f"`{name}` does not have the length of its curve"
    if jwk["kty"] == "RSA" and jwk["e"] != _EXPONENT:
        return "its exponent is not 65537"
    return ""
