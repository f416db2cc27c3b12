"""Passkeys that are made: kept as what they are, and each forged registration refused."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit.accounts import NOW, make_server
from kit.authenticator import AT, BE, BS, UP, UV, client_data

from yett.credentials.passkeys.shown import Attestation, encode
from yett.issuer.passkeys import creation_options
from yett.issuer.passkeys.challenge import Ceremony
from yett.issuer.passkeys.registration import verify
from yett.state.accounts.notices import untold
from yett.state.accounts.passkeys import MAX_PASSKEYS_PER_USER, Passkey, add_passkey, list_passkeys
from yett.state.accounts.users import add_user


@pytest.mark.parametrize("kind", ["es256", "eddsa", "rsa2048"])
def test_a_passkey_is_kept_as_what_it_is(party, kind):
    """Key, model, transports and flags are recorded; the ledger is told."""
    passkey = party.register(party.made(party.authenticator(kind, flags=UP | UV | BE | BS)))
    assert isinstance(passkey, Passkey), passkey
    assert passkey.aaguid == "ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4"
    assert passkey.label == "Google Password Manager"
    assert passkey.transports == ("internal", "hybrid")
    assert (passkey.backup_eligible, passkey.backed_up) == (True, True)
    with party.server.store.read() as tx:
        assert list_passkeys(tx, party.person.id) == [passkey]
        assert [event.kind for _, event in untold(tx)] == ["passkey-added"]


def test_its_owner_may_name_it(party):
    """A label is cut to its length; an empty one becomes the maker's name."""
    passkey = party.register(party.made(party.authenticator()), label="  my key " + "x" * 100)
    assert passkey.label.startswith("my key x")
    assert len(passkey.label) == 64


WRONG = {
    "no user verification": {"flags": UP},
    "no user presence": {"flags": UV},
    "backed up but not eligible": {"flags": UP | UV | BS},
    "another relying party": {"rp_id": "evil.example"},
    "trailing authenticator data": {"tail": b"\x00"},
    "an attestation of a vendor": {"fmt": "tpm"},
    "an unknown attestation": {"fmt": "x"},
    "no attestation with a statement": {"statement": {"alg": -7, "sig": b"x"}},
    "a self attestation that is none": {"fmt": "packed", "statement": {"alg": -7, "sig": b"x"}},
    "another id than it says": {"named": encode(b"z" * 16)},
    "an origin elsewhere": {"said": {"origin": "https://evil.example"}},
    "a frame of another site": {"said": {"crossOrigin": True}},
    "a top origin": {"said": {"topOrigin": "https://evil.example"}},
    "a sign-in": {"kind": "webauthn.get"},
}


@pytest.mark.parametrize("parts", WRONG.values(), ids=WRONG.keys())
def test_a_forged_registration_is_refused(party, parts):
    """Nothing of it is kept."""
    refused = party.register(party.made(party.authenticator(), **parts))
    assert isinstance(refused, str)
    with party.server.store.read() as tx:
        assert list_passkeys(tx, party.person.id) == []


@pytest.mark.parametrize("kind", ["p384", "rsa1024"])
def test_a_weak_or_odd_key_is_refused(party, kind):
    """ES256 means P-256, and RSA at least 2048 bits."""
    refused = party.register(party.made(party.authenticator(kind)))
    assert isinstance(refused, str)


def test_an_algorithm_that_was_not_offered_is_refused(party):
    """What a key says it is must be on the list."""
    authenticator = party.authenticator()
    cose = authenticator.cose()
    authenticator.cose = lambda: {**cose, 3: -36}
    assert isinstance(party.register(party.made(authenticator)), str)


def test_a_credential_id_is_registered_once(party):
    """Neither twice by one person, nor by another."""
    authenticator, _ = party.registered()
    bob = party.server.store.write(lambda tx: add_user(tx, login="bob", now=NOW))
    for user in (party.person, bob):
        refused = party.register(party.made(authenticator), user=user)
        assert refused == "this passkey is, or was, registered"


def test_a_registration_is_not_replayed(party):
    """A challenge makes one passkey, for its purpose, browser and time."""
    text = party.made(party.authenticator())
    elsewhere = Ceremony(purpose="add", holder="c" * 64, context="x")
    for wrong in ({"ceremony": elsewhere}, {"now": NOW + 301}):
        assert party.register(text, **wrong) == (
            "the challenge is not of this ceremony, or has expired"
        )
    assert isinstance(party.register(text), Passkey)
    assert party.register(text) == "the challenge has been used"


def test_nobody_has_passkeys_without_end(party):
    """There is a bound for each person."""

    def fill(tx):
        for number in range(MAX_PASSKEYS_PER_USER):
            add_passkey(tx, Passkey(id=f"k{number}", user=party.person.id, public_key=b""))

    party.server.store.write(fill)
    refused = party.register(party.made(party.authenticator()))
    assert refused == "nobody has more than 20 passkeys"


def test_options_ask_for_a_discoverable_verified_one(party):
    """The handle is the id; known passkeys are excluded; no attestation is asked for."""
    _, passkey = party.registered()
    options = creation_options(party.server, party.person, [passkey], b"c")
    assert options["user"] == {
        "id": urlsafe_b64encode(party.person.id.encode()).rstrip(b"=").decode(),
        "name": "ada",
        "displayName": "Ada Lovelace",
    }
    assert options["authenticatorSelection"] == {
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": "required",
    }
    assert options["attestation"] == "none"
    assert [one["alg"] for one in options["pubKeyCredParams"]] == [-8, -7, -257]
    assert [one["id"] for one in options["excludeCredentials"]] == [passkey.id]
    assert json.dumps(options)


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    return make_server(tmp_path_factory.mktemp("fuzz"))


@settings(max_examples=150)
@given(st.binary(max_size=200) | st.binary(max_size=80).map(lambda raw: b"\xa3cfmtdnone" + raw))
def test_no_bytes_break_the_parser(quiet, raw):
    """Whatever stands in an attestation is refused with a reason, never an exception."""
    said = client_data(b"c", kind="webauthn.create")
    made = Attestation(id="YQ", client_data=said, attestation=raw)
    assert isinstance(verify(quiet, made, b"c"), str)


@settings(max_examples=60)
@given(flags=st.integers(0, 255), cut=st.integers(0, 120))
def test_cut_authenticator_data_is_refused(quiet, flags, cut):
    """Authenticator data that ends early, or with flags that do not fit, is no passkey."""
    from kit.authenticator import Authenticator  # noqa: PLC0415 - keys are made once per example
    from webauthn.helpers import encode_cbor  # noqa: PLC0415

    data = Authenticator("eddsa").data(flags=flags & ~AT)[: cut or 1]
    raw = encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
    said = client_data(b"c", kind="webauthn.create")
    made = Attestation(id="YQ", client_data=said, attestation=raw)
    assert isinstance(verify(quiet, made, b"c"), str)
