"""Votes of the ledger, verified again: forged, tampered, moved, revoked, and after everybody is gone."""

from __future__ import annotations

import pytest
from kit.authenticator import UP
from kit.signing import ISSUER, NOW, Signer
from kit.voted import DIGEST, ID, OTHER_ID, Voted
from sqlalchemy import delete
from webauthn.helpers import encode_cbor

from yett.cli.signed_votes import check, votes_of
from yett.credentials.passkeys.vote import Evidence, read_evidence, write_evidence
from yett.state.accounts.passkeys import revoke_passkey
from yett.state.accounts.tables import passkeys, users


@pytest.fixture
def voted(tmp_path):
    made = Voted(tmp_path)
    yield made
    made.store.close()


def checked(voted, *events, url=ISSUER, stored=True):
    voted.write(*events)
    found, _ = votes_of(voted.folder / "var/ledger")
    with voted.store.read() as tx:
        return [check(record, url, tx if stored else None) for record in found]


def test_a_signed_vote_is_good(voted):
    """With the store it is known whose key it is, without it that somebody's key signed."""
    (one,) = checked(voted, voted.event())
    assert (one.result, one.reason, one.key) == ("good", "", "theirs")
    assert (one.approval, one.digest, one.decision) == (ID, DIGEST, "approve")
    assert (one.by, one.passkey) == (voted.dora.user.id, voted.dora.id)
    (again,) = checked(voted, stored=False)
    assert (again.result, again.key) == ("good", "not asked")


def test_it_is_good_when_the_accounts_are_gone(voted):
    """The evidence holds everything: the person and their passkey may be deleted."""
    voted.store.write(lambda tx: [tx.execute(delete(one)) for one in (passkeys, users)])
    (one,) = checked(voted, voted.event())
    assert (one.result, one.key) == ("good", "gone")


def test_all_votes_are_found_in_their_order(voted):
    """Both kinds; what an operator cancelled is no vote, and an unsigned one is called that."""
    no = voted.evidence(approve=False)
    found = checked(
        voted,
        voted.event(kind="approval-refused", evidence=no),
        voted.event(evidence=""),
        voted.event(kind="approval-refused", principal="", evidence=""),
        voted.event(kind="approval-used", evidence=""),
        voted.event(OTHER_ID),
    )
    results = [(one.record, one.result, one.decision) for one in found]
    assert results == [(0, "good", "refuse"), (1, "unsigned", "approve"), (4, "good", "approve")]


def test_tampered_records_are_bad(voted):
    """A vote moved to another approval, request, decision, person or issuer; evidence changed."""
    good = voted.evidence()
    eve = Signer(voted.store, "eve")
    moved = [
        voted.event(OTHER_ID, evidence=good),
        voted.event(digest="c" * 64, evidence=good),
        voted.event(kind="approval-refused", evidence=good),
        voted.event(evidence=good, principal=eve.user.id),
        voted.event(evidence=good, issuer="https://evil.example"),
        voted.event(evidence=good, note="approval of nothing"),
        voted.event(evidence=good[:-4] + ("AAAA" if good[-4:] != "AAAA" else "BBBB")),
        voted.event(evidence=good + " "),
        voted.event(evidence="x"),
        voted.event(evidence=voted.evidence(flags=UP)),
        voted.event(evidence=voted.evidence(said={"origin": "https://evil.example"})),
    ]
    found = checked(voted, *moved)
    assert len(found) == len(moved)
    assert [one.result for one in found] == ["bad"] * len(moved)
    assert all(one.reason for one in found)


def test_a_key_that_was_never_theirs_is_bad(voted):
    """Signed in good form by a key of the forger's: only the store knows that it is not Dora's."""
    forger = Signer(voted.store, "forger")
    by_other = voted.evidence(signer=forger)
    renamed = read_evidence(by_other)
    own_name = Evidence(encode_cbor(forger.key.cose()), renamed.shown)
    voted.store.write(
        lambda tx: tx.execute(delete(passkeys).where(passkeys.c.user == forger.user.id))
    )
    (never,) = checked(voted, voted.event(evidence=write_evidence(own_name)))
    assert (never.result, never.reason) == ("bad", "this person never had this passkey")
    kept = Signer(voted.store, "kept")
    (_, other) = checked(voted, voted.event(evidence=voted.evidence(signer=kept)))
    assert other.reason == "the passkey is somebody else's, or has another key"


def test_a_passkey_that_was_revoked_before_is_bad(voted):
    """Revoked afterwards it was good, and stays so."""
    voted.write(voted.event())
    voted.store.write(lambda tx: revoke_passkey(tx, voted.dora.user.id, voted.dora.id, NOW + 0.5))
    before, after = checked(voted, voted.event())
    assert (before.result, before.key) == ("good", "theirs")
    assert (after.result, after.reason) == ("bad", "the passkey had been revoked before")


def test_another_issuer_is_another_site(voted):
    """What people of this issuer sign is not what those of another would have signed."""
    (one,) = checked(voted, voted.event(), url="https://api.example.com:8443/auth")
    assert one.result == "bad"
