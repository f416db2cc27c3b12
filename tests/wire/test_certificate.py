"""Reading client certificates: what they say, and what hostile DER is."""

from __future__ import annotations

import datetime as dt
import hashlib
from base64 import urlsafe_b64encode

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yett.wire.certificate import (
    MAX_CERTIFICATE_BYTES,
    MAX_NAMES,
    CertificateError,
    read_certificate,
)

KEY = ec.generate_private_key(ec.SECP256R1())
BEGIN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
END = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def make(*names, subject="svc", raw=None):
    """A certificate with these alternative names; `raw` is the DER of the whole extension."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject) if subject else x509.Name([]))
        .issuer_name(name("Test CA"))
        .public_key(KEY.public_key())
        .serial_number(0xBEEF)
        .not_valid_before(BEGIN)
        .not_valid_after(END)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if raw is not None:
        oid = x509.SubjectAlternativeName.oid
        builder = builder.add_extension(x509.UnrecognizedExtension(oid, raw), critical=False)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(Encoding.DER)


GOOD = make(
    x509.UniformResourceIdentifier("spiffe://example.org/ns/a/sa/Billing"),
    x509.DNSName("Billing.Example.org"),
    x509.RFC822Name("ops@example.org"),
)


def test_what_a_certificate_says():
    """Names by kind in order, then the subject; host names in lower case, the rest exactly."""
    found = read_certificate(GOOD)
    assert found.names == (
        "uri:spiffe://example.org/ns/a/sa/Billing",
        "dns:billing.example.org",
        "email:ops@example.org",
        "dn:CN=svc",
    )
    digest = urlsafe_b64encode(hashlib.sha256(GOOD).digest()).decode().rstrip("=")
    assert (found.thumbprint, len(found.thumbprint)) == (digest, 43)
    assert (found.serial, found.issuer) == ("beef", "CN=Test CA")
    assert (found.issued, found.expires) == (BEGIN.timestamp(), END.timestamp())


def test_a_certificate_without_names_has_none():
    """Without alternative names there is the subject, and without that nothing."""
    assert read_certificate(make()).names == ("dn:CN=svc",)
    assert read_certificate(make(subject="")).names == ()


def test_a_subject_cannot_pose_as_another_name():
    """A common name is never a host name, and one with control characters is left out."""
    assert read_certificate(make(subject="dns:a.example")).names == ("dn:CN=dns:a.example",)
    assert read_certificate(make(subject="a\nb")).names == ()
    assert read_certificate(make(subject="a,CN=admin")).names == ("dn:CN=a\\,CN=admin",)


def san(tag, value):
    """The DER of an extension with one name, written by hand."""
    inner = bytes([0x80 | tag, len(value)]) + value
    return bytes([0x30, len(inner)]) + inner


@pytest.mark.parametrize(
    "value", [b"a.example\x00.evil.example", b"a b", b"a\nb", b"\xffabc", b"", b"a\x7f"]
)
@pytest.mark.parametrize("tag", [1, 2, 6])
def test_names_with_strange_characters_are_refused(tag, value):
    """NUL, white space, bytes beyond ASCII and empty names are no names (CVE-2009-2408)."""
    with pytest.raises(CertificateError):
        read_certificate(make(raw=san(tag, value)))


def test_sizes_are_bounded():
    """Neither a huge certificate nor one with many or long names is read."""
    many = [x509.DNSName(f"n{at}.example") for at in range(MAX_NAMES + 1)]
    long = x509.UniformResourceIdentifier("spiffe://example.org/" + "a" * 2048)
    huge = make(x509.DNSName("a.example"), subject="") + bytes(MAX_CERTIFICATE_BYTES)
    for der, why in (
        (make(*many), "more than 100 names"),
        (make(long), "empty or too long"),
        (huge, "larger than"),
    ):
        with pytest.raises(CertificateError, match=why):
            read_certificate(der)


@pytest.mark.parametrize("der", [b"", b"\x30", b"\x30\x80", b"not a certificate", GOOD + b"\x00"])
def test_what_is_no_certificate_is_refused(der):
    """Empty, cut, indefinite and trailing bytes are named, not raised as something else."""
    with pytest.raises(CertificateError):
        read_certificate(der)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=0, max_size=4), st.integers(0, 4))
def test_damaged_certificates_are_read_or_refused(at, put, drop):
    """Whatever is changed in its bytes, there is a certificate or `CertificateError`."""
    try:
        found = read_certificate(GOOD[:at] + put + GOOD[at + drop :])
    except CertificateError:
        return
    assert all(one.isprintable() for one in found.names)
