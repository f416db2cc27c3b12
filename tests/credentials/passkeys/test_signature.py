"""A signature and what it covers, with nothing but the public key and the site."""

from __future__ import annotations

import pytest
from kit.authenticator import BE, BS, ED, UP, UV, Authenticator, client_data
from webauthn.helpers import encode_cbor

from yett.credentials.passkeys.shown import read_assertion
from yett.credentials.passkeys.signature import Seen, Site, site_of, verify

SITE = site_of("https://api.example.com/auth")
CHALLENGE = b"d" * 32


def verified(authenticator, *, site=SITE, key=None, challenge=CHALLENGE, said=None, **parts):
    text = authenticator.sign(client_data(CHALLENGE, **(said or {})), **parts)
    public_key = encode_cbor((key or authenticator).cose())
    return verify(site, public_key, read_assertion(text), challenge)


@pytest.mark.parametrize("kind", ["es256", "eddsa", "rsa2048"])
def test_what_was_signed_is_seen(kind):
    """Counter, and whether the key may be, or is, copied."""
    made = Authenticator(kind)
    assert verified(made) == Seen(1, backup_eligible=False, backed_up=False)
    assert verified(made, flags=UP | UV | BE | BS, count=9) == Seen(9, True, True)


def test_a_site_is_host_and_origin():
    """The path of the issuer is no part of it, the port is."""
    assert Site("api.example.com", "https://api.example.com") == SITE
    assert site_of("http://localhost:8080/auth") == Site("localhost", "http://localhost:8080")


@pytest.mark.parametrize(
    "wrong",
    [
        {"challenge": b"e" * 32},
        {"challenge": b""},
        {"site": Site("api.example.com", "https://api.example.com:8443")},
        {"site": Site("example.com", "https://api.example.com")},
        {"key": Authenticator()},
        {"said": {"kind": "webauthn.create"}},
        {"said": {"crossOrigin": True}},
        {"flags": UP},
        {"flags": UV},
        {"flags": UP | UV | BS},
        {"flags": UP | UV | ED},
        {"rp_id": "evil.example"},
        {"tail": b"\x00"},
        {"spoil": lambda made: made[:-1] + bytes([made[-1] ^ 1])},
        {"spoil": lambda made: b""},
    ],
    # Not `repr`: it has addresses of objects, which differ from process to process.
    ids=lambda wrong: next(iter(wrong)),
)
def test_whatever_is_wrong_is_refused(wrong):
    """Challenge, site, key, presence, verification and signature each count."""
    assert isinstance(verified(Authenticator(), **wrong), str)


def test_a_key_that_is_none_is_refused():
    """Nonsense in the place of the key is a refusal, never an error."""
    text = Authenticator().sign(client_data(CHALLENGE))
    for key in (b"", b"\x00", encode_cbor({1: 4, 3: 5, -1: b"secret"}), b"\xff" * 70):
        assert isinstance(verify(SITE, key, read_assertion(text), CHALLENGE), str)
