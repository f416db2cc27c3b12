"""Step 4: the presented credential becomes a principal.

A credential that is presented and bad is refused even where another way or no credential would
have done. What may be presented comes from the operation's security schemes, never from the
request. See RFC 6750 s3, RFC 9110 s11.6.1.
"""

from __future__ import annotations

from yett.contract.identity_settings import DpopConfig
from yett.credentials.verifier import Verified
from yett.engine.exchange import Exchange
from yett.engine.questions import FetchKeys, Introspect
from yett.engine.step import Ask, Outcome, Step
from yett.engine.steps.possession import CHALLENGE, DPOP, JKT, Possession
from yett.engine.steps.presented import (
    API_KEY_PREFIX,
    UNKNOWN,
    Extract,
    Presented,
    bearer,
    extractor,
    in_handshake,
)
from yett.policy.browser import Browser
from yett.policy.model import OperationPolicy, Policy
from yett.problems import (
    CREDENTIAL_INVALID,
    CREDENTIAL_MISSING,
    UNGUARDED_OPERATION,
    Problem,
)
from yett.terms import Principal

Ways = tuple[tuple[str, Extract], ...]


def make_credential(operation: OperationPolicy, policy: Policy, browser: Browser) -> Step | None:
    """Step 4: find and verify what the operation's schemes allow."""
    del browser
    security = operation.security
    optional = operation.public or (security is not None and () in security)
    ways = ways_of(operation)
    # Then `steps/certificate` says what is missing.
    optional = optional or any(extract is in_handshake for _, extract in ways)
    if ways:
        step = CredentialStep(ways, policy.config.identity.dpop, optional=optional)
        return step.only_bearer if len(ways) == 1 and ways[0][1] is bearer else step
    # Nobody said who may call, or only by a scheme that is not verified: fail closed.
    return None if optional else lambda _x: UNGUARDED_OPERATION()


class CredentialStep:
    """Verify the presented credentials in order; each that is presented must be good."""

    __slots__ = ("_missing", "_optional", "_possession", "_ways")

    def __init__(self, ways: Ways, dpop: DpopConfig, *, optional: bool) -> None:
        self._ways = ways
        self._optional = optional
        self._possession = Possession(dpop)
        self._missing = CREDENTIAL_MISSING(headers=_challenges(ways, self._possession))

    def __call__(self, x: Exchange) -> Outcome:
        """Start with the first way."""
        return self._verify(x, 0)

    def only_bearer(self, x: Exchange) -> Outcome:
        """Do the same for one token, the usual case, written out: 0.5 us where it takes 0.9."""
        value = x.request.headers.get(b"authorization")
        if value is None or value[:7] != b"Bearer " or value.startswith(API_KEY_PREFIX, 7):
            return self._verify(x, 0)
        token = value[7:]
        verified = x.view.verify("bearer", token, x.now, x.request.source)
        if isinstance(verified, Problem):
            return verified
        principal = verified.principal
        if principal is None:
            return self._ask(0, ("bearer", token), verified)
        if principal.binding:
            unproven = self._possession.refuse(x, principal, "bearer", token)
            if unproven is not None:
                return unproven
        x.principal = principal
        x.proven = {self._ways[0][0]: principal}
        return None if principal.id or self._optional else self._missing

    def _verify(self, x: Exchange, start: int) -> Outcome:
        for at in range(start, len(self._ways)):
            name, extract = self._ways[at]
            presented = extract(x.request)
            if presented is None:
                continue
            if presented[0] == UNKNOWN:
                return CREDENTIAL_INVALID(headers=(invalid_token(),), note="unknown scheme")
            verified = self._look(x, presented)
            if isinstance(verified, Problem):
                return verified
            if verified.principal is None:
                return self._ask(at, presented, verified)
            unproven = self._prove(x, name, presented, verified.principal)
            if unproven is not None:
                return unproven
        return None if self._optional or x.principal.id else self._missing

    def _ask(self, at: int, presented: Presented, verified: Verified) -> Ask:
        """Fetch the missing key or ask the issuer, then look once more.

        Missing again, nobody vouches for it.
        """

        def resume(x: Exchange, fetched: bool) -> Outcome:
            again = self._look(x, presented) if fetched else verified
            if isinstance(again, Problem):
                return again
            if again.principal is None and again.opaque and not verified.opaque:
                return self._ask(at, presented, again)  # its key is there, its issuer wants a say
            if again.principal is None:
                what = "no answer" if verified.opaque else "unknown key"
                note = f"{what} of {verified.issuer}"
                problem = CREDENTIAL_INVALID(headers=(invalid_token(),), note=note)
                return self._possession.in_scheme(problem) if presented[0] == DPOP else problem
            unproven = self._prove(x, self._ways[at][0], presented, again.principal)
            return self._verify(x, at + 1) if unproven is None else unproven

        if verified.opaque:
            return Ask(Introspect(verified.issuer, presented[1]), resume)
        return Ask(FetchKeys(verified.issuer, verified.kid), resume)

    def _look(self, x: Exchange, presented: Presented) -> Verified | Problem:
        """Verify what was presented; a token is the same token in whichever scheme it comes."""
        kind, credential = presented
        if kind != DPOP:
            return x.view.verify(kind, credential, x.now, x.request.source)
        verified = x.view.verify("bearer", credential, x.now, x.request.source)
        return self._possession.in_scheme(verified) if isinstance(verified, Problem) else verified

    def _prove(
        self, x: Exchange, name: str, presented: Presented, principal: Principal
    ) -> Problem | None:
        """Take a principal that has proven what it must; a proof may serve two schemes, once."""
        kind, credential = presented
        # An unbound token that a cookie has proven is still none for the scheme `DPoP`.
        once = principal in x.proven.values() and (kind != DPOP or principal.binding[:4] == JKT)
        if (principal.binding or kind == DPOP) and not once:
            unproven = self._possession.refuse(x, principal, kind, credential)
            if unproven is not None:
                return unproven
        if not x.principal.id:
            x.principal = principal
        x.proven = {**x.proven, name: principal}
        return None


def invalid_token() -> tuple[bytes, bytes]:
    """Return the challenge of RFC 6750 s3.1."""
    return (b"www-authenticate", b'Bearer error="invalid_token"')


def ways_of(operation: OperationPolicy) -> Ways:
    """Return each scheme the operation names once, with its extractor."""
    schemes = {
        need.scheme.name: need.scheme
        for alternative in operation.security or ()
        for need in alternative
    }
    found = ((name, extractor(scheme)) for name, scheme in schemes.items())
    return tuple((name, extract) for name, extract in found if extract is not None)


def _challenges(ways: Ways, possession: Possession) -> tuple[tuple[bytes, bytes], ...]:
    """A 401 carries at least one challenge (RFC 9110 s15.5.2)."""
    if any(extract is bearer for _, extract in ways):
        return ((CHALLENGE, b"Bearer"), (CHALLENGE, possession.challenge))
    return ((CHALLENGE, b"ApiKey"),)
