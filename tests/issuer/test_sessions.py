"""The browser's sign-in: rotated, idle, over, ended everywhere."""

from __future__ import annotations

import msgspec
import pytest
from kit.accounts import NOW, make_server

from yett.issuer import sessions
from yett.issuer.grants.issue import new_grant
from yett.issuer.http import Ask
from yett.state.accounts.clients import Client
from yett.state.accounts.grants import find_grant
from yett.state.accounts.notices import untold
from yett.state.accounts.revocations import in_force
from yett.state.accounts.sessions import find_session
from yett.state.accounts.users import DISABLED, add_user, change_user

ACR, AMR = "urn:yett:phishing-resistant", ("hwk", "user", "pop")


class Browser:
    """Keeps cookies as a browser does."""

    def __init__(self, server):
        self.server, self.cookies = server, {}

    def ask(self, now=NOW):
        return Ask(method="GET", path="/", now=now, cookies=dict(self.cookies), source="192.0.2.7")

    def keep(self, headers):
        for name, value in headers:
            assert name == "set-cookie"
            pair, _, rest = value.partition(";")
            cookie, _, content = pair.partition("=")
            self.cookies.pop(cookie, None)
            if "Max-Age=0" not in rest:
                self.cookies[cookie] = content

    def begin(self, user, now=NOW, acr=ACR, amr=AMR):
        session, headers = self.server.store.write(
            lambda tx: sessions.begin(self.server, tx, self.ask(now), user, acr=acr, amr=amr)
        )
        self.keep(headers)
        return session

    def current(self, now=NOW):
        return self.server.store.write(lambda tx: sessions.current(self.server, tx, self.ask(now)))


@pytest.fixture
def browser(server):
    return Browser(server)


def test_who_signed_in_is_signed_in(browser, person):
    """Both cookies are set, and the session says how and when."""
    session = browser.begin(person)
    assert set(browser.cookies) == {"__Host-yett-sign-in", "__Host-yett-session"}
    assert browser.current() == session
    assert (session.user, session.acr, session.auth_time) == (person.id, ACR, NOW)
    assert session.expires == NOW + browser.server.settings.session_lifetime


def test_an_issuer_on_its_own_host_sets_no_cookie_for_the_api(tmp_path):
    """Without a path the API is elsewhere, and its cookie would open nothing."""
    server = make_server(tmp_path, url="https://id.example.com")
    user = server.store.write(lambda tx: add_user(tx, login="ada", now=NOW))
    browser = Browser(server)
    browser.begin(user)
    assert set(browser.cookies) == {"__Host-yett-sign-in"}


def test_a_stranger_is_nobody(browser):
    """No cookie, an unknown one, and an empty one name no session."""
    assert browser.current() is None
    browser.cookies["__Host-yett-sign-in"] = "guess"
    assert browser.current() is None


def test_signing_in_again_changes_the_cookie(browser, person):
    """The session goes on; whoever had the old cookie is out (CWE-384)."""
    first = browser.begin(person, acr="urn:yett:single-factor", amr=("pwd",))
    old = dict(browser.cookies)
    second = browser.begin(person, now=NOW + 10)
    assert second.id == first.id
    assert (second.acr, second.auth_time) == (ACR, NOW + 10)
    thief = Browser(browser.server)
    thief.cookies = old
    assert thief.current() is None
    assert browser.current() is not None


def test_a_weaker_sign_in_does_not_keep_the_stronger_word(browser, person):
    """`acr` and `auth_time` always tell of the same sign-in."""
    browser.begin(person)
    session = browser.begin(person, now=NOW + 60, acr="urn:yett:single-factor", amr=("kba",))
    assert (session.acr, session.auth_time) == ("urn:yett:single-factor", NOW + 60)


