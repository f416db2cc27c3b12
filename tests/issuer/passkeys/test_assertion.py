"""Assertions made by hand: the honest one proves a person, each forgery is refused, and noted."""

from __future__ import annotations

import json
import threading

import pytest
from kit.accounts import NOW
from kit.authenticator import BE, BS, ED, UP, UV, client_data
from webauthn.helpers import encode_cbor

from yett.credentials.passkeys.shown import encode
from yett.issuer.passkeys import Proof, request_options
from yett.issuer.passkeys.challenge import Ceremony
from yett.state.accounts.notices import untold
from yett.state.accounts.passkeys import find_passkey, revoke_passkey
from yett.state.accounts.users import add_user

HOLDER = "b" * 64


def kinds(server):
    with server.store.read() as tx:
        return [event.kind for _, event in untold(tx)]


@pytest.mark.parametrize("kind", ["es256", "eddsa", "rsa2048"])
def test_an_honest_passkey_proves_its_owner(party, kind):
    """Each algorithm that is offered works; the counter and the time of use move."""
    authenticator, passkey = party.registered(kind)
    proof = party.prove(authenticator.sign(client_data(party.challenge())))
    assert isinstance(proof, Proof), proof
    assert (proof.passkey.user, proof.amr) == (party.person.id, ("hwk", "user", "pop"))
    with party.server.store.read() as tx:
        now = find_passkey(tx, passkey.id)
    assert (now.sign_count, now.used) == (1, NOW)


def test_a_synced_passkey_says_so(party):
    """One that may be copied is `swk`; whether it is copied is kept up to date."""
    authenticator, passkey = party.registered(flags=UP | UV | BE)
    assert (passkey.backup_eligible, passkey.backed_up) == (True, False)
    challenge = party.challenge()
    proof = party.prove(authenticator.sign(client_data(challenge), flags=UP | UV | BE | BS))
    assert proof.amr == ("swk", "user", "pop")
    with party.server.store.read() as tx:
        assert find_passkey(tx, passkey.id).backed_up


def test_authenticators_without_a_counter_are_taken(party):
    """Zero again and again is no regress (synced passkeys do that)."""
    authenticator, _ = party.registered()
    for _ in range(2):
        said = client_data(party.challenge())
        assert isinstance(party.prove(authenticator.sign(said, count=0)), Proof)


def duplicate(data):
    return data.replace(b'"origin":', b'"origin":"https://evil.example","origin":', 1)


CLIENT_DATA = {
    "another origin": {"origin": "https://evil.example"},
    "a sub-domain": {"origin": "https://a.api.example.com"},
    "another port": {"origin": "https://api.example.com:8443"},
    "another scheme": {"origin": "http://api.example.com"},
    "a longer origin": {"origin": "https://api.example.com.evil.example"},
    "an origin that is a list": {"origin": ["https://api.example.com"]},
    "a frame of another site": {"crossOrigin": True},
    "crossOrigin that is no truth": {"crossOrigin": "false"},
    "crossOrigin null": {"crossOrigin": None},
    "a top origin": {"topOrigin": "https://evil.example"},
    "a top origin that is ours": {"topOrigin": "https://api.example.com"},
    "a registration": {"kind": "webauthn.create"},
    "a payment": {"kind": "payment.get"},
}


@pytest.mark.parametrize("said", CLIENT_DATA.values(), ids=CLIENT_DATA.keys())
def test_a_ceremony_elsewhere_is_refused(party, said):
    """What the browser says must be our origin, at the top, and a sign-in."""
    authenticator, _ = party.registered()
    assert isinstance(party.prove(authenticator.sign(client_data(party.challenge(), **said))), str)


REWRITTEN = {
    "a duplicate origin": duplicate,
    "a byte order mark": lambda data: b"\xef\xbb\xbf" + data,
    "UTF-16": lambda data: data.decode().encode("utf-16"),
    "a trailing brace": lambda data: data + b"}",
    "an array": lambda data: b"[" + data + b"]",
    "nothing": lambda data: b"",
    "too much": lambda data: data[:-1] + b',"x":"' + b"y" * 5000 + b'"}',
    "deep nesting": lambda data: data[:-1] + b',"x":' + b"[" * 900 + b"]" * 900 + b"}",
}


