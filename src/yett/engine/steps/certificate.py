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
    hold,
    verify_certificate,
)
from yett.engine.exchange import Exchange
from yett.engine.step import Outcome, Step
from yett.policy.browser import Browser
from yett.policy.model import OperationPolicy, Policy
from yett.problems import CREDENTIAL_MISSING, Problem

SCHEME_TYPE = "mutualTLS"


def make_certificate(operation: OperationPolicy, policy: Policy, browser: Browser) -> Step | None:
    """Prove the `mutualTLS` schemes of an operation."""
    del browser
    names = certificate_schemes(operation)
    if not names:
        return None
    security = operation.security or ()
    beside = any(not names & {need.scheme.name for need in every} for every in security)
    book = _book(policy)
    missing = CREDENTIAL_MISSING(headers=_challenges(operation))
    optional = operation.public or () in security

    def certificate(x: Exchange) -> Outcome:
        found = verify_certificate(x.request.certificate, book, x.now)
        if found is None:
            return None if optional or x.principal.id else missing
        if found is NO_SERVICE and beside and x.principal.id:
            return None  # the certificate that a token is bound to need not be a service's
        if isinstance(found, Problem):
            return found
        principal = found.principal
        assert principal is not None
        x.proven = {**x.proven, **dict.fromkeys(names, principal)}
        if not x.principal.id:
            x.principal = principal
        return None

    return certificate


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
    return scheme.type == SCHEME_TYPE


def _book(policy: Policy) -> NameBook:
    return hold(
        Named(
            name=one.name,
            service=one.service,
            scopes=one.scopes,
            roles=one.roles,
            tenant=one.tenant,
        )
        for one in policy.config.identity.certificate
    )


def _challenges(operation: OperationPolicy) -> tuple[tuple[bytes, bytes], ...]:
    types = {need.scheme.type for every in operation.security or () for need in every}
    by_token = not types <= {SCHEME_TYPE, "apiKey"}
    return (((b"www-authenticate", b"Bearer"),) if by_token else ()) + CERTIFICATE_CHALLENGE
