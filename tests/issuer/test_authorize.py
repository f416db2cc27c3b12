from __future__ import annotations

import threading

import pytest
from kit.accounts import ISSUER, NOW, make_server
from kit.oauth import REDIRECT, VERIFIER, Party, claims_of, error_of
from kit.visiting import Visitor, allow, call, place_of, wish

from yett.issuer.token import token
from yett.state.accounts.users import change_user, find_user

MULTI, SINGLE = "urn:yett:multi-factor", "urn:yett:single-factor"


@pytest.fixture
def party(server):
    return Party(server, trusted=True)


@pytest.fixture
def browser(server):
    return Visitor(server)


def error_at(answer):
    """The error that the client is told, at its own redirect URI, with state and issuer."""
    url, said = place_of(answer)
    assert url == REDIRECT
    assert said["iss"] == ISSUER
    assert "code" not in said
    return said["error"]


def test_whole_flow(server, party, browser):
    """Sign in, come back, get a code with state and issuer, exchange it: a token of this person."""
    answer = browser.get("/authorize", **wish(scope="openid orders:read", nonce="n1"))
    url, query = place_of(answer)
    assert url == server.at("/sign-in")
    browser.now += 5
    session = browser.sign_in(party.user)
    url, said = place_of(browser.get("/authorize", **query))
    assert (url, said["state"], said["iss"]) == (REDIRECT, "st4te", ISSUER)
    party.now = browser.now
    tokens = party.exchange(said["code"])
    claims = claims_of(tokens["access_token"])
    assert (claims["sub"], claims["sid"]) == (party.user.id, session.id)
    assert (claims["acr"], claims["auth_time"]) == (session.acr, int(NOW) + 5)
    assert claims_of(tokens["id_token"])["nonce"] == "n1"


def test_signed_in_and_trusted(party, browser):
    """Who is signed in, and trusts the client, is not asked again; nothing is kept."""
    browser.sign_in(party.user)
    assert "code" in place_of(browser.get("/authorize", **wish()))[1]


def test_code_is_given_once(party, browser):
    """A pending request is answered once, however often the browser comes back."""
    query = place_of(browser.get("/authorize", **wish()))[1]
    browser.sign_in(party.user)
    assert "code" in place_of(browser.get("/authorize", **query))[1]
    again = browser.get("/authorize", **query)
    assert again.status == 400
    assert "location" not in dict(again.headers)


def test_code_is_given_once_in_a_race(party, browser):
    """Of ten browsers that come back at once one gets a code."""
    query = place_of(browser.get("/authorize", **wish()))[1]
    browser.sign_in(party.user)
    answers = []

    def come_back():
        answers.append(browser.get("/authorize", **query).status)

    threads = [threading.Thread(target=come_back) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [303, *[400] * 9]


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "nobody"},
        {"client_id": ...},
        {"redirect_uri": ...},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": REDIRECT + "/"},
        {"redirect_uri": REDIRECT + "?x=1"},
        {"redirect_uri": REDIRECT + "#x"},
        {"redirect_uri": REDIRECT.upper()},
        {"redirect_uri": "https://app.example.com@evil.example/callback"},
        {"redirect_uri": "https://app.example.com:443/callback"},
        {"redirect_uri": "https://app.example.com/x/../callback"},
        {"redirect_uri": "https://app.example.com%2fcallback"},
        {"redirect_uri": "https://app.example.com/callback%2f"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": " " + REDIRECT},
    ],
)
def test_no_open_redirect(party, browser, changed):
    """A refusal goes nowhere while client and address are not both known (CWE-601)."""
    answer = browser.get("/authorize", **wish(**changed, response_type="token"))
    assert answer.status == 400
    assert "location" not in dict(answer.headers)
    assert b"evil" not in answer.body