@pytest.mark.parametrize("rewrite", REWRITTEN.values(), ids=REWRITTEN.keys())
def test_client_data_of_two_readings_is_refused(party, rewrite):
    """The signature is good; what it covers is not one plain object."""
    authenticator, _ = party.registered()
    data = rewrite(client_data(party.challenge()))
    assert isinstance(party.prove(authenticator.sign(data)), str)


PARTS = {
    "no user verification": {"flags": UP},
    "no user presence": {"flags": UV},
    "neither": {"flags": 0},
    "backed up but not eligible": {"flags": UP | UV | BS},
    "suddenly eligible": {"flags": UP | UV | BE},
    "another relying party": {"rp_id": "evil.example"},
    "a parent domain": {"rp_id": "example.com"},
    "trailing authenticator data": {"tail": b"\x00"},
    "extensions that are none": {"flags": UP | UV | ED},
    "another key's name": {"named": encode(b"z" * 16)},
    "an empty name": {"named": ""},
    "a padded name": {"named": "YWJj=="},
    "another user": {"user": "u_somebodyelse1234"},
    "no user": {"user": ""},
    "a spoilt signature": {"spoil": lambda made: made[:-1] + bytes([made[-1] ^ 1])},
    "an empty signature": {"spoil": lambda made: b""},
    "a longer signature": {"spoil": lambda made: made + b"\x00"},
}


@pytest.mark.parametrize("parts", PARTS.values(), ids=PARTS.keys())
def test_a_wrong_part_is_refused(party, parts):
    """Flags, relying party, names and signature each count."""
    authenticator, _ = party.registered()
    text = authenticator.sign(client_data(party.challenge()), **parts)
    assert isinstance(party.prove(text), str)


def test_extensions_under_the_signature_are_ignored(party):
    """Outputs that nobody asked for change nothing (s9)."""
    authenticator, _ = party.registered()
    tail = encode_cbor({"x": True})
    text = authenticator.sign(client_data(party.challenge()), flags=UP | UV | ED, tail=tail)
    assert isinstance(party.prove(text), Proof)


def test_another_key_does_not_do(party):
    """A passkey of somebody else under this one's name does not verify."""
    authenticator, _ = party.registered()
    thief = party.authenticator()
    text = thief.sign(client_data(party.challenge()), named=encode(authenticator.id))
    assert isinstance(party.prove(text), str)
    assert "passkey-refused" in kinds(party.server)


CEREMONIES = {
    "purpose": Ceremony(purpose="step-up", holder=HOLDER, context="x"),
    "browser": Ceremony(purpose="sign-in", holder="c" * 64, context="x"),
    "no browser": Ceremony(purpose="sign-in", holder="", context="x"),
    "request": Ceremony(purpose="sign-in", holder=HOLDER, context="y"),
    "shifted": Ceremony(purpose="sign-in", holder=HOLDER + ":1", context="x"),
}


@pytest.mark.parametrize("ceremony", CEREMONIES.values(), ids=CEREMONIES.keys())
def test_a_challenge_is_for_one_ceremony(party, ceremony):
    """Another purpose, browser or waiting request does not take it."""
    authenticator, _ = party.registered()
    text = authenticator.sign(client_data(party.challenge()))
    refused = party.prove(text, ceremony=ceremony)
    assert refused == "the challenge is not of this ceremony, or has expired"


def test_a_challenge_that_we_did_not_make_is_refused(party):
    """Neither invented, nor empty, nor damaged ones."""
    authenticator, _ = party.registered()
    good = party.challenge()
    for challenge in (b"x" * 53, b"x", good[:-1], good + b"\x00", b"\x02" + good[1:]):
        assert isinstance(party.prove(authenticator.sign(client_data(challenge))), str)


