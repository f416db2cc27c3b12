from __future__ import annotations

import json
import threading

import pytest
from kit.accounts import NOW
from kit.oauth import REDIRECT, Party, claims_of
from kit.visiting import ENDPOINTS, Visitor, allow, hidden_of, place_of, wish

from yett.state.accounts.consents import find_consent
from yett.state.accounts.notices import untold
from yett.state.accounts.users import change_user, find_user

DETAIL = {"type": "urn:yett:operation", "operation": "shop.pay", "digest": "a1" * 32}


@pytest.fixture
def party(server):
    return Party(server, name="app")


@pytest.fixture
def browser(server, party):
    made = Visitor(server)
    made.sign_in(party.user)
    return made


def asks(server, answer):
    return place_of(answer)[0] == server.at("/consent")


def test_allowed_and_remembered(server, party, browser):
    """What was allowed once is not asked again; a further scope is."""
    answer = browser.get("/authorize", **wish())
    assert asks(server, answer)
    assert "code" in place_of(allow(browser, answer))[1]
    assert "code" in place_of(browser.get("/authorize", **wish()))[1]
    more = browser.get("/authorize", **wish(scope="orders:read orders:write"))
    assert asks(server, more)
    allow(browser, more)
    with server.store.read() as tx:
        kept = find_consent(tx, party.user.id, "app")
    assert kept.scopes == {"orders:read", "orders:write"}


def test_refused(server, party, browser):
    """Who says no sends the client a refusal, and nothing is remembered."""
    url, said = place_of(allow(browser, browser.get("/authorize", **wish()), say="deny"))
    assert (url, said["error"], said["state"]) == (REDIRECT, "access_denied", "st4te")
    assert said["iss"] == server.url
    assert asks(server, browser.get("/authorize", **wish()))


def test_a_refused_operation_is_recorded(server, browser):
    """Who did not begin it says no, and the ledger hears which operation it was."""
    party = Party(server, name="bank", trusted=True)
    wanted = wish("bank", authorization_details=json.dumps([DETAIL]))
    allow(browser, browser.get("/authorize", **wanted), say="deny")
    with server.store.read() as tx:
        (event,) = [event for _, event in untold(tx) if event.kind == "consent-refused"]
    assert (event.principal, event.client) == (party.user.id, "bank")
    assert event.resources == ("shop.pay",)


def test_an_answer_that_is_no_yes(party, browser):
    """Anything but `allow` is no."""
    for say in ("", "yes", "ALLOW"):
        answer = allow(browser, browser.get("/authorize", **wish()), say=say)
        assert place_of(answer)[1]["error"] == "access_denied"


def test_public_clients_are_never_silent(server, browser):
    """Anybody can say that they are a public client: its person is asked each time."""
    Party(server, "none", name="cli", trusted=True)
    for _ in range(2):
        answer = browser.get("/authorize", **wish("cli"))
        assert asks(server, answer)
        assert "code" in place_of(allow(browser, answer))[1]
    silent = browser.get("/authorize", **wish("cli", prompt="none"))
    assert place_of(silent)[1]["error"] == "consent_required"


def test_operations_are_confirmed_each_time(server, browser):
    """One operation is shown in words, also to a trusted client's person, and never remembered."""
    party = Party(server, name="bank", trusted=True)
    wanted = wish("bank", authorization_details=json.dumps([DETAIL]))
    for _ in range(2):
        answer = browser.get("/authorize", **wanted)
        assert asks(server, answer)
        page = browser.follow(answer)
        assert b"call shop.pay once" in page.body
        sent = browser.post("/consent", answer="allow", **hidden_of(page))
        tokens = party.exchange(place_of(sent)[1]["code"])
        claims = claims_of(tokens["access_token"])
        assert claims["authorization_details"] == tokens["authorization_details"] == [DETAIL]
        assert claims["exp"] - NOW <= 120
        assert "refresh_token" not in tokens


def test_the_page(server, party, browser):
    """It says who wants what in words, escapes names, cannot be framed, and leads on to the client."""
    party.change(name='<script>alert("x")</script>', scopes=("orders:read", "email"))
    page = browser.follow(browser.get("/authorize", **wish(scope="orders:read email")))
    assert b"<script>alert" not in page.body
    assert b"read orders" in page.body
    assert b"see your email address" in page.body
    fields = dict(page.headers)
    assert fields["x-frame-options"] == "DENY"
    assert "https://app.example.com" in fields["content-security-policy"]
    assert fields["cache-control"] == "no-store"


def test_only_what_will_be_granted_is_shown(server, party, browser):
    """A scope that the person does not have is not offered."""
    party.change(scopes=("orders:read", "admin"))
    page = browser.follow(browser.get("/authorize", **wish(scope="orders:read admin")))
    assert b"everything" not in page.body


