"""DPoP proofs (RFC 9449), honest and forged, signed with cryptography alone.

The negatives are those of the OpenID conformance suite's `FAPI2SPFinalDpopNegativeTests`, written
anew, and what else a client could put into a header that it chooses itself.
"""

from __future__ import annotations

import hashlib
import json
import time
import uuid

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from kit.hostile import ED, P384, RSA, b64, compact, ec_jwk, ed_jwk, es, hs, number, ps, rs, rsa_jwk

HOLDER = ec.generate_private_key(ec.SECP256R1())
STRANGER = ec.generate_private_key(ec.SECP256R1())
SMALL = rsa.generate_private_key(65537, 1024)  # too small on purpose
NOW = time.time()  # what `FORGED` and `CONTROLS` are made for; a running gate needs fresh ones
ALGORITHMS = ("ES256", "EdDSA", "Ed25519", "PS256", "RS256")
METHOD, URL, TOKEN = "POST", "https://api.example.com/orders/7", b"the-access-token"


def public(jwk: dict) -> dict:
    """A JWK as a proof carries it: without a name."""
    return {name: value for name, value in jwk.items() if name != "kid"}


def holder_jwk(key=HOLDER) -> dict:
    return public(ec_jwk(key, ""))


def thumbprint(jwk: dict) -> str:
    """RFC 7638, written down a second time."""
    names = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n"), "OKP": ("crv", "kty", "x")}
    bare = {name: jwk[name] for name in names[jwk["kty"]]}
    text = json.dumps(bare, separators=(",", ":"), sort_keys=True)
    return b64(hashlib.sha256(text.encode()).digest()).decode()


JKT = thumbprint(holder_jwk())


def ath(token: bytes) -> str:
    return b64(hashlib.sha256(token).digest()).decode()


def head(**changed):
    found = {"typ": "dpop+jwt", "alg": "ES256", "jwk": holder_jwk(), **changed}
    return {name: value for name, value in found.items() if value is not ...}


def claims(method=METHOD, url=URL, token=TOKEN, now=None, **changed):
    """The claims of a good proof; `...` leaves one out."""
    moment = int(time.time() if now is None else now)
    found = {"jti": uuid.uuid4().hex, "htm": method, "htu": url, "iat": moment}
    if token is not None:
        found["ath"] = ath(token)
    found.update(changed)
    return {name: value for name, value in found.items() if value is not ...}


def proof(method=METHOD, url=URL, token=TOKEN, *, key=HOLDER, header=None, now=None, **changed):
    """A proof, good unless something is changed."""
    changes = {"jwk": holder_jwk(key), **(header or {})}
    payload = claims(method, url, token, now, **changed)
    return compact(head(**changes), payload, lambda m: es(key, m))


def forged_headers(now=None):
    """Proofs that nobody may accept, whatever they are for: (name, bytes)."""
    good = claims(now=now)
    own = lambda m: es(HOLDER, m)  # noqa: E731 - reads as a table

    def one(sign=own, **changed):
        return compact(head(**changed), good, sign)

    yield "typ missing", one(typ=...)
    yield "typ JWT", one(typ="JWT")
    yield "typ at+jwt", one(typ="at+jwt")
    yield "typ a number", one(typ=1)
    yield "alg missing", one(alg=...)
    yield "alg none", one(alg="none", sign=lambda _: b"")
    yield "alg none with a signature", one(alg="none")
    yield "alg list", one(alg=["ES256"])
    yield (
        "alg ES384, not configured",
        one(alg="ES384", jwk=public(ec_jwk(P384, "", crv="P-384")), sign=lambda m: es(P384, m)),
    )
    yield "alg RS256 on an EC key", one(alg="RS256")
    yield "alg ES256 on P-384", one(jwk=public(ec_jwk(P384, "", crv="P-384")))
    yield "HS256 with the public key", one(alg="HS256", sign=hs(json.dumps(holder_jwk()).encode()))
    yield (
        "HS256 with an oct key",
        one(alg="HS256", jwk={"kty": "oct", "k": b64(bytes(32)).decode()}, sign=hs(bytes(32))),
    )
    yield "jwk missing", one(jwk=...)
    yield "jwk text", one(jwk="key")
    yield "jwk null", one(jwk=None)
    yield "jwk empty", one(jwk={})
    yield "jwk of another key", one(jwk=holder_jwk(STRANGER))
    private = HOLDER.private_numbers().private_value
    yield "jwk private", one(jwk={**holder_jwk(), "d": number(private, 32)})
    yield "jwk private, empty", one(jwk={**holder_jwk(), "d": ""})
    yield "jwk for encryption", one(jwk={**holder_jwk(), "use": "enc"})
    yield "jwk only to sign", one(jwk={**holder_jwk(), "key_ops": ["sign"]})
    yield "jwk of another alg", one(jwk={**holder_jwk(), "alg": "ES384"})
    yield "jwk off the curve", one(jwk={**holder_jwk(), "x": b64(bytes(31) + b"\1").decode()})
    yield "jwk with padding", one(jwk={**holder_jwk(), "x": holder_jwk()["x"] + "="})
    yield (
        "jwk with a long coordinate",
        one(jwk={**holder_jwk(), "x": number(HOLDER.public_key().public_numbers().x, 33)}),
    )
    yield "jwk with a number", one(jwk={**holder_jwk(), "x": 7})
    small = public(rsa_jwk(SMALL, ""))
    yield "RSA 1024", one(alg="RS256", jwk=small, sign=lambda m: rs(SMALL, m))
    big = public(rsa_jwk(RSA, ""))
    padded = number(RSA.public_key().public_numbers().n, 257)
    yield "RSA exponent 1", one(alg="RS256", jwk={**big, "e": "AQ"}, sign=lambda m: rs(RSA, m))
    yield "RSA long exponent", one(alg="RS256", jwk={**big, "e": big["n"]})
    yield (
        "RSA with leading zeros",
        one(alg="RS256", jwk={**big, "n": padded}, sign=lambda m: rs(RSA, m)),
    )
    yield "RSA 8192 bits", one(alg="RS256", jwk={**big, "n": b64(b"\xff" * 1024).decode()})
    for name in ("kid", "jku", "x5c", "x5u", "crit", "b64", "zip", "cty", "more"):
        yield f"header {name}", one(**{name: "x"})
    yield (
        "header with duplicates",
        compact(b'{"alg":"none",' + json.dumps(head()).encode()[1:], good, own),
    )
    yield "header too long", one(jwk={**holder_jwk(), "more": "x" * 4096})
    made = one()
    yield "signature missing", made.rsplit(b".", 1)[0] + b"."
    yield "signature of another", one(sign=lambda m: es(STRANGER, m))
    yield "signature padded", made + b"="
    yield "psychic signature", one(sign=lambda _: bytes(64))
    yield "two proofs", made + b", " + made
    yield "not a JWT", b"proof"
    yield "empty", b""
    yield "three dots", b"..."


