"""A password on the account page: only with an app, only freshly signed in, only a good one."""

from __future__ import annotations

import pytest
from kit.accounts import NOW, make_server
from kit.factors import PASSWORD, code_of, enrolled, make_issuer, secret_of
from kit.visiting import Visitor, hidden_of, place_of

from yett.issuer import password
from yett.issuer.account.password import PATH
from yett.issuer.recovery import renew
from yett.state.accounts.notices import untold
from yett.state.accounts.sessions import list_sessions
from yett.state.accounts.totps import find_totp
from yett.state.accounts.users import add_user, find_user

ACCOUNT = "https://api.example.com/auth/account"
FRESH = "a lamp of another kitchen"


@pytest.fixture
def server(tmp_path):
    """An issuer with passwords."""
    made = make_issuer(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def bob(server):
    """Somebody without a password."""
    return server.store.write(lambda tx: add_user(tx, login="bob", now=NOW))


def choose(visitor, text=FRESH, again=None, digits=None):
    """Fill in the form."""
    page = visitor.get(PATH)
    assert page.status == 200, page
    form = {"password": text, "repeated": text if again is None else again, **hidden_of(page)}
    if b'id="secret"' in page.body:
        form["code"] = digits or code_of(secret_of(page))
    return visitor.post(PATH, **form)


def person(server, user):
    with server.store.read() as tx:
        return find_user(tx, user.id), find_totp(tx, user.id)


def test_password_and_app_are_kept_together(server, bob):
    """Both are there afterwards, and the password is verified."""
    visitor = Visitor(server)
    visitor.sign_in(bob)
    assert place_of(choose(visitor)) == (ACCOUNT, {})
    user, app = person(server, bob)
    assert app is not None
    assert password.verify(server, user, FRESH)


def test_without_the_code_neither_is_kept(server, bob):
    """A mistyped code keeps nothing, and shows the same secret again."""
    visitor = Visitor(server)
    visitor.sign_in(bob)
    page = visitor.get(PATH)
    secret = secret_of(page)
    form = {"password": FRESH, "repeated": FRESH, "code": "000000", **hidden_of(page)}
    again = visitor.post(PATH, **form)
    assert again.status == 403
    assert b"The code is wrong or too old" in again.body
    assert secret_of(again) == secret
    user, app = person(server, bob)
    assert (user.password, app) == ("", None)
    form |= {"code": code_of(secret), **hidden_of(again)}
    assert visitor.post(PATH, **form).status == 303


@pytest.mark.parametrize(
    ("text", "again", "said"),
    [
        ("short", None, b"at least 12 characters"),
        ("password1234", None, b"what everybody tries first"),
        ("bob bob bob bob", None, b"repeats itself"),
        (FRESH, "something else altogether", b"not the same"),
    ],
)
def test_a_bad_password_is_refused(server, bob, text, again, said):
    """Too short, well known, or mistyped; nothing typed comes back."""
    visitor = Visitor(server)
    visitor.sign_in(bob)
    answer = choose(visitor, text, again)
    assert answer.status == 403
    assert said in answer.body
    assert FRESH.encode() not in answer.body
    assert person(server, bob)[0].password == ""


def test_a_change_ends_the_other_sessions(server):
    """Whoever knew the old password is out; this browser stays."""
    ada, _ = enrolled(server)
    Visitor(server).sign_in(ada)
    visitor = Visitor(server)
    mine = visitor.sign_in(ada)
    assert choose(visitor).status == 303
    with server.store.read() as tx:
        assert [one.id for one in list_sessions(tx, ada.id, NOW)] == [mine.id]
        assert "password-set" in [event.kind for _, event in untold(tx)]
    user, _ = person(server, ada)
    assert not password.verify(server, user, PASSWORD)


def test_an_old_sign_in_changes_nothing(server, bob):
    """A cookie that is ten minutes old leads to the sign-in page (CWE-306)."""
    visitor = Visitor(server)
    visitor.sign_in(bob)
    visitor.now += 600
    for answer in (visitor.get(PATH), visitor.post(PATH, password=FRESH, repeated=FRESH)):
        assert place_of(answer) == (
            "https://api.example.com/auth/sign-in",
            {"to": "password"},
        )
    assert person(server, bob)[0].password == ""


def test_the_secret_of_another_session_enrols_nothing(server, bob):
    """A form that somebody else had made is not confirmed here."""
    stranger, visitor = Visitor(server), Visitor(server)
    stranger.sign_in(bob)
    page = stranger.get(PATH)
    visitor.sign_in(bob)
    form = {"password": FRESH, "repeated": FRESH, "code": code_of(secret_of(page))}
    assert visitor.post(PATH, **form, **hidden_of(page)).status == 403
    assert person(server, bob)[1] is None


def test_the_last_way_in_is_not_taken_away(server):
    """Password and app go together, and only where another way is left."""
    ada, _ = enrolled(server)
    visitor = Visitor(server)
    visitor.sign_in(ada, "urn:yett:multi-factor", ("pwd", "otp", "mfa"))
    assert visitor.post(f"{PATH}/remove").status == 409
    server.store.write(lambda tx: renew(tx, ada.id, NOW, ada.id))
    assert place_of(visitor.post(f"{PATH}/remove")) == (ACCOUNT, {})
    user, app = person(server, ada)
    assert (user.password, app) == ("", None)


def test_without_passwords_there_is_no_page(tmp_path):
    """`passwords = false`, the default."""
    server = make_server(tmp_path)
    for answer in (Visitor(server).get(PATH), Visitor(server).post(PATH)):
        assert answer.status == 404
    server.store.close()
