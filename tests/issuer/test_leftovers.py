"""What is over is removed, and nothing that can still say something."""

from __future__ import annotations

from kit.accounts import NOW
from kit.oauth import Party, claims_of, error_of
from sqlalchemy import func, select

from yett.issuer import leftovers
from yett.issuer.leftovers import CODES_SECONDS, DAY_SECONDS, GRANTS_SECONDS
from yett.issuer.passkeys.challenge import Ceremony, make_challenge, spend_challenge
from yett.state.accounts.grants import find_grant
from yett.state.accounts.sessions import add_session, find_session
from yett.state.accounts.tables import tickets


def test_what_lives_stays(server):
    """Clearing again and again takes nothing from anybody."""
    scopes = ("orders:read", "offline_access")  # a family that outlives the browser's session
    party = Party(server, scopes=scopes)
    server.clock = lambda: party.now
    held = party.exchange(party.code(scopes=scopes))["refresh_token"]
    for day in range(1, 29):
        party.now = NOW + day * DAY_SECONDS
        leftovers.clear(server, party.now)
        held = party.refresh(held)["refresh_token"]


def test_a_used_code_is_known_for_a_day(server):
    """So long its replay ends the family; afterwards it is unknown."""
    party = Party(server)
    early, late = party.code(), party.code()
    families = [claims_of(party.exchange(code)["access_token"])["grant"] for code in (early, late)]
    party.now = NOW + CODES_SECONDS
    leftovers.clear(server, party.now)
    assert error_of(party.exchange, early) == "invalid_grant"
    party.now = NOW + CODES_SECONDS + 61
    leftovers.clear(server, party.now)
    assert error_of(party.exchange, late) == "invalid_grant"
    with server.store.read() as tx:
        ended = [find_grant(tx, family).ended > 0 for family in families]
    assert ended == [True, False]


def test_a_grant_that_is_over_is_kept_for_a_month(server):
    """People see what they had granted; then it goes."""
    party = Party(server)
    grant = party.grant()
    end = NOW + server.settings.refresh_lifetime
    for now, there in ((end + GRANTS_SECONDS - 1, True), (end + GRANTS_SECONDS + 1, False)):
        leftovers.clear(server, now)
        with server.store.read() as tx:
            assert (find_grant(tx, grant.id) is not None) == there


def test_proofs_are_forgotten_when_they_are_too_old(server):
    """A proof that is refused for its age needs no memory."""
    party = Party(server)
    proof = party.dpop()
    assert party.send(grant_type="client_credentials", headers=proof)
    leftovers.clear(server, NOW + 60)
    assert error_of(party.send, grant_type="client_credentials", headers=proof)
    party.now = NOW + 121
    leftovers.clear(server, party.now)
    assert error_of(party.send, grant_type="client_credentials", headers=proof)


def test_tickets_go_when_they_expire_and_sessions_a_month_later(server, person):
    """A spent challenge is refused for its age by then; an old session names nobody."""
    challenge = make_challenge(server, Ceremony(purpose="sign-in", holder="b"), NOW)
    server.store.write(lambda tx: spend_challenge(tx, challenge, NOW))
    session = server.store.write(
        lambda tx: add_session(
            tx, digest="d", user=person.id, acr="a", amr=(), now=NOW, expires=NOW + 60
        )
    )

    def left():
        with server.store.read() as tx:
            count = tx.scalar(select(func.count()).select_from(tickets))
            return count, find_session(tx, session.id) is not None

    leftovers.clear(server, NOW + 299)
    assert left() == (1, True)
    leftovers.clear(server, NOW + 300)
    assert left() == (0, True)
    leftovers.clear(server, NOW + 61 + GRANTS_SECONDS)
    assert left() == (0, False)