def test_refusals_cannot_be_framed(party, browser):
    """A shown refusal has the fields of every page: no frames, no scripts, no cache."""
    fields = dict(browser.get("/authorize", **wish(client_id="nobody")).headers)
    assert fields["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in fields["content-security-policy"]
    assert fields["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": ...}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"response_mode": "form_post"}, "invalid_request"),
        ({"code_challenge": ...}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": "a" * 44}, "invalid_request"),
        ({"code_challenge_method": ...}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": "s256"}, "invalid_request"),
        ({"scope": "admin"}, "invalid_scope"),
        ({"scope": "nothing"}, "invalid_scope"),
        ({"scope": "x" * 3000}, "invalid_scope"),
        ({"request": "eyJ.e30."}, "request_not_supported"),
        ({"request_uri": "https://evil.example/r"}, "request_uri_not_supported"),
        ({"registration": "{}"}, "registration_not_supported"),
        ({"resource": "https://other.example"}, "invalid_target"),
        ({"audience": "other"}, "invalid_target"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "1e9"}, "invalid_request"),
        ({"max_age": "٣"}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "create"}, "invalid_request"),
        ({"acr_values": "urn:other:strong"}, "unmet_authentication_requirements"),
        ({"nonce": "n" * 3000}, "invalid_request"),
        ({"nonce": "a\nb"}, "invalid_request"),
        ({"dpop_jkt": "short"}, "invalid_request"),
        ({"authorization_details": "[]"}, "invalid_authorization_details"),
        ({"authorization_details": '[{"type":"x"}]'}, "invalid_authorization_details"),
    ],
)
def test_refusals_reach_the_client(party, browser, changed, error):
    """What the client got wrong it is told, at its own address, with its state."""
    browser.sign_in(party.user)
    answer = browser.get("/authorize", **wish(**changed))
    assert error_at(answer) == error
    assert place_of(answer)[1]["state"] == "st4te"


def test_state_that_cannot_be_given_back(party, browser):
    """A state with control characters is refused, and not repeated."""
    answer = browser.get("/authorize", **wish(state="a\r\nset-cookie: x=1"))
    assert error_at(answer) == "invalid_request"
    assert "state" not in place_of(answer)[1]


def test_unknown_parameters_are_ignored(party, browser):
    """RFC 6749 s3.1: what nobody knows does not count; `claims` is not supported."""
    browser.sign_in(party.user)
    answer = browser.get("/authorize", **wish(claims='{"id_token":{}}', ui_locales="de"))
    assert "code" in place_of(answer)[1]


def test_resource_of_ours(server, party, browser):
    """`resource` may name the one audience there is (RFC 8707)."""
    browser.sign_in(party.user)
    answer = browser.get("/authorize", **wish(resource=server.settings.audience))
    assert "code" in place_of(answer)[1]


def test_clients_without_the_grant(server, browser):
    """A client that may not ask people is refused, and shown so."""
    Party(server, grants=("client_credentials",))
    assert browser.get("/authorize", **wish()).status == 400


def test_disabled_clients(party, browser):
    """A disabled client asks nobody, also not with a request that it made before."""
    query = place_of(browser.get("/authorize", **wish()))[1]
    browser.sign_in(party.user)
    party.change(status="disabled")
    assert browser.get("/authorize", **wish()).status == 400
    assert browser.get("/authorize", **query).status == 400


def test_redirects_that_were_taken_back(party, browser):
    """A pending request goes to no address that the client has given up since."""
    query = place_of(browser.get("/authorize", **wish()))[1]
    browser.sign_in(party.user)
    party.change(redirects=("https://app.example.com/new",))
    assert browser.get("/authorize", **query).status == 400


def test_post_asks_without_a_session(server, party, browser):
    """A form of another site brings no cookie; the redirect that follows does."""
    browser.sign_in(party.user)
    url, query = place_of(browser.post("/authorize", **wish()))
    assert url == server.at("/authorize")
    assert "code" in place_of(browser.get("/authorize", **query))[1]


def test_pending_requests_expire(party, browser):
    """Ten minutes later the request is over."""
    query = place_of(browser.get("/authorize", **wish()))[1]
    browser.now += 601
    browser.sign_in(party.user)
    assert browser.get("/authorize", **query).status == 400


def test_login_hint(tmp_path):
    """What the client thinks is filled in where a name is typed, as text and nothing else."""
    server = make_server(tmp_path, passwords=True)
    Party(server)
    browser = Visitor(server)
    query = place_of(browser.get("/authorize", **wish(login_hint='ada"><script>')))[1]
    page = browser.get("/sign-in/password", **query)
    assert b'value="ada&quot;&gt;&lt;script&gt;"' in page.body
    server.store.close()


