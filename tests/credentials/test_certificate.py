"""Client certificates as credentials: exact names, and one service or none."""

from __future__ import annotations

import pytest

from yett.credentials import certificate
from yett.credentials.certificate import (
    CERTIFICATE_CHALLENGE,
    ISSUER,
    NO_SERVICE,
    NameBook,
    Named,
    verify_certificate,
)
from yett.problems import CREDENTIAL_EXPIRED, CREDENTIAL_INVALID
from yett.terms import Certificate
from yett.wire.certificate import thumbprint

SPIFFE = "uri:spiffe://example.org/ns/shop/sa/billing"
BOOK = NameBook(
    (
        Named(
            name=SPIFFE, service="billing", scopes=("orders:read",), roles=("staff",), tenant="t1"
        ),
        Named(name="dns:billing.example.org", service="billing"),
        Named(name="dns:ship.example.org", service="shipping"),
    )
)


def shown(*names, expires=2000.0):
    mark = thumbprint(repr((names, expires)).encode())
    return Certificate(thumbprint=mark, names=names, issued=500.0, expires=expires)


def test_nothing_shown_is_nobody():
    """Whether that is refused is for the operation to say."""
    assert verify_certificate(None, BOOK, 1000.0) is None


def test_a_name_is_a_service():
    """With its scopes, roles and tenant; what revocation needs is there."""
    given = shown("dns:other.example", SPIFFE, "dn:CN=x")
    found = verify_certificate(given, BOOK, 1000.0)
    principal = found.principal
    assert (principal.id, principal.kind, principal.issuer) == ("billing", "service", ISSUER)
    assert (principal.scopes, principal.roles) == ({"orders:read"}, {"staff"})
    assert (principal.tenant, principal.scheme) == ("t1", "certificate")
    assert (principal.credential, principal.expires) == (given.thumbprint, 2000.0)
    assert principal.claims["iat"] == 500.0


@pytest.mark.parametrize(
    "name",
    [
        SPIFFE + "/",
        SPIFFE[:-1],
        SPIFFE.upper(),
        "uri:spiffe://example.org.evil.test/ns/shop/sa/billing",
        "dns:spiffe://example.org/ns/shop/sa/billing",
        "dns:a.billing.example.org",
        "dns:*.example.org",
        "dn:CN=billing",
        "dn:uri:spiffe://example.org/ns/shop/sa/billing",
        "email:billing.example.org",
        "billing",
        "",
    ],
)
def test_nothing_like_a_name_is_that_name(name):
    """No prefix, suffix, case, wildcard, kind or subject makes a service."""
    assert verify_certificate(shown(name), BOOK, 1000.0) is NO_SERVICE
    assert NO_SERVICE.kind is CREDENTIAL_INVALID
    assert NO_SERVICE.headers == CERTIFICATE_CHALLENGE


def test_two_names_of_one_service_are_one():
    """The first counts."""
    found = verify_certificate(shown("dns:billing.example.org", SPIFFE), BOOK, 1000.0)
    assert (found.principal.id, found.principal.scopes) == ("billing", frozenset())


def test_two_services_are_none():
    """A certificate that is two services is neither."""
    found = verify_certificate(shown(SPIFFE, "dns:ship.example.org"), BOOK, 1000.0)
    assert found.kind is CREDENTIAL_INVALID
    assert found is not NO_SERVICE


def test_its_time_counts():
    """On a connection that outlives the certificate, and for what a proxy says."""
    assert verify_certificate(shown(SPIFFE), BOOK, 2000.0).kind is CREDENTIAL_EXPIRED
    assert verify_certificate(shown(SPIFFE), BOOK, 1999.9).principal.id == "billing"


def test_what_was_found_is_remembered_within_bounds(monkeypatch):
    """The same principal for the same certificate; strangers push out no more than others do."""
    monkeypatch.setattr(certificate, "MAX_REMEMBERED", 2)
    book = NameBook((Named(name="dns:a.example", service="a"),))
    first = book.find(shown("dns:a.example"))
    assert book.find(shown("dns:a.example")) is first
    for at in range(5):
        assert book.find(shown(f"dns:x{at}.example")) is NO_SERVICE
    assert len(book._verified) == 2
    assert book.find(shown("dns:a.example")) == first
