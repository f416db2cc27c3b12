"""Step 4, possession: a credential that is bound is good only from whom, and for what, it is.

`jkt:` needs the scheme `DPoP` and a proof for exactly this request and token, good once; `x5t:`
needs the certificate of this connection. Both downgrades are refused: a bound token as a plain
bearer token is a stolen one, and an unbound one in the scheme `DPoP` would be as good as a bound
one to a service that reads only the scheme. RFC 9449 s4.3, s7, s9; RFC 8705 s3.
"""

from __future__ import annotations

import hmac

from msgspec.structs import replace

from yett.contract.identity_settings import DpopConfig
from yett.credentials.claims import OPERATION
from yett.credentials.dpop import check_proof, read_proof, replay_name
from yett.credentials.web_url import normal_url
from yett.engine.exchange import Exchange
from yett.problems import (
    CREDENTIAL_INVALID,
    KEYS_UNAVAILABLE,
    PROOF_INVALID,
    PROOF_NONCE_NEEDED,
    Problem,
)
from yett.terms import Principal, Request

DPOP = "dpop"  # how a token is presented: in the scheme `DPoP` of `Authorization`
JKT, X5T = "jkt:", "x5t:"
CHALLENGE = b"www-authenticate"
SCHEMES = ("http", "https")
USED = "it was used before"
# A proof is judged by the time at which its request arrived, and keys or an issuer may have been
# asked meanwhile (10 s each): it is remembered for longer than it is good, so that none is ever
# good by that clock and forgotten by the present one.
SLACK_SECONDS = 30.0


class Possession:
    """Judges whether the sender of a request holds the key of its credential.

    Args:
        config: `[identity.dpop]`.

    Attributes:
        challenge: the scheme with what it accepts (RFC 9449 s7.1).
    """

    __slots__ = ("_algorithms", "_max_age", "_origins", "_wants_nonce", "challenge")

    def __init__(self, config: DpopConfig) -> None:
        self._algorithms = config.algorithms
        self._max_age = config.max_age
        self._wants_nonce = config.nonce
        self._origins = frozenset(
            normal_url(f"{scheme}://{host}") for host in config.hosts for scheme in SCHEMES
        )
        self.challenge = challenge_of(config)

    def refuse(self, x: Exchange, principal: Principal, kind: str, token: bytes) -> Problem | None:
        """Say why the sender has not proven to hold the key; None when it has, or need not.

        Args:
            x: the exchange.
            principal: as the credential names it.
            kind: how the credential was presented.
            token: its bytes.
        """
        key, mark, operation = principal.binding.partition(OPERATION)
        if mark and not _is_for(x, operation):
            return self._elsewhere(kind)
        key = key.rstrip(" ")
        if kind == DPOP:
            if not key.startswith(JKT):
                return self._invalid_token("the token is bound to no key and came as if it were")
            return self._judge(x, token, key[len(JKT) :])
        if not key:
            return None
        if key.startswith(X5T):
            return _refuse_certificate(x, key[len(X5T) :])
        # Whether it came as a bearer token or in a cookie: RFC 9449 s7.2.
        headers = ((CHALLENGE, b'Bearer error="invalid_token"'), (CHALLENGE, self.challenge))
        note = "the token is bound to a key and came without proof"
        return CREDENTIAL_INVALID(headers=headers, note=note)

    def in_scheme(self, problem: Problem) -> Problem:
        """Write the challenge of a problem for who speaks `DPoP`."""
        return in_scheme(problem, self.challenge)

    def _judge(self, x: Exchange, token: bytes, thumbprint: str) -> Problem | None:
        text = x.request.headers.get(b"dpop")
        if text is None:
            return self._invalid_proof("there is no proof")
        proof = read_proof(text, self._algorithms)
        if isinstance(proof, str):
            return self._invalid_proof(proof)
        if not hmac.compare_digest(proof.thumbprint, thumbprint):
            return self._invalid_token("the proof is signed by another key than the token's")
        reason = self._wrong_host(x.request) or check_proof(
            proof,
            method=x.request.method,
            url=url_of(x.request),
            token=token,
            now=x.now,
            max_age=self._max_age,
        )
        if reason:
            return self._invalid_proof(reason)
        if self._wants_nonce and not x.view.accepts_nonce(proof.nonce, x.now):
            return self._nonce_needed(x)
        # Step 6 uses it up (`steps/once`): a place in the memory is for who is within its quota.
        name = replay_name(proof)
        if not x.view.unused(name, proof.iat, x.now):
            return self._invalid_proof(USED)
        x.once += ((name, proof.iat + self._max_age + SLACK_SECONDS, proof.iat),)
        return None

    def _wrong_host(self, request: Request) -> str:
        """Say that a request is for a host that is not ours.

        Its sender chooses `Host`: whom a client has sent a proof, thinking that it is the API,
        could send it on with the name that the proof is for (RFC 9449 s11.1).
        """
        if not self._origins or normal_url(_origin_of(request)) in self._origins:
            return ""
        return "the request is for another host"

    def _elsewhere(self, kind: str) -> Problem:
        problem = CREDENTIAL_INVALID(
            headers=((CHALLENGE, b'Bearer error="invalid_token"'),),
            note="the token is for one call, and not of this operation",
        )
        return self.in_scheme(problem) if kind == DPOP else problem

    def _invalid_token(self, note: str) -> Problem:
        challenge = (CHALLENGE, self.challenge + b', error="invalid_token"')
        return CREDENTIAL_INVALID(headers=(challenge,), note=note)

    def _invalid_proof(self, reason: str) -> Problem:
        return invalid_proof(self.challenge, reason)

    def _nonce_needed(self, x: Exchange) -> Problem:
        nonce = x.view.nonce(x.now)
        if not nonce:
            return KEYS_UNAVAILABLE(note="there is no key to make nonces with")
        challenge = (CHALLENGE, self.challenge + b', error="use_dpop_nonce"')
        return PROOF_NONCE_NEEDED(headers=(challenge, (b"dpop-nonce", nonce)))


