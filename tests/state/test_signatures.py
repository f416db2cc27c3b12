"""Signed votes against the store: whose passkey, for which vote; who may vote without one."""

from __future__ import annotations

import json
import threading

import pytest
from kit.accounts import account_store, postgresql_url
from kit.authenticator import UP, Authenticator
from kit.signing import ISSUER, NOW, Signer
from msgspec.structs import replace

from yett.credentials.passkeys.signature import site_of
from yett.credentials.passkeys.vote import flaw_of
from yett.engine.approvals import Proven, ProveVote, Unproven
from yett.engine.people import Person
from yett.state.accounts.notices import untold
from yett.state.accounts.passkeys import revoke_passkey
from yett.state.accounts.users import DISABLED, add_user, change_user
from yett.state.errors import StateError
from yett.state.signatures import NOT_ACCEPTED, Signatures

__all__ = ["account_store", "postgresql_url"]

ID, DIGEST = "0" * 32, "a" * 64
OTHER_ID, OTHER_DIGEST = "1" * 32, "b" * 64


class Desk:
    def __init__(self, store, folder):
        self.store = store
        self.signatures = Signatures(store.url, folder, ISSUER)
        self.dora = Signer(store, "dora", email="dora@example.com")

    def ask(self, assertion="", *, voter=None, signatures="own", approve=True, **more):
        fields = {"id": ID, "digest": DIGEST, "now": NOW, **more}
        question = ProveVote(
            voter=voter or signed_in(self.dora.user.id),
            approve=approve,
            assertion=assertion,
            signatures=signatures,
            **fields,
        )
        return self.signatures.prove(question)

    def kinds(self):
        with self.store.read() as tx:
            return [event.kind for _, event in untold(tx)]


def signed_in(user):
    return Person(id=user, issuer=ISSUER, kind="user", client="yett", names=(user,))


@pytest.fixture
def desk(account_store, tmp_path):
    return Desk(account_store, tmp_path)


def test_a_signed_vote_leaves_evidence(desk):
    """It verifies by itself, for this vote alone; the voter has all names of the account."""
    proven = desk.ask(desk.dora.assertion(ID, DIGEST))
    assert isinstance(proven, Proven), proven
    assert set(proven.voter.names) == {desk.dora.user.id, "dora", "dora@example.com"}
    site = site_of(ISSUER)
    assert flaw_of(proven.evidence, site, ID, DIGEST, approve=True) == ""
    assert flaw_of(proven.evidence, site, ID, DIGEST, approve=False)


def test_a_refusal_is_signed_as_well(desk):
    """A no has its own challenge."""
    assert isinstance(desk.ask(desk.dora.assertion(ID, DIGEST, "refuse"), approve=False), Proven)


