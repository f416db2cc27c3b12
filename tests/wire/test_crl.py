"""Revocation lists: which are taken, which are refused by name, and what they say."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from kit.authority import DAY, Authority

from yett.wire import crl
from yett.wire.crl import fold_issuer, read_crls
from yett.wire.errors import SetupError

CA = Authority("Test CA")
OTHER = Authority("Other CA")
PATH = Path("crl.pem")


def read(pem, *authorities, now=None):
    found = tuple(one.certificate for one in authorities or (CA,))
    return read_crls(pem, found, PATH, now or time.time())


def refused(pem, *authorities, now=None):
    with pytest.raises(SetupError) as caught:
        read(pem, *authorities, now=now)
    assert caught.value.hint
    return str(caught.value).removeprefix("crl.pem: ")


def test_revoked_certificates_are_told_by_issuer_and_serial():
    """The lists of several authorities are one set; the first to end says until when they hold."""
    mine, theirs = CA.issue(), OTHER.issue()
    found = read(CA.revoke(mine, ends=2 * DAY) + OTHER.revoke(theirs), CA, OTHER)
    assert found.serials == {
        ("cn=test ca", format(mine.certificate.serial_number, "x")),
        ("cn=other ca", format(theirs.certificate.serial_number, "x")),
    }
    assert found.first == "CN=Other CA"
    assert time.time() < found.begins + 3700 < found.due < found.ends < time.time() + 86_400


def test_text_between_lists_is_for_people():
    """What `openssl crl -text` writes around a list does not keep it from being read."""
    text = b"Certificate Revocation List (CRL):\n" + CA.revoke(CA.issue()) + b"\nend\n"
    assert len(read(text).serials) == 1


def test_an_empty_list_revokes_nobody():
    """A list without entries is a list."""
    assert read(CA.revoke()).serials == frozenset()


def test_the_newest_list_of_an_authority_counts():
    """An old list beside the new one does not refuse the file, nor does it say when it ends."""
    old, new = CA.revoke(begins=-2 * DAY, ends=-DAY), CA.revoke(ends=DAY)
    assert read(old + new).ends == read(new + old).ends > time.time()


def test_an_authority_without_a_list_is_named():
    """OpenSSL would refuse each of its clients with a reason that nobody sees."""
    assert refused(CA.revoke(), CA, OTHER) == "there is no list of the authority `CN=Other CA`"


def test_two_authorities_of_one_name_need_a_list_each():
    """After a change of keys the old key's list says nothing about the new key's certificates."""
    again = Authority("Test CA")
    assert refused(CA.revoke(), CA, again) == "there is no list of the authority `CN=Test CA`"
    assert read(CA.revoke() + again.revoke(), CA, again).serials == frozenset()


def test_a_list_of_a_stranger_is_named():
    """A list of an authority that certifies nobody here is a mistake; one signed by another lies."""
    message = "the list is of `CN=Other CA`, which is no authority here"
    assert refused(CA.revoke() + OTHER.revoke()) == message
    forged = CA.revoke(key=ec.generate_private_key(ec.SECP256R1()))
    assert refused(forged) == "the list of `CN=Test CA` is not signed by it"
    assert refused(CA.revoke() + forged) == "the list of `CN=Test CA` is not signed by it"


def test_dates_are_checked():
    """A list that is over, or of the future, is refused by name: OpenSSL would refuse everybody."""
    over = refused(CA.revoke(begins=-2 * DAY, ends=-DAY))
    assert over.startswith("the list of `CN=Test CA` ended on 2")
    early = refused(CA.revoke(begins=DAY, ends=2 * DAY))
    assert early.startswith("the list of `CN=Test CA` is not valid before 2")


def test_lists_that_are_not_whole_are_refused():
    """Delta lists, lists for some certificates and unknown critical extensions are named."""
    delta = x509.DeltaCRLIndicator(7)
    assert refused(CA.revoke(extension=delta)) == "the list of `CN=Test CA` is a delta"
    partial = x509.IssuingDistributionPoint(None, None, True, False, None, False, False)
    message = "the list of `CN=Test CA` is for some certificates only"
    assert refused(CA.revoke(extension=partial, critical=True)) == message
    strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    message = "the list of `CN=Test CA` needs `1.2.3.4` understood"
    assert refused(CA.revoke(extension=strange, critical=True)) == message
    assert read(CA.revoke(extension=x509.CRLNumber(7))).serials == frozenset()
    assert read(CA.revoke(extension=strange)).serials == frozenset()


@pytest.mark.parametrize(
    ("pem", "message"),
    [
        (b"", "the file holds no revocation list"),
        (CA.pem, "the file holds no revocation list"),
        (b"-----BEGIN X509 CRL-----\nAA\n-----END X509 CRL-----\n", "no readable revocation list"),
        (CA.revoke()[:-40], "no readable revocation list"),
        (CA.revoke() + b"-----BEGIN X509 CRL-----\n", "no readable revocation list"),
    ],
)
def test_what_is_no_list_is_named(pem, message):
    """Empty, damaged and cut files are a named error, also behind a good list."""
    assert message in refused(pem)


def test_the_size_is_bounded(monkeypatch):
    """A list is hashed in every handshake: a huge one would stop the gate."""
    monkeypatch.setattr(crl, "MAX_CRL_BYTES", 100)
    assert refused(CA.revoke()) == "the file is larger than 100 bytes"


def test_spellings_of_an_issuer_are_one():
    """Case and white space do not make another issuer (RFC 5280 s7.1)."""
    assert fold_issuer("CN=Test  CA") == fold_issuer("cn=test ca")
