"""Challenges: marked for one ceremony, written nowhere until they are used."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from kit.accounts import NOW
from sqlalchemy import func, select

from yett.issuer.passkeys.challenge import Ceremony, is_good, make_challenge, spend_challenge
from yett.state.accounts.tables import tickets

ONE = Ceremony(purpose="sign-in", holder="b", context="x")


def test_making_challenges_writes_nothing(server):
    """A page that is loaded again and again fills no table; each time it gets another one."""
    made = {make_challenge(server, ONE, NOW) for _ in range(50)}
    assert len(made) == 50
    with server.store.read() as tx:
        assert tx.scalar(select(func.count()).select_from(tickets)) == 0


def test_a_challenge_is_good_until_it_is_spent(server):
    """Spending it counts once; making another one is not hindered."""
    challenge = make_challenge(server, ONE, NOW)
    assert is_good(server, challenge, ONE, NOW)
    assert server.store.write(lambda tx: spend_challenge(tx, challenge, NOW))
    assert not server.store.write(lambda tx: spend_challenge(tx, challenge, NOW + 1))


def test_another_issuers_challenge_is_none(server, tmp_path):
    """It is marked with the key of this issuer."""
    from kit.accounts import make_server  # noqa: PLC0415 - a second one, in this test alone

    other = make_server(tmp_path / "other")
    assert not is_good(server, make_challenge(other, ONE, NOW), ONE, NOW)


@given(st.tuples(st.text(), st.text(), st.text()), st.tuples(st.text(), st.text(), st.text()))
def test_no_two_ceremonies_share_a_name(one, two):
    """However the parts are cut, different ceremonies are marked differently."""
    names = [Ceremony(purpose=p, holder=h, context=c).name for p, h, c in (one, two)]
    assert (names[0] == names[1]) == (one == two)