def test_prompt_none(party, browser):
    """`prompt=none` shows nothing: it says that somebody must sign in, or agree, or gives a code."""
    assert error_at(browser.get("/authorize", **wish(prompt="none"))) == "login_required"
    browser.sign_in(party.user)
    assert "code" in place_of(browser.get("/authorize", **wish(prompt="none")))[1]
    party.change(trusted=False)
    assert error_at(browser.get("/authorize", **wish(prompt="none"))) == "consent_required"


@pytest.mark.parametrize("prompt", ["login", "select_account", "login consent"])
def test_prompt_login(server, party, browser, prompt):
    """`prompt=login` wants a sign-in that is newer than the request, and then no other."""
    browser.sign_in(party.user)
    browser.now += 10
    url, query = place_of(browser.get("/authorize", **wish(prompt=prompt)))
    assert url == server.at("/sign-in")
    browser.now += 10
    browser.sign_in(party.user)
    answer = browser.get("/authorize", **query)
    if "consent" in prompt:
        answer = allow(browser, answer)
    assert "code" in place_of(answer)[1]


def test_prompt_consent(party, browser):
    """`prompt=consent` asks even for a client that is trusted."""
    browser.sign_in(party.user)
    assert (
        "code" in place_of(allow(browser, browser.get("/authorize", **wish(prompt="consent"))))[1]
    )


@pytest.mark.parametrize(("age", "goes"), [("60", False), ("61", True), ("0", False)])
def test_max_age(server, party, browser, age, goes):
    """A sign-in older than `max_age` seconds does not do; one for this request does, also for 0."""
    browser.sign_in(party.user)
    browser.now += 61
    url, query = place_of(browser.get("/authorize", **wish(max_age=age)))
    assert (url == REDIRECT) is goes
    if not goes:
        browser.now += 1
        browser.sign_in(party.user)
        browser.now += 100
        assert "code" in place_of(browser.get("/authorize", **query))[1]


def test_acr_values(server, party, browser):
    """A sign-in that is weaker than all that are wanted steps up; a stronger one does."""
    browser.sign_in(party.user, acr=SINGLE, amr=("pwd",))
    answer = browser.get("/authorize", **wish(acr_values=f"urn:unknown {MULTI}"))
    url, query = place_of(answer)
    assert url == server.at("/sign-in")
    browser.sign_in(party.user, acr=SINGLE, amr=("pwd",))
    assert place_of(browser.get("/authorize", **query))[0] == server.at("/sign-in")
    browser.sign_in(party.user)
    assert "code" in place_of(browser.get("/authorize", **query))[1]


def test_scopes_follow_roles(server, party, browser):
    """What the person does not have is not granted; where nothing is left the client is told."""

    def demote(tx):
        change_user(tx, find_user(tx, party.user.id), now=NOW, roles=("clerk",))

    server.store.write(demote)
    browser.sign_in(party.user)
    said = place_of(browser.get("/authorize", **wish(scope="orders:read orders:write")))[1]
    assert party.exchange(said["code"])["scope"] == "orders:read"
    assert error_at(browser.get("/authorize", **wish(scope="orders:write"))) == "access_denied"


def test_codes_are_bound_to_the_named_key(party, browser):
    """`dpop_jkt` binds the code: whoever steals it has not the key (RFC 9449 s10)."""
    browser.sign_in(party.user)
    said = place_of(browser.get("/authorize", **wish(dpop_jkt="a" * 43)))[1]
    answer = party.ask(
        grant_type="authorization_code",
        code=said["code"],
        redirect_uri=REDIRECT,
        code_verifier=VERIFIER,
        headers=party.dpop(),
    )

    assert error_of(token, party.server, answer) == "invalid_grant"


def test_guesses_of_the_browser(server, party, browser):
    """What is fetched ahead of a person's decision uses no request up."""
    query = place_of(browser.get("/authorize", **wish()))[1]
    browser.sign_in(party.user)
    ahead = {"headers": {"sec-purpose": "prefetch;prerender"}, "cookies": browser.cookies}
    assert call(server, "GET", "/authorize", query=query, **ahead).status == 503
    assert "code" in place_of(browser.get("/authorize", **query))[1]


def test_disabled_people_are_not_signed_in(server, party, browser):
    """A session of somebody who was disabled since gives nothing."""
    browser.sign_in(party.user)
    server.store.write(
        lambda tx: change_user(tx, find_user(tx, party.user.id), now=NOW, status="disabled")
    )
    assert place_of(browser.get("/authorize", **wish()))[0] == server.at("/sign-in")
