"""Enrolment with a password and an app: both, once, in the browser that opened the link."""

from __future__ import annotations

import pytest
from kit.accounts import NOW, make_server
from kit.factors import PASSWORD, code_of, enrolled, make_issuer, secret_of
from kit.visiting import Visitor, hidden_of, place_of

from yett.issuer.enrol import invite
from yett.state.accounts.sessions import list_sessions
from yett.state.accounts.totps import find_totp
from yett.state.accounts.users import DISABLED, INVITED, add_user, change_user, find_user

KEEP = "/enrol/password/keep"


@pytest.fixture
def server(tmp_path):
    """An issuer with passwords."""
    made = make_issuer(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def invited(server):
    """Somebody who was invited, and the secret of the link."""
    return invite_somebody(server)


def invite_somebody(server, user=None):
    def work(tx):
        found = user or add_user(tx, login="bob", now=NOW, status=INVITED)
        return found, invite(server, tx, found, now=NOW, by="cli:root").partition("#")[2]

    return server.store.write(work)


def opened(server, secret):
    """A browser in which the link was opened."""
    visitor = Visitor(server)
    assert visitor.post("/enrol", ticket=secret).status == 200
    return visitor


def filled(page, **changes):
    form = {"password": PASSWORD, "repeated": PASSWORD, "code": code_of(secret_of(page))}
    return {**form, **hidden_of(page), **changes}


def account(server, user):
    with server.store.read() as tx:
        return find_user(tx, user.id), find_totp(tx, user.id)


def test_an_invitation_becomes_an_account(server, invited):
    """Password and app are kept, the person is signed in with two factors, and makes codes."""
    user, secret = invited
    visitor = opened(server, secret)
    assert b"password and an app instead" in visitor.post("/enrol", ticket=secret).body
    page = visitor.post("/enrol/password", ticket=secret)
    answer = visitor.post(KEEP, **filled(page))
    assert place_of(answer)[0] == "https://api.example.com/auth/account/recovery"
    kept, app = account(server, user)
    assert (kept.status, bool(kept.password), app is not None) == ("active", True, True)
    with server.store.read() as tx:
        (session,) = list_sessions(tx, user.id, NOW)
    assert (session.acr, session.amr) == ("urn:yett:multi-factor", ("pwd", "otp", "mfa"))


def test_an_invitation_is_good_once(server, invited):
    """Sending the form twice enrols once."""
    _, secret = invited
    visitor = opened(server, secret)
    form = filled(visitor.post("/enrol/password", ticket=secret))
    assert visitor.post(KEEP, **form).status == 303
    assert visitor.post(KEEP, **form).status == 403
    assert visitor.post("/enrol/password", ticket=secret).status == 403


@pytest.mark.parametrize(
    "changes",
    [{"code": "000000"}, {"password": "short"}, {"repeated": "x"}, {"sealed": "x"}],
)
def test_half_is_nothing(server, invited, changes):
    """A bad password or code keeps neither, and leaves the invitation as it was."""
    user, secret = invited
    visitor = opened(server, secret)
    page = visitor.post("/enrol/password", ticket=secret)
    again = visitor.post(KEEP, **filled(page, **changes))
    assert again.status == 403
    kept, app = account(server, user)
    assert (kept.status, kept.password, app) == ("invited", "", None)
    assert visitor.post(KEEP, **filled(again)).status == 303


@pytest.mark.parametrize("how", ["other browser", "no browser", "late", "disabled", "no ticket"])
def test_a_stranger_enrols_nothing(server, invited, how):
    """A link that was opened is the browser's that opened it; it ends, and falls with the account."""
    user, secret = invited
    visitor = opened(server, secret)
    form = filled(visitor.post("/enrol/password", ticket=secret))
    if how == "other browser":
        visitor = Visitor(server)
        visitor.get("/sign-in")
    elif how == "no browser":
        visitor = Visitor(server)
    elif how == "late":
        visitor.now += 90_000
    elif how == "disabled":
        server.store.write(lambda tx: change_user(tx, user, now=NOW, status=DISABLED))
    else:
        del form["ticket"]
    assert (
        visitor.post("/enrol/password", **{k: v for k, v in form.items() if k == "ticket"}).status
        == 403
    )
    assert visitor.post(KEEP, **form).status == 403
    assert account(server, user)[1] is None


def test_who_lost_the_app_enrols_another(server):
    """A link for an account that has both asks for a new app: the old one may be a thief's."""
    ada, old = enrolled(server)
    _, secret = invite_somebody(server, ada)
    visitor = opened(server, secret)
    page = visitor.post("/enrol/password", ticket=secret)
    form = filled(page)
    assert visitor.post(KEEP, **{**form, "code": code_of(old)}).status == 403
    assert visitor.post(KEEP, **form).status == 303


def test_without_passwords_there_is_no_such_way(tmp_path):
    """`passwords = false`, the default: neither offered nor taken."""
    server = make_server(tmp_path)
    user, secret = invite_somebody(server)
    visitor = opened(server, secret)
    assert b"instead" not in visitor.post("/enrol", ticket=secret).body
    for path in ("/enrol/password", KEEP):
        assert visitor.post(path, ticket=secret).status == 404
    assert user.status == "invited"
    server.store.close()
