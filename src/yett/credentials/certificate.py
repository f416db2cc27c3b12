"""Client certificates as credentials: a name of the certificate is exactly that of one service.

TLS, here or at a trusted proxy, has verified it. No pattern, no suffix and no part of the subject
makes a service: `dns:` names are compared in lower case, every other name byte by byte.
SPIFFE ids are `uri:` names. OpenAPI `mutualTLS`; RFC 8705 s2.1, RFC 9525 s6.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from yett.credentials.refusals import Challenge, expired, invalid
from yett.credentials.verifier import Verified
from yett.problems import Problem
from yett.terms import Certificate, Principal

ISSUER = "yett:certificates"
# No scheme is registered; the name is that of draft-thomson-httpbis-catch.
CERTIFICATE_CHALLENGE: Challenge = ((b"www-authenticate", b"ClientCertificate"),)


NO_SERVICE = invalid("no name of the certificate is a service's", CERTIFICATE_CHALLENGE)


class Named(Struct, frozen=True, kw_only=True):
    """A service and the name in its certificates; as in `[[identity.certificate]]`."""

    name: str
    service: str
    scopes: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    tenant: str = ""


NameBook = Mapping[str, Named]


def hold(named: Iterable[Named]) -> NameBook:
    """Make services ready to be asked for by name; that none is there twice is checked at load."""
    return {one.name: one for one in named}


def verify_certificate(
    shown: Certificate | None, book: NameBook, now: float
) -> Verified | Problem | None:
    """Find the service that a certificate names.

    Args:
        shown: the client's verified certificate, None where it showed none.
        book: from `hold`.
        now: unix seconds.

    Returns:
        The service, a refusal (`NO_SERVICE` where no name is known), or None where nothing was
        shown.
    """
    if shown is None:
        return None
    if now >= shown.expires:
        return expired(CERTIFICATE_CHALLENGE)
    found = [book[name] for name in shown.names if name in book]
    if not found:
        return NO_SERVICE
    if any(one.service != found[0].service for one in found):
        # Whoever issues such a certificate must not choose which of the two is meant.
        return invalid("the certificate names two services", CERTIFICATE_CHALLENGE)
    return Verified(_principal(found, shown))


def _principal(found: list[Named], shown: Certificate) -> Principal:
    return Principal(
        id=found[0].service,
        kind="service",
        issuer=ISSUER,
        tenant=found[0].tenant,
        scopes=frozenset(found[0].scopes),
        roles=frozenset(found[0].roles),
        credential=shown.thumbprint,
        scheme="certificate",
        expires=shown.expires,
        claims={"iat": shown.issued},  # what revocation cut-offs compare
    )
