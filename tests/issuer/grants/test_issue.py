"""Grants and codes are made from a sign-in, and ended with everything that came of them."""

from __future__ import annotations

from kit.accounts import NOW
from kit.oauth import CHALLENGE, REDIRECT, Party, claims_of

from yett.contract.identity_settings import MAX_ACCESS_SECONDS
from yett.credentials.rules import MAX_SKEW_SECONDS
from yett.issuer.grants.issue import CODE_SECONDS, OUTLIVES_SECONDS, end_grant, new_code
from yett.issuer.server import digest
from yett.state.accounts.codes import find_code
from yett.state.accounts.grants import find_grant
from yett.state.accounts.notices import untold
from yett.state.accounts.revocations import in_force


def test_a_grant_is_what_the_sign_in_was(server):
    """Who, how and when come from the session; the end from the settings."""
    party = Party(server)
    grant = party.grant(nonce="n", details=({"type": "x"},))
    with server.store.read() as tx:
        assert find_grant(tx, grant.id) == grant
    assert (grant.user, grant.session, grant.client) == (party.user.id, party.session.id, "app")
    assert (grant.acr, grant.amr, grant.auth_time) == ("urn:yett:multi-factor", ("pwd", "otp"), NOW)
    assert grant.expires == NOW + server.settings.refresh_lifetime


def test_a_code_is_kept_as_its_digest(server):
    """256 random bits go out, a digest stays, for a minute."""
    party = Party(server)
    grant = party.grant()
    text = server.store.write(
        lambda tx: new_code(tx, grant, party.client, REDIRECT, CHALLENGE, NOW, "jkt:x")
    )
    assert len(text) == 43
    with server.store.read() as tx:
        code = find_code(tx, digest(text))
        assert find_code(tx, text) is None
    assert (code.grant, code.client, code.redirect) == (grant.id, "app", REDIRECT)
    assert (code.challenge, code.binding) == (CHALLENGE, "jkt:x")
    assert (code.expires, code.used) == (NOW + CODE_SECONDS, 0.0)


def test_ending_a_grant_tells_gate_and_record(server):
    """One revocation for as long as a token can live, one notice; a second time nothing."""
    party = Party(server)
    grant = claims_of(party.exchange()["access_token"])["grant"]
    work = lambda tx: end_grant(tx, grant, NOW + 1, "sign-out", "ada")  # noqa: E731
    assert server.store.write(work)
    assert not server.store.write(work)
    with server.store.read() as tx:
        (row,) = in_force(tx, NOW + 1)
        told = [event for _, event in untold(tx) if event.kind == "grant-ended"]
    assert (row.kind, row.value, row.reason, row.by) == ("grant", grant, "sign-out", "ada")
    assert row.expires == NOW + 1 + OUTLIVES_SECONDS
    assert [(event.principal, event.note) for event in told] == [("ada", "sign-out")]
    assert OUTLIVES_SECONDS >= MAX_ACCESS_SECONDS + MAX_SKEW_SECONDS
