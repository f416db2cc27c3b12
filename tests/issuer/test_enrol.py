"""Invitations: one browser, one passkey, one day."""

from __future__ import annotations

import threading

import pytest
from kit.accounts import NOW
from kit.authenticator import Authenticator
from kit.household import Household
from kit.pages import Page, make_with
from kit.visitor import Visitor, text_of, where

from yett.issuer import enrol
from yett.issuer.http import Ask
from yett.state.accounts.notices import untold
from yett.state.accounts.passkeys import list_passkeys
from yett.state.accounts.sessions import list_sessions
from yett.state.accounts.users import DISABLED, INVITED, add_user, change_user, find_user


@pytest.fixture
def home(server):
    ada = server.store.write(lambda tx: add_user(tx, login="ada", status=INVITED, now=NOW))
    return Household(server, ada, Authenticator(user=ada.id))


def test_an_invitation_becomes_an_account_with_a_passkey(home):
    """The person is active, signed in, and the ledger knows who invited and what was made."""
    answer = home.enrol()
    assert where(answer) == "https://api.example.com/auth/account"
    with home.server.store.read() as tx:
        assert find_user(tx, home.person.id).status == "active"
        assert len(list_passkeys(tx, home.person.id)) == 1
        (session,) = list_sessions(tx, home.person.id, NOW)
        events = {event.kind: event for _, event in untold(tx)}
    assert (session.acr, session.amr) == ("urn:yett:phishing-resistant", ("hwk", "user", "pop"))
    assert events["user-invited"].note == "by cli:root"
    assert {"passkey-added", "user-enrolled", "signed-in"} <= set(events)


def test_the_secret_stands_behind_the_hash(home):
    """No server is told of it by opening the link, and the page that opens it has none."""
    url = home.server.store.write(
        lambda tx: enrol.invite(home.server, tx, home.person, now=NOW, by="cli:root")
    )
    assert url.startswith("https://api.example.com/auth/enrol#")
    page = Page(home.browser.get(enrol.open_link, "/enrol", now=NOW))
    assert page.form("/enrol")["fields"] == {"ticket": ""}
    assert "data-invitation" in page.form("/enrol")


def test_an_invitation_is_used_once(home):
    """The same link, and an answer that was prepared with it, do nothing more."""
    secret = home.link()
    page = Page(home.open_link(secret))
    home.enrol(secret)
    assert home.open_link(secret).status == 403
    late = make_with(Authenticator(user=home.person.id), page.form("/enrol/passkey"))
    form = page.fields("/enrol/passkey", credential=late)
    answer = home.browser.post(enrol.enrol, "/enrol/passkey", form=form, now=NOW)
    assert answer.status == 403
    with home.server.store.read() as tx:
        assert len(list_passkeys(tx, home.person.id)) == 1


def test_the_first_browser_keeps_it(home):
    """Whoever sees the link later gets nothing, also with a page of the first browser."""
    secret = home.link()
    page = Page(home.open_link(secret))
    thief = Household(home.server, home.person, Authenticator(user=home.person.id))
    assert thief.open_link(secret).status == 403
    made = make_with(thief.authenticator, page.form("/enrol/passkey"))
    form = page.fields("/enrol/passkey", credential=made)
    for visitor in (thief.browser, Visitor(home.server)):
        assert visitor.post(enrol.enrol, "/enrol/passkey", form=form, now=NOW).status == 403
    assert where(home.enrol(secret))


def test_an_invitation_expires_and_a_newer_one_ends_it(home):
    """After a day, or once another was made, it is over."""
    old = home.link()
    assert home.open_link(old, NOW + 86_400).status == 403
    new = home.link()
    assert home.open_link(old).status == 403
    assert home.open_link(new).status == 200


def test_a_disabled_person_is_not_let_in(home):
    """An administrator's no counts more than an invitation that is out."""
    secret = home.link()
    page = Page(home.open_link(secret))
    home.server.store.write(lambda tx: change_user(tx, home.person, now=NOW, status=DISABLED))
    made = make_with(home.authenticator, page.form("/enrol/passkey"))
    form = page.fields("/enrol/passkey", credential=made)
    assert home.browser.post(enrol.enrol, "/enrol/passkey", form=form, now=NOW).status == 403
    assert home.open_link(home.link()).status == 403
    with home.server.store.read() as tx:
        assert list_passkeys(tx, home.person.id) == []


@pytest.mark.parametrize("secret", ["", "x", "x" * 5000])
def test_a_guess_is_nothing(home, secret):
    """A ticket that is none gets the same answer as one that is over."""
    answer = home.open_link(secret)
    assert answer.status == 403
    assert "ask for a new one" in text_of(answer)


def test_a_passkey_made_elsewhere_leaves_the_invitation_good(home):
    """A failed try shows that it failed, and the link still works."""
    secret = home.link()
    answer = home.enrol(secret, origin="https://evil.example")
    assert answer.status == 403
    assert "could not be added" in text_of(answer)
    assert where(home.enrol(secret))


def test_an_active_person_gets_back_in_by_invitation(home):
    """Who has lost everything is invited again, and keeps the account."""
    home.enrol()
    again = Household(home.server, home.person, Authenticator(user=home.person.id))
    assert where(again.enrol())
    with home.server.store.read() as tx:
        assert len(list_passkeys(tx, home.person.id)) == 2


def test_of_two_passkeys_at_once_one_is_made(home):
    """The same page sent twice at the same moment: one invitation, one passkey."""
    secret = home.link()
    page = Page(home.open_link(secret))
    forms = []
    for _ in range(6):
        one = Authenticator(user=home.person.id)
        made = make_with(one, page.form("/enrol/passkey"))
        forms.append(page.fields("/enrol/passkey", credential=made))
    statuses = []

    def send(form):
        ask = Ask(
            method="POST",
            path="/enrol/passkey",
            now=NOW,
            form=form,
            cookies=dict(home.browser.cookies),
        )
        statuses.append(enrol.enrol(home.server, ask).status)

    threads = [threading.Thread(target=send, args=(form,)) for form in forms]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(statuses) == [303, 403, 403, 403, 403, 403]
    with home.server.store.read() as tx:
        assert len(list_passkeys(tx, home.person.id)) == 1
