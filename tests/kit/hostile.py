"""The hostile token classes of notes/identity.md section 3, made afresh from throw-away keys.

Provenance: the classes were listed by a survey of PyJWT, joserfc and the RFC 8725 attacks; the
tokens are generated here. `HOSTILE` maps a class to a token that must never be accepted, `CONTROLS`
to one that must be, `BOUND` to one that is worth nothing without proof of a key. Signing is done
with cryptography alone, so nothing under test helps to forge.

A `Corpus` is made for a moment. The one at module level is made for `NOW`, which is not the present:
who asks a running gate makes its own.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

ISSUER = "https://login.example.com"
AUDIENCE = "https://api.example.com"
NOW = 1_800_000_000.0
THUMBPRINT = "A" * 43  # 32 zero bytes
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

EC = ec.generate_private_key(ec.SECP256R1())
OTHER_EC = ec.generate_private_key(ec.SECP256R1())
P384 = ec.generate_private_key(ec.SECP384R1())
RSA = rsa.generate_private_key(65537, 2048)
ED = ed25519.Ed25519PrivateKey.generate()


def b64(raw: bytes) -> bytes:
    return urlsafe_b64encode(raw).rstrip(b"=")


def number(value: int, size: int) -> str:
    return b64(value.to_bytes(size, "big")).decode()


def ec_jwk(key, kid, crv="P-256", **more):
    numbers, size = key.public_key().public_numbers(), (key.key_size + 7) // 8
    x, y = number(numbers.x, size), number(numbers.y, size)
    return {"kty": "EC", "crv": crv, "kid": kid, "x": x, "y": y, **more}


def rsa_jwk(key, kid, **more):
    numbers = key.public_key().public_numbers()
    n = number(numbers.n, (numbers.n.bit_length() + 7) // 8)
    return {"kty": "RSA", "kid": kid, "n": n, "e": number(numbers.e, 3), **more}


def ed_jwk(key, kid, **more):
    raw = key.public_key().public_bytes_raw()
    return {"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": b64(raw).decode(), **more}


JWKS = {
    "keys": [
        ec_jwk(EC, "ec", use="sig", alg="ES256"),
        ec_jwk(OTHER_EC, "ec2", alg="ES256"),
        ec_jwk(P384, "p384", crv="P-384"),
        rsa_jwk(RSA, "rsa", use="sig", alg="RS256"),
        ed_jwk(ED, "ed"),
    ]
}
ALGORITHMS = ("ES256", "ES384", "RS256", "EdDSA")


def es(key, message: bytes, algorithm=None) -> bytes:
    size = (key.key_size + 7) // 8
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(algorithm or hashes.SHA256())))
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def rs(key, message: bytes) -> bytes:
    return key.sign(message, padding.PKCS1v15(), hashes.SHA256())


def ps(key, message: bytes) -> bytes:
    return key.sign(message, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())


def header(**more):
    found = {"alg": "ES256", "typ": "at+jwt", "kid": "ec", **more}
    return {name: value for name, value in found.items() if value is not ...}


def compact(head, payload, sign=lambda message: es(EC, message)) -> bytes:
    """Sign anything: dictionaries are dumped, bytes are taken as they are."""
    raw = [
        part if isinstance(part, bytes) else json.dumps(part).encode() for part in (head, payload)
    ]
    message = b64(raw[0]) + b"." + b64(raw[1])
    return message + b"." + b64(sign(message))


def hs(key: bytes):
    return lambda message: hmac.new(key, message, hashlib.sha256).digest()


def spki(key, encoding=serialization.Encoding.PEM) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(encoding, form)


class Corpus:
    """Every token for one moment, `now` in unix seconds."""

    def __init__(self, now: float) -> None:
        self.now = now
        self.good_one = self.good()
        self.H, self.P, self.S = self.good_one.split(b".")
        groups = (
            self._algorithms,
            self._keys,
            self._headers,
            self._signatures,
            self._spellings,
            self._payloads,
            self._claims,
            self._confirmations,
        )
        self.HOSTILE = {name: token for group in groups for name, token in group()}
        self.CONTROLS = self._controls()
        self.BOUND = {
            "jkt": self.good(cnf={"jkt": THUMBPRINT}),
            "x5t": self.good(cnf={"x5t#S256": THUMBPRINT}),
        }

    def claims(self, **more):
        """Claims of an honest token, changed; `...` leaves one out."""
        fixed = {"iss": ISSUER, "aud": AUDIENCE, "sub": "user-1", "exp": int(self.now) + 300}
        more = {"jti": "t-1", "client_id": "app", "scope": "a:read b:write", **more}
        found = {**fixed, "iat": int(self.now), **more}
        return {name: value for name, value in found.items() if value is not ...}

    def good(self, head=None, **changed) -> bytes:
        """Sign an honest token with some claims changed."""
        return compact(header(**(head or {})), self.claims(**changed))

    def _algorithms(self):
        for name in ("none", "None", "NONE", "nOnE", ""):
            yield f"alg {name!r}", compact(header(alg=name), self.claims(), lambda _: b"")
            yield (
                f"alg {name!r} old signature",
                compact(header(alg=name), self.claims()).rsplit(b".", 1)[0] + b"." + self.S,
            )
        yield "signature cut off", self.H + b"." + self.P + b"."
        yield "null signature", compact(header(), self.claims(), lambda _: bytes(64))
        stripped = b"".join(spki(EC).splitlines()[1:-1])
        secrets = {
            "EC PEM": spki(EC),
            "RSA PEM": spki(RSA),
            "EC PEM stripped": stripped,
            "RSA DER": spki(RSA, serialization.Encoding.DER),
            "JWK": json.dumps(ec_jwk(EC, "ec")).encode(),
            "empty": b"",
            "1": b"1",
            "secret": b"secret",
        }
        for name, secret in secrets.items():
            yield f"HS256 with {name}", compact(header(alg="HS256"), self.claims(), hs(secret))
            yield (
                f"HS256 with {name}, kid rsa",
                compact(header(alg="HS256", kid="rsa"), self.claims(), hs(secret)),
            )
        yield "RS256 with an EC key", compact(header(alg="RS256"), self.claims())
        yield (
            "ES256 with an RSA key",
            compact(header(kid="rsa"), self.claims(), lambda m: rs(RSA, m)),
        )
        yield (
            "ES384 on self.P-256",
            compact(header(alg="ES384"), self.claims(), lambda m: es(EC, m, hashes.SHA384())),
        )
        yield (
            "ES256 on self.P-384",
            compact(header(kid="p384"), self.claims(), lambda m: es(P384, m)),
        )
        yield "ES256K", compact(header(alg="ES256K"), self.claims())
        yield (
            "PS256 on an RS256 key",
            compact(header(alg="PS256", kid="rsa"), self.claims(), lambda m: ps(RSA, m)),
        )
        yield (
            "RS256 header, PSS signature",
            compact(header(alg="RS256", kid="rsa"), self.claims(), lambda m: ps(RSA, m)),
        )
        for value in (
            "es256",
            "RS1",
            "HS1",
            "EdDSA",
            ...,
            1,
            None,
            ["ES256"],
            {"alg": "ES256"},
            True,
        ):
            yield f"alg {value!r}", compact(header(alg=value), self.claims())

    def _keys(self):
        own = ec_jwk(OTHER_EC, "evil")
        other = lambda m: es(OTHER_EC, m)  # noqa: E731 - reads as a table
        yield "embedded jwk", compact(header(jwk=own, kid=...), self.claims(), other)
        yield "embedded jwk with kid", compact(header(jwk=own, kid="evil"), self.claims(), other)
        yield "embedded jwk, our kid", compact(header(jwk=own), self.claims(), other)
        yield (
            "embedded jwk, genuine signature",
            compact(header(jwk=ec_jwk(EC, "ec")), self.claims()),
        )
        for name in ("jku", "x5u"):
            yield (
                f"{name} forged",
                compact(header(**{name: "http://evil.example/k"}), self.claims(), other),
            )
            yield (
                f"{name} genuine",
                compact(header(**{name: "http://evil.example/k"}), self.claims()),
            )
        yield "x5c", compact(header(x5c=["MIIB"]), self.claims())
        for name, value in {
            "path traversal": "../../../../dev/null",
            "SQL": "x' UNION SELECT 'a'--",
            "NUL": "ec\x00",
            "proc": "/proc/sys/kernel/randomize_va_space",
            "pipe": "|id",
            "trailing space": "ec ",
            "leading space": " ec",
            "case": "EC",
            "empty": "",
            "URL": "http://evil.example/k",
            "list": ["ec"],
            "dict": {"ec": 1},
            "int": 1,
            "null": None,
            "bool": True,
            "5 kB": "k" * 5000,
            "newline": "ec\n",
            "missing": ...,
            "unknown": "nobody",
            "another key": "ec2",
        }.items():
            yield f"kid {name}", compact(header(kid=value), self.claims())
        yield "signed by a stranger", compact(header(), self.claims(), other)

    def _headers(self):
        yield "crit unknown", compact(header(crit=["exp"]), self.claims())
        yield "crit empty", compact(header(crit=[]), self.claims())
        yield "b64 false", compact(header(b64=False), self.claims())
        yield "b64 false, crit", compact(header(b64=False, crit=["b64"]), self.claims())
        yield "zip", compact(header(zip="DEF"), self.claims())
        yield "cty JWT", compact(header(cty="JWT"), self.claims())
        yield "unknown member", compact(header(x=1), self.claims())
        for typ in (
            "JWT",
            ...,
            "dpop+jwt",
            "logout+jwt",
            "secevent+jwt",
            "session+jwt",
            "oauth-authz-req+jwt",
            "token-introspection+jwt",
            "text/at+jwt",
            "at+jwt;x",
            None,
            1,
            ["at+jwt"],
        ):
            yield f"typ {typ!r}", compact(header(typ=typ), self.claims())
        twice = b'{"alg":"none","alg":"ES256","kid":"ec","typ":"at+jwt"}'
        yield "duplicate alg", compact(twice, self.claims())
        yield (
            "duplicate kid",
            compact(b'{"alg":"ES256","kid":"x","kid":"ec","typ":"at+jwt"}', self.claims()),
        )
        yield "header array", compact(b'["ES256"]', self.claims())
        yield "header string", compact(b'"ES256"', self.claims())
        yield "header empty", compact(b"", self.claims())
        yield "header empty object", compact(b"{}", self.claims())
        yield "header deep", compact(b'{"alg":' + b"[" * 2500 + b"]" * 2500 + b"}", self.claims())
        yield (
            "header deep and long",
            compact(b'{"alg":' + b"[" * 100_000 + b"]" * 100_000 + b"}", self.claims()),
        )
        yield "header BOM", compact(b"\xef\xbb\xbf" + json.dumps(header()).encode(), self.claims())
        yield "header UTF-16", compact(json.dumps(header()).encode("utf-16"), self.claims())
        yield (
            "header bad UTF-8",
            compact(b'{"alg":"ES256","kid":"ec\xff","typ":"at+jwt"}', self.claims()),
        )

    def _signatures(self):
        zero, one, order = bytes(32), (1).to_bytes(32, "big"), P256_ORDER.to_bytes(32, "big")
        for name, signature in {
            "(0,0)": zero + zero,
            "(0,1)": zero + one,
            "(1,0)": one + zero,
            "(n,n)": order + order,
            "(n,1)": order + one,
        }.items():
            yield f"psychic {name}", compact(header(), self.claims(), lambda _, s=signature: s)
        yield (
            "DER signature",
            compact(header(), self.claims(), lambda m: EC.sign(m, ec.ECDSA(hashes.SHA256()))),
        )
        yield "signature + byte", compact(header(), self.claims(), lambda m: es(EC, m) + b"\x00")
        yield "signature - byte", compact(header(), self.claims(), lambda m: es(EC, m)[:-1])
        yield (
            "swapped payload",
            self.H + b"." + b64(json.dumps(self.claims(sub="admin")).encode()) + b"." + self.S,
        )
        yield (
            "swapped header",
            b64(json.dumps(header(x5t="a")).encode()) + b"." + self.P + b"." + self.S,
        )

    def _spellings(self):
        yield "two segments", self.H + b"." + self.P
        yield "four segments", self.good_one + b".x"
        yield "trailing dot", self.good_one + b"."
        yield "leading dot", b"." + self.good_one
        yield "empty", b""
        yield "dots only", b".."
        for name, junk in {
            "=": b"=",
            "==": b"==",
            "space": b" ",
            "newline": b"\n",
            "NUL": b"\x00",
            "letter": b"A",
            "!": b"!",
        }.items():
            yield f"{name} appended", self.good_one + junk
            yield f"{name} in front", junk + self.good_one
            yield f"{name} in the payload", self.H + b"." + self.P + junk + b"." + self.S
        yield (
            "standard alphabet",
            self.good_one.replace(b"-", b"+").replace(b"_", b"/")
            if set(self.good_one) & set(b"-_")
            else self.good_one + b"+",
        )
        # 64 bytes leave four unused bits in the last character: sixteen spellings, one is canonical.
        yield "non-canonical last character", self.good_one[:-1] + bytes([self.good_one[-1] + 1])
        yield "1 MB", compact(header(), self.claims(x="a" * 1_000_000))
        yield "100k dots", b"." * 100_000
        yield "9 kB", compact(header(), self.claims(x="a" * 9000))
        yield "not ASCII", "é".encode() + self.good_one
        yield "UTF-16 token", self.good_one.decode().encode("utf-16")
        yield (
            "JSON serialisation",
            json.dumps(
                {
                    "protected": self.H.decode(),
                    "payload": self.P.decode(),
                    "signature": self.S.decode(),
                }
            ).encode(),
        )
        yield (
            "general JSON serialisation",
            json.dumps(
                {
                    "payload": self.P.decode(),
                    "signatures": [{"protected": self.H.decode(), "signature": self.S.decode()}],
                }
            ).encode(),
        )
        jwe = b64(json.dumps({"alg": "dir", "enc": "A256GCM"}).encode())
        yield "JWE dir", jwe + b"..AAAA.AAAA.AAAA"
        pbes = b64(
            json.dumps(
                {"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2c": 2**31, "p2s": "AA"}
            ).encode()
        )
        yield "JWE PBES2", pbes + b".AAAA.AAAA.AAAA.AAAA"
        yield "nested JWE", compact(header(cty="JWT"), b64(self.good_one) + b"....")

    def _payloads(self):
        text = json.dumps(self.claims())
        yield "duplicate sub", compact(header(), text[:-1].encode() + b',"sub":"admin"}')
        yield "duplicate in depth", compact(header(), text[:-1].encode() + b',"a":{"b":1,"b":2}}')
        yield "payload array", compact(header(), [self.claims()])
        yield "payload string", compact(header(), b'"sub"')
        yield "payload null", compact(header(), b"null")
        yield "payload NaN", compact(header(), text[:-1].encode() + b',"a":NaN}')
        yield "payload Infinity", compact(header(), text[:-1].encode() + b',"a":-Infinity}')
        yield "payload bad UTF-8", compact(header(), text[:-1].encode() + b',"a":"\xff"}')
        yield "payload BOM", compact(header(), b"\xef\xbb\xbf" + text.encode())
        yield "payload UTF-16", compact(header(), text.encode("utf-16"))
        yield "payload UTF-16 without BOM", compact(header(), text.encode("utf-16-le"))
        yield "payload lone surrogate", compact(header(), text[:-1].encode() + b',"a":"\\ud800"}')
        yield "payload trailing data", compact(header(), text.encode() + b"{}")
        yield "payload deep", compact(header(), b'{"a":' + b"[" * 2500 + b"]" * 2500 + b"}")
        yield (
            "payload deep and long",
            compact(header(), b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
        )
        yield (
            "payload 4000 digits",
            compact(header(), text[:-1].encode() + b',"a":' + b"9" * 4000 + b"}"),
        )
        yield "detached payload", self.H + b".." + self.S

    def _claims(self):
        now = int(self.now)
        for name, value in {
            "expired": now - 31,
            "missing": ...,
            "string": str(now + 300),
            "bool": True,
            "null": None,
            "list": [now + 300],
            "negative": -1,
            "year 10000": 253402300800,
            "dict": {},
        }.items():
            yield f"exp {name}", self.good(exp=value)
        text = json.dumps(self.claims(exp=...))[:-1].encode()
        yield "exp 1e400", compact(header(), text + b',"exp":1e400}')
        yield "exp 4000 digits", compact(header(), text + b',"exp":' + b"9" * 4000 + b"}")
        yield "nbf future", self.good(nbf=now + 60)
        yield "nbf string", self.good(nbf=str(now))
        yield "nbf bool", self.good(nbf=True)
        yield "iat future", self.good(iat=now + 60)
        yield "iat string", self.good(iat="yesterday")
        for name, value in {
            "wrong": "https://evil.example",
            "prefix": ISSUER + ".evil.example",
            "suffix": ISSUER[8:],
            "slash": ISSUER + "/",
            "list": [ISSUER],
            "missing": ...,
            "null": None,
            "empty": "",
            "case": ISSUER.upper(),
        }.items():
            yield f"iss {name}", self.good(iss=value)
        for name, value in {
            "wrong": "https://other.example",
            "substring": AUDIENCE[:-1],
            "longer": AUDIENCE + "/",
            "missing": ...,
            "null": None,
            "empty": "",
            "empty list": [],
            "list of others": ["x", "y"],
            "dict": {AUDIENCE: 1},
            "nested list": [[AUDIENCE]],
            "mixed list": [AUDIENCE, 1],
            "list in a string": f'["{AUDIENCE}"]',
        }.items():
            yield f"aud {name}", self.good(aud=value)
        for name, value in {
            "missing": ...,
            "int": 1,
            "empty": "",
            "null": None,
            "blank": "  ",
            "list": ["a"],
            "NUL": "a\x00",
            "newline": "a\r\nx",
            "huge": "a" * 256,
            "bool": True,
        }.items():
            yield f"sub {name}", self.good(sub=value)
        yield "sid list", self.good(sid=["a"])
        yield "sid newline", self.good(sid="a\nb")
        yield "iat bool", self.good(iat=True)
        yield "jti list", self.good(jti=["a"])
        yield "jti int", self.good(jti=7)
        yield "jti newline", self.good(jti="a\nb")
        yield "scope number", self.good(scope=5)
        yield "scope newline", self.good(scope="a\nadmin")
        yield "scope in a list of numbers", self.good(scope=[1])
        yield "roles dict", self.good(roles={"admin": True})
        yield "client_id list", self.good(client_id=["app"])

    def _confirmations(self):
        for name, value in {
            "empty": {},
            "null": None,
            "list": [{"jkt": THUMBPRINT}],
            "text": THUMBPRINT,
            "jkt and x5t": {"jkt": THUMBPRINT, "x5t#S256": THUMBPRINT},
            "jkt and kid": {"jkt": THUMBPRINT, "kid": "x"},
            "jwk": {"jwk": ec_jwk(OTHER_EC, "x")},
            "jku": {"jku": "http://evil.example/k", "kid": "x"},
            "kid": {"kid": "x"},
            "unknown": {"x5t": THUMBPRINT},
            "jkt short": {"jkt": "x"},
            "jkt of SHA-1": {"jkt": b64(bytes(20)).decode()},
            "jkt padded": {"jkt": THUMBPRINT + "="},
            "jkt not canonical": {"jkt": THUMBPRINT[:-1] + "B"},
            "jkt number": {"jkt": 1},
            "jkt list": {"jkt": [THUMBPRINT]},
            "jkt not ASCII": {"jkt": "é" * 43},
        }.items():
            yield f"cnf {name}", self.good(cnf=value)

    def _twin(self) -> bytes:
        """The other ECDSA signature of the same message: valid, so text must not key a denylist."""
        signature = es(EC, self.H + b"." + self.P)
        s = P256_ORDER - int.from_bytes(signature[32:], "big")
        return self.H + b"." + self.P + b"." + b64(signature[:32] + s.to_bytes(32, "big"))

    def _controls(self):
        return {
            "ES256": self.good_one,
            "RS256": compact(header(alg="RS256", kid="rsa"), self.claims(), lambda m: rs(RSA, m)),
            "EdDSA": compact(header(alg="EdDSA", kid="ed"), self.claims(), ED.sign),
            "ES384": compact(
                header(alg="ES384", kid="p384"),
                self.claims(),
                lambda m: es(P384, m, hashes.SHA384()),
            ),
            "(r, n-s)": self._twin(),
            "typ application/at+jwt": self.good({"typ": "application/at+jwt"}),
            "typ AT+JWT": self.good({"typ": "AT+JWT"}),
            "x5t": self.good({"x5t": "abc"}),
            "audience among others": self.good(aud=["x", AUDIENCE]),
            "expired within the skew": self.good(exp=int(self.now) - 20),
            "nbf within the skew": self.good(nbf=int(self.now) + 20),
            "fractional exp": self.good(exp=self.now + 100.5),
            "nested claims": self.good(a={"b": [{"c": [1]}]}),
            "many brackets in a string": self.good(note="[{" * 100 + '"'),
            "escaped text": compact(
                header(), json.dumps(self.claims(name="Zoë \U0001f600")).encode()
            ),
            "white space": compact(
                json.dumps(header(), indent=2).encode(),
                json.dumps(self.claims(), indent=1).encode(),
            ),
            "no scope": self.good(scope=...),
            "no jti": self.good(jti=...),
        }


_FIXED = Corpus(NOW)
claims, good, GOOD = _FIXED.claims, _FIXED.good, _FIXED.good_one
HOSTILE, CONTROLS, BOUND = _FIXED.HOSTILE, _FIXED.CONTROLS, _FIXED.BOUND
