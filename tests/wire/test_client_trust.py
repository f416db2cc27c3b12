"""What client certificates are checked against: in the handshake, and while a connection lasts."""

from __future__ import annotations

import ssl
import time

import pytest
from kit.authority import DAY, Authority

from yett.contract.config import TlsConfig
from yett.wire.certificate import read_certificate
from yett.wire.client_trust import read_trust
from yett.wire.errors import SetupError

CA, OTHER = Authority("Test CA"), Authority("Other CA")
CONFIG = TlsConfig(cert="cert.pem", key="key.pem", client_ca="ca.pem")
LISTED = TlsConfig(cert="cert.pem", key="key.pem", client_ca="ca.pem", crl="crl.pem")


def trust(folder, *authorities, crl=None, now=None):
    (folder / "ca.pem").write_bytes(b"".join(one.pem for one in authorities))
    if crl is not None:
        (folder / "crl.pem").write_bytes(crl)
    return read_trust(CONFIG if crl is None else LISTED, folder, now or time.time())


def test_a_context_demands_what_is_trusted(tmp_path):
    """A certificate, TLS 1.3, and with lists a look at every certificate of the chain."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trust(tmp_path, CA, crl=CA.revoke()).require(context)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.minimum_version is ssl.TLSVersion.TLSv1_3
    assert ssl.VERIFY_CRL_CHECK_CHAIN in context.verify_flags
    assert context.cert_store_stats() == {"x509": 1, "crl": 1, "x509_ca": 1}
    plain = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trust(tmp_path, CA).require(plain)
    assert ssl.VERIFY_CRL_CHECK_LEAF not in plain.verify_flags


def test_a_certificate_that_is_good_no_longer_is_told(tmp_path):
    """Revoked, expired, or under a list that is over: each has its reason."""
    left, gone = CA.issue(), CA.issue()
    good, bad = read_certificate(left.der), read_certificate(gone.der)
    found, now = trust(tmp_path, CA, crl=CA.revoke(gone, ends=2 * DAY)), time.time()
    assert found.objection(good, now) == ""
    assert found.objection(bad, now) == "it was revoked"
    assert found.objection(good, now + 90_000) == "it has expired"
    assert found.objection(good, now + 180_000) == "its authority's revocation list is over"
    assert trust(tmp_path, CA).objection(bad, now) == ""


def test_trust_that_only_grew_keeps_what_was_certified(tmp_path):
    """An authority added, or a client revoked, concerns no other client."""
    before = trust(tmp_path, CA, crl=CA.revoke())
    listed = CA.revoke(CA.issue()) + OTHER.revoke()
    assert trust(tmp_path, OTHER, CA, crl=listed).keeps(before)
    assert before.keeps(before)


def test_trust_that_lost_an_authority_keeps_nothing(tmp_path):
    """An authority taken away, or itself revoked by its own, may stand in anybody's chain."""
    middle = Authority("Issuing CA", parent=CA)
    before = trust(tmp_path, CA, middle, crl=CA.revoke() + middle.revoke())
    assert not trust(tmp_path, CA, crl=CA.revoke()).keeps(before)
    revoked = CA.revoke(middle) + middle.revoke()
    assert not trust(tmp_path, CA, middle, crl=revoked).keeps(before)


def test_the_first_end_of_an_authority_is_known(tmp_path):
    """For the warning before it."""
    ends = CA.certificate.not_valid_after_utc.timestamp()
    assert trust(tmp_path, CA, OTHER).expires == pytest.approx(ends, abs=60)


@pytest.mark.parametrize("broken", ["ca.pem", "crl.pem"])
def test_files_are_named(tmp_path, broken):
    """A file that is missing, unreadable or something else is named."""
    (tmp_path / "ca.pem").write_bytes(CA.pem)
    (tmp_path / "crl.pem").write_bytes(CA.revoke())
    for prepare, message in (
        (lambda p: p.write_bytes(b"junk"), "the file holds no"),
        (lambda p: p.write_bytes(b""), "the file holds no"),
        (lambda p: p.unlink(), "no such file"),
        (lambda p: p.mkdir(), "the file cannot be read: is a directory"),
    ):
        prepare(tmp_path / broken)
        with pytest.raises(SetupError, match=message) as caught:
            read_trust(LISTED, tmp_path, time.time())
        assert caught.value.path == str(tmp_path / broken)
        assert caught.value.hint