WRONG = {
    "another approval": {"approval": OTHER_ID},
    "another request": {"digest": OTHER_DIGEST},
    "the other decision": {"decision": "refuse"},
    "no user verification": {"flags": UP},
    "another origin": {"said": {"origin": "https://api.example.com:8443"}},
    "a frame": {"said": {"crossOrigin": True}},
    "a registration": {"said": {"kind": "webauthn.create"}},
    "another relying party": {"rp_id": "example.com"},
    "a forged signature": {"spoil": lambda made: made[:-1] + bytes([made[-1] ^ 1])},
    "somebody's name": {"user": "u_somebody"},
    "another passkey's id": {"named": "eHh4eHh4"},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
def test_what_was_not_signed_for_this_vote_is_refused(desk, wrong):
    """Replayed, forged or signed elsewhere; the voter is not told which."""
    parts = {"approval": ID, "digest": DIGEST, **wrong}
    refused = desk.ask(desk.dora.assertion(parts.pop("approval"), parts.pop("digest"), **parts))
    assert isinstance(refused, Unproven)
    assert refused.detail == NOT_ACCEPTED
    assert refused.note != NOT_ACCEPTED


def test_a_passkey_of_somebody_else_does_not_vote(desk, account_store):
    """Eve's good signature is not Dora's, and Dora's is not Eve's."""
    eve = Signer(account_store, "eve")
    assert "somebody else" in desk.ask(eve.assertion(ID, DIGEST)).note
    stolen = desk.ask(desk.dora.assertion(ID, DIGEST), voter=signed_in(eve.user.id))
    assert "somebody else" in stolen.note
    assert desk.kinds().count("passkey-refused") == 2


def test_a_key_that_nobody_registered_does_not_vote(desk):
    """Under Dora's passkey's id, with a key of the attacker's."""
    forger = Authenticator(rp_id="api.example.com", user=desk.dora.user.id)
    desk.dora.key.key = forger.key
    assert isinstance(desk.ask(desk.dora.assertion(ID, DIGEST)), Unproven)


def test_a_revoked_passkey_does_not_vote(desk):
    """From the moment on at which it is revoked."""
    dora = desk.dora
    dora.store.write(lambda tx: revoke_passkey(tx, dora.user.id, dora.id, NOW))
    assert "revoked" in desk.ask(dora.assertion(ID, DIGEST)).note


def test_an_account_that_is_disabled_does_not_vote(desk):
    """Whatever it still can sign."""
    dora = desk.dora
    dora.store.write(lambda tx: change_user(tx, dora.user, now=NOW, status=DISABLED))
    assert isinstance(desk.ask(dora.assertion(ID, DIGEST)), Unproven)


def test_a_copied_passkey_does_not_vote_and_is_told(desk):
    """The counter rule of sign-ins, in the same transaction."""
    assert isinstance(desk.ask(desk.dora.assertion(ID, DIGEST, count=7)), Proven)
    refused = desk.ask(desk.dora.assertion(OTHER_ID, DIGEST, count=7), id=OTHER_ID)
    assert "counter" in refused.note
    assert "passkey-cloned" in desk.kinds()


def test_of_many_at_once_one_is_taken(desk):
    """One assertion in eight hands at the same moment moves the counter once."""
    text, got = desk.dora.assertion(ID, DIGEST), []
    threads = [threading.Thread(target=lambda: got.append(desk.ask(text))) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sum(isinstance(one, Proven) for one in got) == 1


@pytest.mark.parametrize("text", ["null", "{}", "[]", '{"id": 1}', "x", '{"id":"YQ"}'])
def test_nonsense_is_refused(desk, text):
    """Never an error."""
    assert desk.ask(text).detail == NOT_ACCEPTED


def test_who_has_an_account_here_must_sign(desk):
    """By whatever they are known: our token, another's, an API key; the answer says where."""
    callers = [
        signed_in(desk.dora.user.id),
        Person(id="dora", issuer="yett:keys", kind="key", names=("dora",)),
        Person(id="x", issuer="https://idp", kind="user", names=("dora@example.com", "x")),
    ]
    for voter in callers:
        refused = desk.ask(voter=voter)
        assert isinstance(refused, Unproven), voter
        assert f"{ISSUER}/approvals/{ID}" in refused.detail


def test_who_has_none_votes_unsigned_or_not_at_all(desk):
    """`own` lets strangers vote as before, `all` does not, `none` lets everybody."""
    stranger = Person(id="zoe", issuer="https://idp", kind="user", names=("zoe",))
    assert desk.ask(voter=stranger) == Proven(voter=stranger)
    assert isinstance(desk.ask(voter=stranger, signatures="all"), Unproven)
    free = desk.ask(signatures="none")
    assert isinstance(free, Proven)
    assert "dora" in free.voter.names
    assert free.evidence == ""


def test_who_shares_a_mailbox_with_many_signs_as_themselves(desk, account_store):
    """However many accounts have one of their names, it is their own passkey that counts."""
    for number in range(20):
        account_store.write(
            lambda tx, n=number: add_user(tx, login=f"a{n}", email="team@example.com", now=NOW)
        )
    zoe = Signer(account_store, "zoe", email="team@example.com")
    voter = replace(signed_in(zoe.user.id), names=(zoe.user.id, "team@example.com"))
    assert isinstance(desk.ask(zoe.assertion(ID, DIGEST), voter=voter), Proven)


def test_a_signature_is_for_who_is_signed_in_here(desk):
    """With Dora's passkey nobody votes by another issuer's token, or by an API key."""
    good = desk.dora.assertion(ID, DIGEST)
    for changes in ({"issuer": "https://idp"}, {"kind": "key"}, {"kind": "service"}):
        voter = replace(signed_in(desk.dora.user.id), **changes)
        assert isinstance(desk.ask(good, voter=voter, signatures="none"), Unproven)


def test_any_algorithm_of_a_registration_signs(desk, account_store):
    """Not only ECDSA."""
    two = Signer(account_store, "gil", kind="eddsa")
    text = two.assertion(ID, DIGEST)
    assert json.loads(text)["id"] == two.id
    assert isinstance(desk.ask(text, voter=signed_in(two.user.id)), Proven)


def test_without_a_store_nobody_votes(tmp_path):
    """A file that is not there is a failure, not an empty store."""
    signatures = Signatures("sqlite:///var/yett.db", tmp_path, ISSUER)
    question = ProveVote(
        id=ID, digest=DIGEST, voter=signed_in("u"), approve=True, now=NOW, assertion="",
        signatures="none",
    )  # fmt: skip
    with pytest.raises(StateError):
        signatures.prove(question)
    assert not (tmp_path / "var/yett.db").exists()