def test_somebody_elses_session_in_this_browser_ends(browser, person):
    """A second person gets a session of their own, and the first one's is revoked."""
    first = browser.begin(person)
    other = browser.server.store.write(lambda tx: add_user(tx, login="bob", now=NOW))
    second = browser.begin(other)
    assert second.id != first.id
    with browser.server.store.read() as tx:
        assert find_session(tx, first.id).ended == NOW
        assert [(one.kind, one.value) for one in in_force(tx, NOW)] == [("sid", first.id)]


def test_an_idle_session_is_over(browser, person):
    """Without use for `session_idle` seconds nobody is signed in; use moves that on."""
    browser.begin(person)
    idle = browser.server.settings.session_idle
    assert browser.current(NOW + idle - 1) is not None
    assert browser.current(NOW + 2 * idle - 2) is not None
    assert browser.current(NOW + 3 * idle) is None


def test_only_a_writing_transaction_puts_use_down(browser, person):
    """Reading a session in a reading transaction changes nothing."""
    session = browser.begin(person)
    with browser.server.store.read() as tx:
        assert sessions.current(browser.server, tx, browser.ask(NOW + 300)) == session
    with browser.server.store.read() as tx:
        assert find_session(tx, session.id).seen == NOW


def test_no_session_outlives_its_lifetime(browser, person):
    """Use does not move the absolute end."""
    browser.begin(person)
    idle, lifetime = browser.server.settings.session_idle, browser.server.settings.session_lifetime
    now = NOW
    while now + idle / 2 < NOW + lifetime:
        now += idle / 2
        assert browser.current(now) is not None
    assert browser.current(NOW + lifetime) is None


def test_a_disabled_person_is_not_signed_in(browser, person):
    """Whoever may not sign in has no session either, whatever the row says."""
    browser.begin(person)
    browser.server.store.write(lambda tx: change_user(tx, person, now=NOW, status=DISABLED))
    assert browser.current() is None


def test_an_end_is_a_revocation_and_a_notice(browser, person):
    """Ending revokes the `sid` for as long as any token of it may live, once."""
    session = browser.begin(person)

    def end():
        return browser.server.store.write(
            lambda tx: sessions.end(
                browser.server, tx, session, reason="signed out", by=person.id, now=NOW + 1
            )
        )

    assert end()
    assert not end()
    assert browser.current(NOW + 1) is None
    with browser.server.store.read() as tx:
        rows = in_force(tx, NOW + 1)
        kinds = [event.kind for _, event in untold(tx)]
    assert [(row.kind, row.value, row.issuer) for row in rows] == [
        ("sid", session.id, browser.server.url)
    ]
    assert rows[0].expires > session.expires
    assert kinds.count("session-ended") == 1


def test_an_end_ends_what_was_granted_in_it(browser, person):
    """Applications lose their refresh tokens too, but for those that act while one is away."""
    server, session = browser.server, browser.begin(person)
    app = Client(id="app", kind="public", auth="none")

    def give(tx):
        return [
            new_grant(server, tx, client=app, session=session, scopes=scopes, now=NOW).id
            for scopes in (("orders:read",), ("orders:read", "offline_access"))
        ]

    kept = server.store.write(give)
    server.store.write(
        lambda tx: sessions.end(server, tx, session, reason="lost", by="cli:root", now=NOW + 1)
    )
    with server.store.read() as tx:
        assert [find_grant(tx, one).ended for one in kept] == [NOW + 1, 0.0]
        (cut,) = [row for row in in_force(tx, NOW + 1) if row.kind == "sid"]
    assert cut.before > NOW + 1  # tokens of a grant that stays are new ones


def test_nothing_secret_is_kept_or_printed(browser, person):
    """The row has the digest of the cookie, and its repr not even that."""
    session = browser.begin(person)
    secret = browser.cookies["__Host-yett-sign-in"]
    assert secret not in str(msgspec.to_builtins(session))
    assert session.digest not in repr(session)


def test_clearing_takes_both_cookies(browser, person):
    """After a sign-out the browser has neither."""
    browser.begin(person)
    browser.keep(sessions.cleared(browser.server))
    assert browser.cookies == {}
