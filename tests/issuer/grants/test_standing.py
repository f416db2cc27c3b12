"""A grant gives what its person, its client and its request all have now, and never more."""

from __future__ import annotations

from types import SimpleNamespace

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kit.accounts import NOW, VOCABULARY
from kit.oauth import Party, error_of

from yett.issuer.grants.standing import check_standing, current_scopes
from yett.issuer.scopes import OPENID_SCOPES
from yett.state.accounts.sessions import drop_expired_sessions

SCOPES = (*VOCABULARY.scopes, *OPENID_SCOPES)
some = st.lists(st.sampled_from(SCOPES), unique=True).map(tuple)


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=60)
@given(own=some, asked=some, roles=st.lists(st.sampled_from(list(VOCABULARY.roles)), unique=True))
def test_never_more_than_the_least(server, own, asked, roles):
    """Whatever client, roles and request are: the scopes are in all three, in the asked order."""
    user = SimpleNamespace(roles=tuple(roles))
    client = SimpleNamespace(scopes=own)
    carried = server.scopes_of(user.roles) | set(OPENID_SCOPES)
    wanted = tuple(scope for scope in asked if scope in own and scope in carried)
    if asked and not wanted:
        assert error_of(current_scopes, server, client, user, asked) == "invalid_scope"
    else:
        assert current_scopes(server, client, user, asked) == wanted


def test_whoever_is_gone_has_no_standing(server):
    """No such user, a grant that is over: `invalid_grant`, and a good one names its person."""
    party = Party(server)
    grant = party.grant()
    change = msgspec.structs.replace
    with server.store.read() as tx:
        assert check_standing(tx, grant, NOW).id == party.user.id
        for gone in (
            change(grant, user="u_nobody"),
            change(grant, ended=NOW),
            change(grant, expires=NOW),
        ):
            assert error_of(check_standing, tx, gone, NOW) == "invalid_grant"


def test_a_session_that_ran_out_ends_its_families(server):
    """At its last moment, and when its row is gone; but not what acts while one is away."""
    party = Party(server)
    grant, away = party.grant(), party.grant(scopes=("orders:read", "offline_access"))
    end = party.session.expires

    def refused(one, now):
        with server.store.read() as tx:
            return error_of(check_standing, tx, one, now)

    with server.store.read() as tx:
        assert check_standing(tx, grant, end - 1)
        assert check_standing(tx, away, end)
    assert refused(grant, end) == "invalid_grant"
    server.store.write(lambda tx: drop_expired_sessions(tx, end + 1))
    assert refused(grant, end + 1) == "invalid_grant"
    with server.store.read() as tx:
        assert check_standing(tx, away, end + 1)
