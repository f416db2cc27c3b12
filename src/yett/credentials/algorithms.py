"""The signature algorithms yett knows, as one table; joserfc does the mathematics.

ES256K, RS1, `none` and everything else is absent, not switched off. The default of a contract is
ES256; ES384 and ES512 cost 0.5 ms for each forged token, which makes them a CPU amplifier
(notes/identity 2a), so a team must name them. See RFC 7518 s3.1, RFC 8037, RFC 9864.
"""

from __future__ import annotations

from joserfc.jws import JWSRegistry
from msgspec import Struct


class Algorithm(Struct, frozen=True):
    """One `alg`: the key type and curve it needs; `min_bytes` of an HMAC key (RFC 7518 s3.2)."""

    name: str
    kty: str
    curve: str = ""
    min_bytes: int = 0

    @property
    def symmetric(self) -> bool:
        """Whether who can verify can also sign."""
        return self.kty == "oct"

    def verifies(self, signing_input: bytes, signature: bytes, key: object) -> bool:
        """Check a signature with a joserfc key that `keyset` has bound to this algorithm."""
        return JWSRegistry.algorithms[self.name].verify(signing_input, signature, key)


ALGORITHMS: dict[str, Algorithm] = {
    row.name: row
    for row in (
        Algorithm("ES256", "EC", "P-256"),
        Algorithm("ES384", "EC", "P-384"),
        Algorithm("ES512", "EC", "P-521"),
        Algorithm("RS256", "RSA"),
        Algorithm("RS384", "RSA"),
        Algorithm("RS512", "RSA"),
        Algorithm("PS256", "RSA"),
        Algorithm("PS384", "RSA"),
        Algorithm("PS512", "RSA"),
        Algorithm("EdDSA", "OKP", "Ed25519"),
        Algorithm("Ed25519", "OKP", "Ed25519"),
        Algorithm("HS256", "oct", min_bytes=32),
        Algorithm("HS384", "oct", min_bytes=48),
        Algorithm("HS512", "oct", min_bytes=64),
    )
}
