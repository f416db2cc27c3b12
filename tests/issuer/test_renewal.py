"""`/session`: the API's cookie lives as long as somebody is signed in, and no longer."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait

import msgspec
import pytest
from kit.accounts import NOW, make_server
from kit.authenticator import Authenticator
from kit.household import Household
from kit.oauth import claims_of
from kit.visiting import Visitor

from yett.issuer.people import set_roles
from yett.issuer.renewal import ROUTES
from yett.issuer.sessions import end
from yett.state.accounts.users import DISABLED, add_user, change_user, find_user


def test_it_renews_the_cookie_and_says_who_it_is(server, person):
    """A fresh token each time; the time of the sign-in stays."""
    home = Household(server, person, Authenticator(user=person.id))
    home.enrol()
    before = home.browser.cookies["__Host-yett-session"]
    answer = home.renew(NOW + 120)
    assert answer.status == 200
    said = msgspec.json.decode(answer.body)
    assert (said["sub"], said["auth_time"]) == (person.id, int(NOW))
    assert home.browser.cookies["__Host-yett-session"] != before
    assert "SameSite=Strict" in dict(answer.headers)["set-cookie"]


def test_nobody_gets_nothing(server, person):
    """Without a sign-in it is 401, and what may be left of cookies is taken."""
    home = Household(server, person, Authenticator(user=person.id))
    answer = home.renew()
    assert answer.status == 401
    assert all("Max-Age=0" in value for name, value in answer.headers if name == "set-cookie")


def test_a_disabled_person_is_out_at_the_next_renewal(server, person):
    """The account's state is looked at each time."""
    home = Household(server, person, Authenticator(user=person.id))
    home.enrol()

    def disable(tx):
        change_user(tx, find_user(tx, person.id), now=NOW, status=DISABLED)

    server.store.write(disable)
    assert home.renew(NOW + 1).status == 401
    assert home.browser.cookies == {}


def test_no_other_site_may_call_it():
    """Its route is one of our own forms: Fetch Metadata is checked by the face."""
    assert all(route.form for route in ROUTES)


@pytest.mark.parametrize("ending", ["session", "roles"])
def test_no_token_passes_an_end_at_the_same_moment(tmp_path, account_store, ending):
    """A renewal beside a sign-out, or a role that is taken, sees it or comes before its cut-off."""
    server = make_server(tmp_path, store=account_store.url)
    person = server.store.write(lambda tx: add_user(tx, login="ada", roles=("clerk",), now=NOW))
    browser = Visitor(server, time.time())
    session = browser.sign_in(person)
    done, go_on = threading.Event(), threading.Event()

    def act(tx):
        if ending == "session":
            end(server, tx, session, reason="", by="", now=time.time())
        else:
            set_roles(server, tx, find_user(tx, person.id), (), by="")
        done.set()
        go_on.wait(10)

    with ThreadPoolExecutor(2) as threads:
        acting = threads.submit(server.store.write, act)
        assert done.wait(10)
        browser.now = time.time() + 0.01
        renewed = threads.submit(browser.post, "/session")
        wait([renewed], timeout=0.3)
        go_on.set()
        acting.result(10)
        answer = renewed.result(10)
    token = browser.cookies.get("__Host-yett-session")
    if ending == "session":
        assert answer.status == 401
    else:
        assert "roles" not in claims_of(token)
    server.store.close()
