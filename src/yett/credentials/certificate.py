"""Client certificates as credentials: a name of the certificate is exactly that of one service.

TLS, here or at a trusted proxy, has verified it. No pattern, no suffix and no part of the subject
makes a service: `dns:` names are compared in lower case, every other name byte by byte.
SPIFFE ids are `uri:` names. OpenAPI `mutualTLS`; RFC 8705 s2.1, RFC 9525 s6.2.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from yett.credentials.refusals import Challenge, expired, invalid
from yett.credentials.verifier import Verified
from yett.problems import Problem
from yett.terms import Certificate, Principal

ISSUER = "yett:certificates"
# No scheme is registered; the name is that of draft-thomson-httpbis-catch.
CERTIFICATE_CHALLENGE: Challenge = ((b"www-authenticate", b"ClientCertificate"),)


MAX_REMEMBERED = 1024
NO_SERVICE = invalid("no name of the certificate is a service's", CERTIFICATE_CHALLENGE)


class Named(Struct, frozen=True, kw_only=True):
    """A service and the name in its certificates; as in `[[identity.certificate]]`."""

    name: str
    service: str
    scopes: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    tenant: str = ""


class NameBook:
    """Services by the names in their certificates; that none is there twice is checked at load."""

    __slots__ = ("_named", "_verified")

    def __init__(self, named: Iterable[Named]) -> None:
        self._named = {one.name: one for one in named}
        # The thumbprint says what the certificate says. The same principal each time lets others
        # remember what they made of it (engine/roster.py): 0.2 us where it takes 5.
        self._verified: dict[str, Verified | Problem] = {}

    def find(self, shown: Certificate) -> Verified | Problem:
        """Return the service of a certificate, or why it is none's (`NO_SERVICE`)."""
        known = self._verified.get(shown.thumbprint)
        if known is None:
            known = self._find(shown)
            if len(self._verified) >= MAX_REMEMBERED:
                del self._verified[next(iter(self._verified))]
            self._verified[shown.thumbprint] = known
        return known

    def _find(self, shown: Certificate) -> Verified | Problem:
        found = [self._named[name] for name in shown.names if name in self._named]
        if not found:
            return NO_SERVICE
        if any(one.service != found[0].service for one in found):
            # Whoever issues such a certificate must not choose which of the two is meant.
            return invalid("the certificate names two services", CERTIFICATE_CHALLENGE)
        return Verified(_principal(found[0], shown))


def verify_certificate(
    shown: Certificate | None, book: NameBook, now: float
) -> Verified | Problem | None:
    """Find the service that a certificate names.

    Args:
        shown: the client's verified certificate, None where it showed none.
        book: the services.
        now: unix seconds.

    Returns:
        The service, a refusal, or None where nothing was shown.
    """
    if shown is None:
        return None
    return expired(CERTIFICATE_CHALLENGE) if now >= shown.expires else book.find(shown)


def _principal(named: Named, shown: Certificate) -> Principal:
    return Principal(
        id=named.service,
        kind="service",
        issuer=ISSUER,
        tenant=named.tenant,
        scopes=frozenset(named.scopes),
        roles=frozenset(named.roles),
        credential=shown.thumbprint,
        scheme="certificate",
        expires=shown.expires,
        claims={"iat": shown.issued},  # what revocation cut-offs compare
    )
