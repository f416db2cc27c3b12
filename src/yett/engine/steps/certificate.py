"""Step 4, the certificate: what the client has shown in its handshake becomes a service.

Runs behind the credentials that a request carries, so that where both are needed the principal is
the token's and the certificate stands beside it. OpenAPI `mutualTLS`.
"""

from __future__ import annotations

from yett.contract.model import SecurityScheme
from yett.credentials.certificate import (
    CERTIFICATE_CHALLENGE,
    NO_SERVICE,
    NameBook,
    Named,
    verify_certificate,
)
from yett.engine.exchange import Exchange
from yett.engine.step import Outcome, Step
from yett.engine.steps.possession import CHALLENGE, challenge_of
from yett.engine.steps.presented import CERTIFICATE_TYPE, bearer, extractor
from yett.policy.browser import Browser
from yett.policy.model import OperationPolicy, Policy
from yett.problems import CREDENTIAL_MISSING, Problem
from yett.terms import Principal


def make_certificate(operation: OperationPolicy, policy: Policy, browser: Browser) -> Step | None:
    """Prove the `mutualTLS` schemes of an operation."""
    del browser
    names = certificate_schemes(operation)
    if not names:
        return None
    security = operation.security or ()
    beside = any(not names & {need.scheme.name for need in every} for every in security)
    book = _book(policy)
    needed = tuple(frozenset(need.scheme.name for need in every) for every in security)
    missing = CREDENTIAL_MISSING(headers=_challenges(operation, policy))
    optional = operation.public or () in security

    def certificate(x: Exchange) -> Outcome:
        found = verify_certificate(x.request.certificate, book, x.now)
        if found is NO_SERVICE and beside and x.principal.id:
            found = None  # the certificate that a token is bound to need not be a service's
        if isinstance(found, Problem):
            return found
        if found is not None:
            _prove(x, names, found.principal)
        return None if optional or any(every <= x.proven.keys() for every in needed) else missing

    return certificate


def _prove(x: Exchange, names: frozenset[str], principal: Principal | None) -> None:
    assert principal is not None  # no key has to be fetched for a certificate
    x.proven = {**x.proven, **dict.fromkeys(names, principal)}
    if not x.principal.id:
        x.principal = principal


def certificate_schemes(operation: OperationPolicy) -> frozenset[str]:
    """Return the names of the schemes that a client certificate proves."""
    return frozenset(
        need.scheme.name
        for alternative in operation.security or ()
        for need in alternative
        if is_certificate(need.scheme)
    )


def is_certificate(scheme: SecurityScheme) -> bool:
    """Whether a client certificate proves this scheme."""
    return scheme.type == CERTIFICATE_TYPE


def _book(policy: Policy) -> NameBook:
    return NameBook(
        Named(
            name=one.name,
            service=one.service,
            scopes=one.scopes,
            roles=one.roles,
            tenant=one.tenant,
        )
        for one in policy.config.identity.certificate
    )


def _challenges(operation: OperationPolicy, policy: Policy) -> tuple[tuple[bytes, bytes], ...]:
    schemes = [need.scheme for every in operation.security or () for need in every]
    if not any(extractor(scheme) is bearer for scheme in schemes):
        return CERTIFICATE_CHALLENGE
    proof = challenge_of(policy.config.identity.dpop)
    return ((CHALLENGE, b"Bearer"), (CHALLENGE, proof), *CERTIFICATE_CHALLENGE)