def forged_claims(now=None):
    """Proofs whose claims say nothing or something impossible: (name, bytes)."""
    for name in ("jti", "htm", "htu", "iat"):
        yield f"{name} missing", proof(now=now, **{name: ...})
        yield f"{name} null", proof(now=now, **{name: None})
        yield f"{name} a list", proof(now=now, **{name: ["x"]})
        yield f"{name} true", proof(now=now, **{name: True})
    for name in ("jti", "htm", "htu"):
        yield f"{name} empty", proof(now=now, **{name: ""})
        yield f"{name} a number", proof(now=now, **{name: 7})
        yield f"{name} too long", proof(now=now, **{name: "x" * 9000})
    yield "jti with a line break", proof(now=now, jti="a\nb")
    yield "iat text", proof(now=now, iat=str(int(time.time())))
    yield "iat negative", proof(now=now, iat=-1)
    yield "iat far", proof(now=now, iat=10**17)
    yield (
        "iat infinite",
        compact(
            head(),
            b'{"jti":"x","htm":"POST","htu":"https://x/","iat":1e999}',
            lambda m: es(HOLDER, m),
        ),
    )
    yield "ath a number", proof(now=now, ath=7)
    yield "nonce a number", proof(now=now, nonce=7)
    yield "nonce empty", proof(now=now, nonce="")
    yield "nonce with a space", proof(now=now, nonce="a b")
    yield "payload list", compact(head(), b"[]", lambda m: es(HOLDER, m))
    yield (
        "payload with duplicates",
        compact(
            head(),
            b'{"jti":"a",' + json.dumps(claims(now=now)).encode()[1:],
            lambda m: es(HOLDER, m),
        ),
    )


def controls(now=None):
    """Honest proofs of every kind: (name, bytes)."""
    good = claims(now=now)
    yield "ES256", proof(now=now)
    yield "typ in another case", proof(now=now, header={"typ": "DPoP+jwt"})
    yield "typ with its tree", proof(now=now, header={"typ": "application/dpop+jwt"})
    yield "more claims", proof(now=now, sub="x", more={"a": [1]})
    yield "fraction of a second", proof(now=now, iat=(time.time() if now is None else now) + 0.25)
    yield (
        "a named key",
        proof(now=now, header={"jwk": {**holder_jwk(), "kid": "k", "use": "sig", "alg": "ES256"}}),
    )
    rsa_key, ed_key = public(rsa_jwk(RSA, "")), public(ed_jwk(ED, ""))
    yield "RS256", compact(head(alg="RS256", jwk=rsa_key), good, lambda m: rs(RSA, m))
    yield "PS256", compact(head(alg="PS256", jwk=rsa_key), good, lambda m: ps(RSA, m))
    yield "EdDSA", compact(head(alg="EdDSA", jwk=ed_key), good, ED.sign)
    yield "Ed25519", compact(head(alg="Ed25519", jwk=ed_key), good, ED.sign)


FORGED = dict([*forged_headers(NOW), *forged_claims(NOW)])
CONTROLS = dict(controls(NOW))
