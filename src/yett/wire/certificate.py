"""Reads a client certificate into what the rest of yett may know of it: names, thumbprint, times.

TLS (here, or at a trusted proxy) has verified it before: no path, signature or date is checked
here, and no extension but the names is believed. What has two readings, or more than fits, is
refused. RFC 5280 s4.2.1.6, RFC 8705 s2.1 and s3.1.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from yett.terms import Certificate

# OpenSSL takes 100 KiB of a peer's chain; one certificate of a client is 0.5 to 3 KiB.
MAX_CERTIFICATE_BYTES = 16 * 1024
MAX_NAMES = 100
MAX_NAME_CHARACTERS = 2048  # of a SPIFFE id (SPIFFE-ID s2.3); longer ones are nobody's
# What cryptography raises for bytes that are no certificate, or a strange one; see the fuzz test.
_UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)


class CertificateError(ValueError):
    """The bytes are no certificate that yett reads; the text says why, for the record."""


def read_certificate(der: bytes) -> Certificate:
    """Read a verified certificate (25 us).

    Args:
        der: the DER bytes, and nothing after them.

    Raises:
        CertificateError: it cannot be read, or one of its names could be taken for another.
    """
    if len(der) > MAX_CERTIFICATE_BYTES:
        raise CertificateError(f"the certificate is larger than {MAX_CERTIFICATE_BYTES} bytes")
    try:
        found = x509.load_der_x509_certificate(der)
        return Certificate(
            thumbprint=thumbprint(der),
            names=_names(found),
            serial=format(found.serial_number, "x"),
            issuer=found.issuer.rfc4514_string(),
            issued=found.not_valid_before_utc.timestamp(),
            expires=found.not_valid_after_utc.timestamp(),
        )
    except CertificateError:
        raise
    except _UNREADABLE as error:
        raise CertificateError("the certificate is not well-formed DER") from error


def thumbprint(der: bytes) -> str:
    """Return `x5t#S256` of a certificate. RFC 8705 s3.1."""
    return urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()


def _names(found: x509.Certificate) -> tuple[str, ...]:
    names = []
    for general in _alternatives(found):
        if isinstance(general, x509.UniformResourceIdentifier):
            names.append("uri:" + _text(general.value))
        elif isinstance(general, x509.DNSName):
            names.append("dns:" + _text(general.value).lower())  # RFC 4343
        elif isinstance(general, x509.RFC822Name):
            names.append("email:" + _text(general.value))
    subject = found.subject.rfc4514_string()
    if 0 < len(subject) <= MAX_NAME_CHARACTERS and subject.isprintable():
        names.append("dn:" + subject)
    return tuple(names)


def _alternatives(found: x509.Certificate) -> x509.SubjectAlternativeName | tuple[()]:
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    if sum(1 for _ in names) > MAX_NAMES:
        raise CertificateError(f"the certificate has more than {MAX_NAMES} names")
    return names


def _text(value: str) -> str:
    # `good.example\0.evil.example` is `good.example` to whoever stops at NUL (CVE-2009-2408).
    if not value.isascii() or not value.isprintable() or " " in value:
        raise CertificateError("a name of the certificate has characters that no name has")
    if not 0 < len(value) <= MAX_NAME_CHARACTERS:
        raise CertificateError("a name of the certificate is empty or too long")
    return value