def _is_for(x: Exchange, operation: str) -> bool:
    """Whether a token for one call of an operation may be used here, where it is used up.

    Elsewhere it would be what nobody agreed to: any call, often, with a fresh sign-in.
    """
    if x.plan is None:
        return False
    here = x.plan.operation
    return here.id == operation and here.demand is not None and here.demand.bind == "operation"


def invalid_proof(challenge: bytes, reason: str) -> Problem:
    """Refuse a proof in the scheme `DPoP` (RFC 9449 s7.1)."""
    headers = ((CHALLENGE, challenge + b', error="invalid_dpop_proof"'),)
    return PROOF_INVALID(headers=headers, note=f"the proof is refused: {reason}")


def challenge_of(config: DpopConfig) -> bytes:
    """Return the challenge of the scheme `DPoP`, with the algorithms of proofs."""
    return b'DPoP algs="%s"' % " ".join(config.algorithms).encode()


def in_scheme(problem: Problem, challenge: bytes) -> Problem:
    """Rewrite `Bearer` challenges for who speaks `DPoP`; parameters stay (RFC 9449 s7.1)."""
    headers = tuple(
        (name, challenge + (b"," + value[6:] if value[6:] else b""))
        if name == CHALLENGE and value[:6] == b"Bearer"
        else (name, value)
        for name, value in problem.headers
    )
    return problem if headers == problem.headers else replace(problem, headers=headers)


def url_of(request: Request) -> str:
    """Return the URL that the client asked for, as far as proofs are about it (`htu`)."""
    return _origin_of(request) + request.path


def _origin_of(request: Request) -> str:
    return f"{'https' if request.secure else 'http'}://{request.authority}"


def _refuse_certificate(x: Exchange, thumbprint: str) -> Problem | None:
    shown, certificate = "came without", x.request.certificate
    if certificate is not None:
        if not hmac.compare_digest(certificate.thumbprint, thumbprint):
            shown = "came with another"
        elif x.now < certificate.expires:
            return None
        else:  # a connection, or a proxy's word, that outlived it
            shown = "came with it after its time"
    return CREDENTIAL_INVALID(
        headers=((CHALLENGE, b'Bearer error="invalid_token"'),),
        note=f"the token is bound to a certificate and {shown}",
    )
