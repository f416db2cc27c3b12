from __future__ import annotations

import pytest
from kit.accounts import ISSUER, NOW
from kit.oauth import REDIRECT, Party
from kit.visiting import place_of

from yett.issuer.errors import OAuthError
from yett.issuer.http import Ask
from yett.issuer.outcome import Giving, give, refuse
from yett.issuer.pending import Pending, keep_pending
from yett.issuer.server import digest
from yett.state.accounts.codes import find_code
from yett.state.accounts.grants import find_grant
from yett.state.accounts.notices import untold

ASK = Ask(method="GET", path="/authorize", now=NOW, source="192.0.2.7")
ASKED = Pending(
    client="app", redirect=REDIRECT, state="s", challenge="c" * 43, nonce="n", created=NOW
)


@pytest.fixture
def party(server):
    return Party(server)


def test_given(server, party):
    """A code of a grant with all that was asked and shown; the ledger hears of it."""
    giving = Giving(party.client, party.session, ("orders:read",))
    answer = server.store.write(lambda tx: give(server, tx, ASK, ASKED, giving))
    url, said = place_of(answer)
    assert (url, said["state"], said["iss"]) == (REDIRECT, "s", ISSUER)
    with server.store.read() as tx:
        code = find_code(tx, digest(said["code"]))
        grant = find_grant(tx, code.grant)
        (event,) = [event for _, event in untold(tx) if event.kind == "granted"]
    assert (code.client, code.redirect, code.challenge) == ("app", REDIRECT, "c" * 43)
    assert (grant.user, grant.session) == (party.user.id, party.session.id)
    assert (grant.scopes, grant.nonce, grant.acr) == (("orders:read",), "n", party.session.acr)
    assert (event.principal, event.client, event.source) == (party.user.id, "app", "192.0.2.7")
    assert said["code"] not in repr(event)


@pytest.mark.parametrize("how", ["give", "refuse"])
def test_once(server, party, how):
    """A kept request ends once, one way or the other; the second leaves nothing behind."""
    kept = server.store.write(lambda tx: keep_pending(tx, ASKED, NOW))
    giving = Giving(party.client, party.session, ())
    error = OAuthError("access_denied")

    def end(tx):
        if how == "give":
            return give(server, tx, ASK, kept, giving)
        return refuse(server, tx, ASK, kept, error)

    assert server.store.write(end).status == 303
    with pytest.raises(OAuthError, match="invalid_request"):
        server.store.write(end)


def test_refused(server, party):
    """A refusal names its code, the state and the issuer, and holds no code."""
    error = OAuthError("access_denied", "the person said no")
    url, said = place_of(server.store.write(lambda tx: refuse(server, tx, ASK, ASKED, error)))
    assert url == REDIRECT
    assert said == {
        "error": "access_denied",
        "error_description": "the person said no",
        "state": "s",
        "iss": ISSUER,
    }
