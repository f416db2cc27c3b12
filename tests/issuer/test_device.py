from __future__ import annotations

import pytest
from kit.accounts import NOW
from kit.oauth import Party
from kit.visiting import ENDPOINTS, Visitor, allow, call, hidden_of, json_of, place_of

from yett.issuer.device import LETTERS, fold_code
from yett.issuer.request import DEVICE_GRANT
from yett.state.accounts.devices import find_user_code

GRANTS = (DEVICE_GRANT, "refresh_token")


@pytest.fixture
def party(server):
    return Party(server, "none", name="tv", grants=GRANTS)


def begin(party, **form):
    headers, more = party.shown()
    form = {**more, "scope": "orders:read", **form}
    return call(
        party.server, "POST", "/device_authorization", now=party.now, headers=headers, form=form
    )


def device_of(server, code):
    with server.store.read() as tx:
        return find_user_code(tx, fold_code(code))


def test_begun(server, party):
    """The device gets two codes, and where to send the person."""
    said = json_of(begin(party))
    assert said["verification_uri"] == server.at("/device")
    assert said["verification_uri_complete"].endswith("?user_code=" + said["user_code"])
    assert (said["expires_in"], said["interval"]) == (600, 5)
    assert len(said["device_code"]) == 43
    assert set(said["user_code"].replace("-", "")) <= set(LETTERS)


def test_only_digests_are_kept(server, party):
    """The device code itself stands nowhere in the store."""
    said = json_of(begin(party))
    kept = device_of(server, said["user_code"])
    assert said["device_code"] not in (kept.digest, kept.user_code)
    assert "user_code" not in repr(kept)


@pytest.mark.parametrize(
    ("grants", "form", "error"),
    [
        (("authorization_code",), {}, "unauthorized_client"),
        (GRANTS, {"scope": "admin"}, "invalid_scope"),
        (GRANTS, {"resource": "https://other.example"}, "invalid_target"),
        (GRANTS, {"client_id": "nobody"}, "invalid_client"),
    ],
)
def test_not_begun(server, grants, form, error):
    """A client that may not, or names what it may not have, gets no codes."""
    party = Party(server, "none", name="tv", grants=grants)
    assert json_of(begin(party, **form))["error"] == error


@pytest.mark.parametrize("typed", ["{}", " {} ", "lower", "without"])
def test_allowed(server, party, typed):
    """The person types the code, signs in, compares it, and allows the device."""
    code = json_of(begin(party))["user_code"]
    typed = {"lower": code.lower(), "without": code.replace("-", "")}.get(typed) or typed.format(
        code
    )
    browser = Visitor(server)
    url, query = place_of(browser.post("/device", user_code=typed))
    assert url == server.at("/authorize")
    answer = browser.get("/authorize", **query)
    assert place_of(answer)[0] == server.at("/sign-in")
    browser.sign_in(party.user)
    answer = browser.get("/authorize", **query)
    page = browser.follow(answer)
    assert code.encode() in page.body
    assert b"in front of you" in page.body
    done = browser.post("/consent", answer="allow", **hidden_of(page))
    assert done.status == 200
    assert device_of(server, code).status == "allowed"


def enter(server, party, code, **moved):
    browser = Visitor(server, **moved)
    browser.sign_in(party.user)
    return browser, browser.follow(browser.post("/device", user_code=code))


def test_denied(server, party):
    """Who refuses, refuses for good."""
    code = json_of(begin(party))["user_code"]
    browser, answer = enter(server, party, code)
    assert allow(browser, answer, say="deny").status == 200
    assert device_of(server, code).status == "denied"
    assert Visitor(server).post("/device", user_code=code).status == 400


def test_trusted_clients_are_asked_about(server):
    """A device is never allowed silently, whoever made it: the code may be a stranger's (s5.4)."""
    party = Party(server, name="tv", grants=GRANTS, trusted=True)
    for _ in range(2):
        _, answer = enter(server, party, json_of(begin(party))["user_code"])
        assert place_of(answer)[0] == server.at("/consent")


def test_two_people_one_code(server, party):
    """The first answer counts; the second is told so."""
    code = json_of(begin(party))["user_code"]
    one, two = enter(server, party, code), enter(server, party, code)
    assert allow(*one).status == 200
    assert allow(*two).status == 400


def test_expired(server, party):
    """Ten minutes later the code is good for nothing, also halfway through."""
    code = json_of(begin(party))["user_code"]
    browser, answer = enter(server, party, code, now=NOW + 599)
    page = browser.follow(answer)
    browser.now += 1
    assert browser.post("/consent", answer="allow", **hidden_of(page)).status == 400
    assert browser.post("/device", user_code=code).status == 400


@pytest.mark.parametrize("code", ["", "AAAA-AAAA", "BCDF-GHJ", "BCDF-GHJK-L", "%00", "BCDFGHJK\n"])
def test_no_codes(server, party, code):
    """What is no code is none, and the page repeats nothing of it."""
    answer = Visitor(server).post("/device", user_code=code)
    assert answer.status == 400


def test_guessing_is_slowed_down(server, party):
    """After a few wrong codes from one place even a good one must wait."""
    code = json_of(begin(party))["user_code"]
    browser = Visitor(server)
    answers = [browser.post("/device", user_code="BBBB-BBBB").status for _ in range(8)]
    assert answers[0] == 400
    assert answers[-1] == 429
    assert browser.post("/device", user_code=code).status == 429
    browser.now += 60
    assert browser.post("/device", user_code=code).status == 303


def test_the_page(server):
    """A code in the link is filled in, and only a code; the form is our own."""
    page = Visitor(server).get("/device", user_code="bcdf-ghjk")
    assert b'value="BCDF-GHJK"' in page.body
    page = Visitor(server).get("/device", user_code='"><script>')
    assert b"<script>" not in page.body
    assert dict(page.headers)["x-frame-options"] == "DENY"
    assert ENDPOINTS["POST", "/device"].form


def test_who_compares_the_code_has_typed_it(server, party):
    """A thief types the code of their own device and sends the link: no other browser goes on."""
    code = json_of(begin(party))["user_code"]
    _, query = place_of(Visitor(server).post("/device", user_code=code))
    victim = Visitor(server)
    victim.sign_in(party.user)
    assert victim.get("/authorize", **query).status == 400
    assert victim.get("/consent", **query).status == 400
    victim.cookies["__Host-yett-browser"] = "x" * 43
    assert victim.get("/authorize", **query).status == 400
    assert victim.post("/consent", answer="allow", **query).status == 400
    assert device_of(server, code).status == "pending"