def test_the_form_is_our_own(server):
    """The face refuses the form of any other site, and of none that says which it is."""
    assert ENDPOINTS["POST", "/consent"].form


@pytest.mark.parametrize("missing", ["ticket", "r"])
def test_answers_without_the_page(server, party, browser, missing):
    """An answer needs the request and the ticket of its page."""
    page = browser.follow(browser.get("/authorize", **wish()))
    fields = hidden_of(page)
    del fields[missing]
    answer = browser.post("/consent", answer="allow", **fields)
    assert answer.status in (400, 403)
    assert "location" not in dict(answer.headers)


def test_tickets_of_another_request(server, party, browser):
    """The ticket of one request answers no other."""
    one = hidden_of(browser.follow(browser.get("/authorize", **wish())))
    two = hidden_of(browser.follow(browser.get("/authorize", **wish(scope="orders:write"))))
    answer = browser.post("/consent", answer="allow", r=two["r"], ticket=one["ticket"])
    assert answer.status == 403


def test_tickets_of_another_browser(server, party, browser):
    """A ticket that an attacker got for their own session answers nothing in the victim's."""
    attacker = Visitor(server)
    attacker.sign_in(party.user)
    theirs = hidden_of(attacker.follow(attacker.get("/authorize", **wish())))
    answer = browser.post("/consent", answer="allow", **theirs)
    assert answer.status == 403


def test_answered_once(server, party, browser):
    """Sent twice, the page grants once."""
    page = browser.follow(browser.get("/authorize", **wish()))
    assert browser.post("/consent", answer="allow", **hidden_of(page)).status == 303
    assert browser.post("/consent", answer="allow", **hidden_of(page)).status == 400


def test_answered_once_in_a_race(server, party, browser):
    """Of ten answers at once one is a code."""
    fields = hidden_of(browser.follow(browser.get("/authorize", **wish())))
    found = []

    def answer():
        found.append(browser.post("/consent", answer="allow", **fields).status)

    threads = [threading.Thread(target=answer) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found.count(303) == 1


def test_two_pages_of_one_request(server, party, browser):
    """Two tabs show the same request; the first answer counts."""
    answer = browser.get("/authorize", **wish())
    one, two = hidden_of(browser.follow(answer)), hidden_of(browser.follow(answer))
    assert place_of(browser.post("/consent", answer="deny", **one))[1]["error"] == "access_denied"
    assert browser.post("/consent", answer="allow", **two).status == 400


def test_signed_out_meanwhile(server, party, browser):
    """Without a sign-in the page and its answer lead back to the beginning."""
    answer = browser.get("/authorize", **wish())
    page = browser.follow(answer)
    browser.cookies.clear()
    assert place_of(browser.follow(answer))[0] == server.at("/authorize")
    sent = browser.post("/consent", answer="allow", **hidden_of(page))
    assert place_of(sent)[0] == server.at("/authorize")


def test_a_sign_in_that_grew_old(server, party, browser):
    """Who takes longer to answer than `max_age` signs in again first."""
    browser.now += 5
    answer = browser.get("/authorize", **wish(max_age="30"))
    fields = hidden_of(browser.follow(answer))
    browser.now += 60
    sent = browser.post("/consent", answer="allow", **fields)
    assert place_of(sent)[0] == server.at("/authorize")
    assert place_of(browser.follow(sent))[0] == server.at("/sign-in")


def test_clients_that_were_disabled(server, party, browser):
    """Who was disabled while the page was open gets nothing."""
    fields = hidden_of(browser.follow(browser.get("/authorize", **wish())))
    party.change(status="disabled")
    assert browser.post("/consent", answer="allow", **fields).status == 400


def test_scopes_that_were_taken_away(server, party, browser):
    """Where nothing is left to give there is no empty grant, but a refusal for the client."""
    fields = hidden_of(browser.follow(browser.get("/authorize", **wish())))
    server.store.write(lambda tx: change_user(tx, find_user(tx, party.user.id), now=NOW, roles=()))
    sent = browser.post("/consent", answer="allow", **fields)
    assert place_of(browser.follow(sent))[1]["error"] == "access_denied"


def test_programs_on_the_own_device(server, browser):
    """A program that anybody could have started is called one (RFC 8252 s8.6)."""
    party = Party(server, "none", name="cli")
    party.change(redirects=("http://127.0.0.1/cb",))
    answer = browser.get("/authorize", **wish("cli", redirect_uri="http://127.0.0.1:5000/cb"))
    page = browser.follow(answer)
    assert b"runs on your own device" in page.body
    assert "http://127.0.0.1:5000" in dict(page.headers)["content-security-policy"]
