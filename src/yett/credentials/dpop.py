"""DPoP proofs: a JWT that shows, for one request, that its sender holds the key of its token.

`read_proof` looks at the proof alone and checks its signature, `check_proof` compares it with the
request. What needs memory is left to the caller, who has it: the nonce, whether the proof was seen
before (`replay_name`), and whether the token is bound to `thumbprint`. RFC 9449 s4.2, s4.3.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from typing import Any

from msgspec import Struct

from yett.credentials.claims import MAX_NUMERIC_DATE
from yett.credentials.dpop_key import ProofKey, read_key
from yett.credentials.strict_json import read_object
from yett.credentials.structure import Segments, is_identifier, split
from yett.credentials.web_url import normal_url

MAX_URL_CHARS = 8192 + 512  # the longest target, its scheme and its authority

# NQCHAR of RFC 6749, which RFC 9449 s8.1 says a nonce is made of.
_NONCE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,255}")


class Proof(Struct, frozen=True, kw_only=True):
    """A proof whose signature is good; whether it is one for this request is not known yet.

    Args:
        thumbprint: of the key that signed it (RFC 7638), base64url.
        jti: its identifier, a printable name of at most 255 characters.
        iat: when it was made, unix seconds.
        htm, htu: the method and URL it is for, as written.
        ath: base64url of the SHA-256 of the access token; empty when absent.
        nonce: empty when absent.
    """

    thumbprint: str
    jti: str
    iat: float
    htm: str
    htu: str
    ath: str = ""
    nonce: str = ""


def read_proof(text: bytes, algorithms: tuple[str, ...]) -> Proof | str:
    """Read a proof and check its signature, or say why it is refused; never quotes the input.

    Args:
        text: the value of the one `DPoP` field. Two fields arrive joined by a comma, which no
            proof holds, so they are refused here (s4.3, 1).
        algorithms: names of asymmetric algorithms that are accepted.
    """
    segments = split(text)
    if isinstance(segments, str):
        return segments
    key = read_key(segments.header, algorithms)
    if isinstance(key, str):
        return key
    if not _is_signed(segments, key):
        return "the signature is wrong"
    claims = read_object(segments.payload)
    if isinstance(claims, str):
        return f"the payload {claims}"
    return _proof(claims, key.thumbprint)


def check_proof(
    proof: Proof, *, method: str, url: str, token: bytes | None, now: float, max_age: float
) -> str:
    """Return why a proof is not one for this request, or nothing when it is.

    Args:
        proof: from `read_proof`.
        method: the method, as the client wrote it.
        url: the URL that the client asked for; its query does not count.
        token: the access token that came with it; None where none did (a token request).
        now: unix seconds.
        max_age: seconds that `iat` may lie in the past or in the future.
    """
    if proof.htm != method:
        return "`htm` is not the method"
    if abs(now - proof.iat) > max_age:
        return "`iat` is too old or in the future"
    if token is not None and not _is_hash(proof.ath, token):
        return "`ath` is not the hash of the token"
    wanted = normal_url(url)
    if not wanted or (proof.htu != wanted and normal_url(proof.htu) != wanted):
        return "`htu` is not the URL"
    return ""


def replay_name(proof: Proof) -> str:
    """Return what names a proof for as long as it could be replayed: its key and its `jti`.

    With the key in it nobody can use up the identifiers of somebody else (s11.1).
    """
    return f"dpop:{proof.thumbprint}:{proof.jti}"


def hash_token(token: bytes) -> str:
    """Return what `ath` must be for an access token (s4.2)."""
    return urlsafe_b64encode(hashlib.sha256(token).digest()).rstrip(b"=").decode()


def _is_signed(segments: Segments, key: ProofKey) -> bool:
    try:
        return key.algorithm.verifies(segments.signing_input, segments.signature, key.key)
    except ValueError:
        # A backend that chokes on a malformed signature has not verified it.
        return False


def _is_hash(ath: str, token: bytes) -> bool:
    return ath.isascii() and hmac.compare_digest(ath, hash_token(token))


def _proof(claims: dict[str, Any], thumbprint: str) -> Proof | str:
    """Check that the claims are there and what they should be; others are ignored (s4.2)."""
    jti, iat = claims.get("jti"), claims.get("iat")
    if not is_identifier(jti):
        return "`jti` is missing or not an identifier"
    if isinstance(iat, bool) or not isinstance(iat, int | float):
        return "`iat` is missing or not a number"
    if not 0 <= iat <= MAX_NUMERIC_DATE:
        return "`iat` is not a date"
    texts = {name: claims.get(name, "") for name in ("htm", "htu", "ath", "nonce")}
    for name, value in texts.items():
        if not isinstance(value, str) or len(value) > MAX_URL_CHARS:
            return f"`{name}` is not text"
    if not texts["htm"] or not texts["htu"]:
        return "`htm` or `htu` is missing"
    if "nonce" in claims and not _NONCE.fullmatch(texts["nonce"]):
        return "`nonce` is not a nonce"
    return Proof(thumbprint=thumbprint, jti=str(jti), iat=iat, **texts)