def test_a_challenge_expires(party):
    """After five minutes the page must be loaded again."""
    authenticator, _ = party.registered()
    text = authenticator.sign(client_data(party.challenge()))
    assert isinstance(party.prove(text, now=NOW + 300), str)
    assert isinstance(party.prove(text, now=NOW + 299), Proof)


def test_a_replay_is_refused(party):
    """The same answer, and another one to the same challenge, fail."""
    authenticator, _ = party.registered()
    said = client_data(party.challenge())
    text = authenticator.sign(said)
    assert isinstance(party.prove(text), Proof)
    assert party.prove(text) == "the challenge has been used"
    assert party.prove(authenticator.sign(said)) == "the challenge has been used"


def test_of_many_at_once_one_proves(party):
    """Eight copies of one answer at the same moment: one is taken."""
    authenticator, _ = party.registered()
    text = authenticator.sign(client_data(party.challenge()))
    got = []
    threads = [threading.Thread(target=lambda: got.append(party.prove(text))) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sum(isinstance(one, Proof) for one in got) == 1


@pytest.mark.parametrize("count", [5, 4, 0], ids=["equal", "lower", "zero"])
def test_a_counter_that_goes_back_is_refused_and_told(party, count):
    """Two authenticators may hold one key; the ledger learns of it, once the signature is good."""
    authenticator, passkey = party.registered()
    first = authenticator.sign(client_data(party.challenge()), count=5)
    assert isinstance(party.prove(first), Proof)
    spoilt = authenticator.sign(
        client_data(party.challenge()), count=count, spoil=lambda made: made[:-1] + b"\x00"
    )
    assert isinstance(party.prove(spoilt), str)
    assert "passkey-cloned" not in kinds(party.server)
    copied = authenticator.sign(client_data(party.challenge()), count=count)
    assert party.prove(copied) == "the counter went back: the passkey may have been copied"
    assert "passkey-cloned" in kinds(party.server)
    with party.server.store.read() as tx:
        assert find_passkey(tx, passkey.id).sign_count == 5


def test_a_revoked_passkey_opens_nothing(party):
    """From the moment on at which it is revoked."""
    authenticator, passkey = party.registered()
    party.server.store.write(lambda tx: revoke_passkey(tx, party.person.id, passkey.id, NOW))
    text = authenticator.sign(client_data(party.challenge()))
    assert party.prove(text) == "the passkey is not known, or revoked"


def test_a_step_up_wants_the_passkey_of_who_is_signed_in(party):
    """Another person's good passkey does not confirm; one's own does, also without a name."""
    authenticator, _ = party.registered()
    bob = party.server.store.write(lambda tx: add_user(tx, login="bob", now=NOW))
    text = authenticator.sign(client_data(party.challenge()))
    assert party.prove(text, user=bob.id) == "the passkey belongs to somebody else"
    unnamed = authenticator.sign(client_data(party.challenge()), user="")
    assert isinstance(party.prove(unnamed, user=party.person.id), Proof)
    lying = authenticator.sign(client_data(party.challenge()), user=bob.id)
    assert isinstance(party.prove(lying, user=party.person.id), str)


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", "{}", "x" * 40_000, '{"id":"YQ","id":"YQ"}', '{"id":1}', "\ud800"],
)
def test_what_is_no_credential_is_refused(party, text):
    """Nonsense is a refusal with a reason, never an error."""
    assert isinstance(party.prove(text), str)


def test_options_ask_for_verification_and_name_nobody(party):
    """Without passkeys the list is empty; user verification is always required."""
    authenticator, passkey = party.registered()
    options = request_options(party.server, b"c")
    assert options["userVerification"] == "required"
    assert options["rpId"] == "api.example.com"
    assert options["allowCredentials"] == []
    named = request_options(party.server, b"c", [passkey])["allowCredentials"]
    assert [one["id"] for one in named] == [encode(authenticator.id)]
    assert json.dumps(options)
