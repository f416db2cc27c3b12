"""npm `openid-client` against a running gate with its issuer: what it does, and what it must not get.

Every answer is checked by the client as well: discovery, `iss`, ID tokens, content types, nonces.
"""

from __future__ import annotations

import json
import time
from urllib.parse import parse_qsl, urlsplit

import pytest
from joserfc.jwk import ECKey
from kit.company import REDIRECT, SIGNED_OUT, Company
from kit.node import Program
from kit.web_browser import WebBrowser
from sqlalchemy import update

from yett.cli.account_place import opened
from yett.state.accounts.tables import sessions

CODE, REFRESH = "authorization_code", "refresh_token"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS = "urn:ietf:params:oauth:token-type:access_token"
SCOPES = ("openid", "profile", "offline_access", "items:read", "items:write")
WANTED = "openid profile items:read"
WAYS = [(False, ""), (True, ""), (True, "key")]  # pushed, and the key that tokens are bound to


@pytest.fixture(scope="module")
def company(tmp_path_factory, upstream):
    """A gate whose proofs need nonces, and ana, who has a passkey."""
    started = Company(tmp_path_factory.mktemp("company"), upstream[0], nonce=True)
    started.browser = WebBrowser(started.url, started.ca)
    started.browser.enrol(started.invite("ana"))
    yield started
    started.browser.close()
    started.stop()


@pytest.fixture(scope="module")
def connect(company, tmp_path_factory):
    """Register a client and run the program with what it was given."""
    running = []

    def go(*words, method="basic", audience="", key="", kind="client"):
        make = company.client if kind == "client" else company.service
        identifier, secret = make(*words)
        environment = {
            **company.environment,
            "YETT_CLIENT_SECRET": secret,
            "YETT_CLIENT_KEY": key,
        }
        arguments = [company.url, identifier, method, *([audience] if audience else [])]
        folder = tmp_path_factory.mktemp("program")
        program = Program(folder / "p", "relying.mjs", *arguments, environment=environment)
        running.append(program)
        assert program.read() == {"issuer": company.url}
        return program

    yield go
    for one in running:
        one.stop()


def application(*grants, auth="client_secret_basic", redirect=REDIRECT):
    words = ["--redirect", redirect, "--logout-redirect", SIGNED_OUT, "--auth", auth]
    for scope in SCOPES:
        words += ["--scope", scope]
    for grant in grants or (CODE, REFRESH, DEVICE):
        words += ["--grant", grant]
    return words


@pytest.fixture(scope="module")
def shop(connect):
    """An application that people sign in to."""
    return connect(*application())


@pytest.fixture(scope="module")
def stranger(connect):
    """Another one, which may use the same redirect URI."""
    return connect(*application())


def back(company, client, wanted=None, pushed=False, key=""):
    """Where ana's browser comes back to."""
    asked = {"redirect_uri": REDIRECT, "scope": WANTED, **(wanted or {})}
    return company.browser.agree(client.say("begin", asked, pushed, key)["url"])


def signed_in(company, client, wanted=None, pushed=False, key=""):
    """The tokens of a whole sign-in, and the URL that the code came in."""
    came = back(company, client, wanted, pushed, key)
    tokens = client.say("end", came, {}, key)
    assert "access_token" in tokens, tokens
    return tokens, came


def calls(company, client, token, key=""):
    return client.say("call", token, f"{company.origin}/items", key)["status"]


def until_refused(company, client, token, key=""):
    """Wait until the gate refuses a token; a second is promised, more is a busy machine's."""
    end = time.monotonic() + 20
    while calls(company, client, token, key) != 401:
        assert time.monotonic() < end, "still taken"


def has_ended(client, refresh, key=""):
    """Whether neither a family's newest token refreshes, nor any of it is said to live."""
    refused = client.say("refresh", refresh, {}, key)["error"] == "invalid_grant"
    return refused and client.say("introspect", refresh) == {"active": False}


@pytest.mark.parametrize(("pushed", "key"), WAYS)
def test_a_sign_in_and_what_comes_of_it(company, shop, pushed, key):
    """ID token, API, userinfo, introspection, refresh; the code a second time ends all of it."""
    tokens, came = signed_in(company, shop, {}, pushed, key)
    assert tokens["token_type"] == ("dpop" if key else "bearer")
    assert 0 < tokens["lasts"] <= 600
    assert tokens["claims"]["acr"] == "urn:yett:phishing-resistant"
    subject = tokens["claims"]["sub"]
    assert calls(company, shop, tokens["access_token"], key) == 200
    told = shop.say("userinfo", tokens["access_token"], subject, key)
    assert told == {"sub": subject, "name": "Ana", "preferred_username": "ana"}
    said = shop.say("introspect", tokens["access_token"])
    assert (said["active"], said["sub"], "cnf" in said) == (True, subject, bool(key))
    assert isinstance(said["iat"], int)
    newer = shop.say("refresh", tokens["refresh_token"], {}, key)
    assert newer["claims"]["sub"] == subject
    assert newer["refresh_token"] != tokens["refresh_token"]
    assert calls(company, shop, newer["access_token"], key) == 200
    assert shop.say("end", came, {}, key)["error"] == "invalid_grant"
    assert has_ended(shop, newer["refresh_token"], key)
    assert shop.say("introspect", newer["access_token"]) == {"active": False}
    until_refused(company, shop, newer["access_token"], key)


def test_a_used_refresh_token_ends_its_family(company, shop):
    """The thief's and the owner's are worth nothing after the second use, nor what they call with."""
    tokens, _ = signed_in(company, shop)
    newer = shop.say("refresh", tokens["refresh_token"], {})
    assert shop.say("refresh", tokens["refresh_token"], {})["error"] == "invalid_grant"
    assert has_ended(shop, newer["refresh_token"])
    until_refused(company, shop, newer["access_token"])


def test_another_client_gets_nothing(company, shop, stranger):
    """A code, a refresh token, a device code and a revocation are their client's alone."""
    came = back(company, shop)
    code = dict(parse_qsl(urlsplit(came).query))["code"]
    form = {"code": code, "redirect_uri": REDIRECT, "code_verifier": "v" * 43}
    assert stranger.say("grant", CODE, form)["error"] == "invalid_grant"
    tokens = shop.say("end", came, {})
    assert "access_token" in tokens, tokens
    assert stranger.say("refresh", tokens["refresh_token"], {})["error"] == "invalid_grant"
    assert stranger.say("introspect", tokens["access_token"]) == {"active": False}
    assert stranger.say("revoke", tokens["refresh_token"]) is None
    assert stranger.say("revoke", tokens["access_token"]) is None
    device = shop.say("device", {"scope": "items:read"})
    asked = {"device_code": device["device_code"]}
    assert stranger.say("grant", DEVICE, asked)["error"] == "invalid_grant"
    assert stranger.say("grant", DEVICE, {"device_code": "x" * 43})["error"] == "invalid_grant"
    assert shop.say("grant", DEVICE, asked)["error"] == "authorization_pending"
    assert "access_token" in shop.say("refresh", tokens["refresh_token"], {})
    assert calls(company, shop, tokens["access_token"]) == 200


@pytest.mark.parametrize("pushed", [False, True])
@pytest.mark.parametrize(
    "wanted",
    [
        {"code_challenge_method": "plain"},
        {"code_challenge_method": ""},
        {"code_challenge": ""},
        {"code_challenge": "short"},
        {"response_type": "token"},
        {"resource": "https://other.example.com"},
    ],
)
def test_no_request_without_its_protections(company, shop, wanted, pushed):
    """Challenges by `plain` or none, tokens in URLs, other audiences: told to the client, no code."""
    code = {"response_type": "unsupported_response_type", "resource": "invalid_target"}
    expected = code.get(next(iter(wanted)), "invalid_request")
    asked = {"redirect_uri": REDIRECT, "scope": WANTED, **wanted}
    begun = shop.say("begin", asked, pushed)
    if pushed:
        assert (begun["error"], begun["status"]) == (expected, 400)
        return
    came = company.browser.agree(begun["url"])
    assert shop.say("end", came, {})["error"] == expected


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"pkceCodeVerifier": "w" * 43}, "invalid_grant"),
        ({"pkceCodeVerifier": "w"}, "invalid_request"),
        ({"pkceCodeVerifier": None}, "invalid_request"),
    ],
)
def test_a_code_without_its_verifier_is_worth_nothing(company, shop, changed, error):
    """A wrong one, one of the wrong form and none at all; the right one still works after."""
    came = back(company, shop)
    assert shop.say("end", came, changed)["error"] == error
    assert "access_token" in shop.say("end", came, {})


def test_a_code_stays_with_its_key(company, shop):
    """A request that was pushed with a proof binds the code, and a token its holder (RFC 9449 10)."""
    came = back(company, shop, {}, True, "mine")
    for thief in ("", "theirs"):
        assert shop.say("end", came, {}, thief)["error"] == "invalid_grant"
    tokens = shop.say("end", came, {}, "mine")
    for thief in ("", "theirs"):
        assert calls(company, shop, tokens["access_token"], thief) == 401
        subject = tokens["claims"]["sub"]
        assert shop.say("userinfo", tokens["access_token"], subject, thief)["status"] == 401
    assert calls(company, shop, tokens["access_token"], "mine") == 200


def test_the_client_sees_a_mix_up(company, shop):
    """Without our `iss`, or with another's, the client refuses the answer itself (RFC 9207)."""
    came = back(company, shop)
    for changed in (came.partition("&iss=")[0], came.replace("localhost", "evil.example")):
        assert "access_token" not in shop.say("end", changed, {})
    assert "access_token" in shop.say("end", came, {})


def test_what_was_signed_for_one_is_no_good_to_another(company, shop):
    """An ID token opens no API, and an access token signs nobody out."""
    tokens, _ = signed_in(company, shop)
    assert calls(company, shop, tokens["id_token"]) == 401
    assert shop.say("introspect", tokens["id_token"]) == {"active": False}
    url = shop.say("leave", {"id_token_hint": tokens["access_token"]})
    assert company.browser.agree(url) == ""  # asked, and signed out by hand; no address to go on to
    assert "Sign out?" in "".join(company.browser.pages[-2:])


def test_an_assertion_is_for_us_alone(connect, tmp_path):
    """`private_key_jwt` of the client, by its key and for our audience; no other one."""
    key, other = (
        ECKey.generate_key("P-256", {"kid": "k1"}).as_dict(private=True) for _ in range(2)
    )
    public = {name: value for name, value in key.items() if name != "d"}
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": [{**public, "alg": "ES256"}]}))
    words = ("--role", "clerk", "--auth", "private_key_jwt", "--jwks", f"{tmp_path}/jwks.json")

    def said(key, audience=""):
        shown = {"method": "key", "key": json.dumps(key), "audience": audience, "kind": "service"}
        return connect(*words, **shown).say("itself", {"scope": "items:read"})

    assert said(key)["scope"] == "items:read"
    assert said(key, "https://other.example.com")["error"] == "invalid_client"
    assert said(other)["error"] == "invalid_client"


def test_the_profile_of_banks(company, connect, tmp_path):
    """FAPI 2.0: pushed requests, `private_key_jwt`, proofs with nonces, all at once, for one client."""
    key = ECKey.generate_key("P-256", {"kid": "k1"}).as_dict(private=True)
    public = {name: value for name, value in key.items() if name != "d"}
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": [{**public, "alg": "ES256"}]}))
    words = application(CODE, REFRESH, auth="private_key_jwt")
    words += ["--jwks", f"{tmp_path}/jwks.json", "--bound"]
    bank = connect(*words, method="key", key=json.dumps(key))
    tokens, _ = signed_in(company, bank, {}, True, "held")
    assert calls(company, bank, tokens["access_token"], "held") == 200
    assert bank.say("refresh", tokens["refresh_token"], {})["error"] == "invalid_request"
    newer = bank.say("refresh", tokens["refresh_token"], {}, "held")
    assert newer["token_type"] == "dpop"
    assert bank.say("introspect", newer["access_token"])["active"] is True
    assert bank.say("revoke", newer["refresh_token"]) is None
    until_refused(company, bank, newer["access_token"], "held")


def test_a_service_acts_for_itself_and_for_who_called_it(company, shop, connect):
    """Client credentials, exchange with `act`; no more than both may, and bound stays bound."""
    service = connect("--scope", "items:read", kind="service")
    own = service.say("itself", {})
    assert (own["scope"], "refresh_token" in own) == ("items:read", False)
    assert calls(company, service, own["access_token"]) == 200
    assert (
        service.say("itself", {"resource": "https://other.example.com"})["error"]
        == "invalid_target"
    )
    assert service.say("itself", {"scope": "items:write"})["error"] == "invalid_scope"
    tokens, _ = signed_in(company, shop, {}, True, "key")
    asked = {"subject_token": tokens["access_token"], "subject_token_type": ACCESS}
    assert service.say("grant", EXCHANGE, asked)["error"] == "invalid_request"
    wide = {**asked, "scope": "items:read items:write"}
    assert service.say("grant", EXCHANGE, wide, "own")["error"] == "invalid_scope"
    theirs = service.say("grant", EXCHANGE, asked, "own")
    assert (theirs["scope"], theirs["issued_token_type"]) == ("items:read", ACCESS)
    assert calls(company, service, theirs["access_token"], "own") == 200
    assert shop.say("revoke", tokens["refresh_token"]) is None
    until_refused(company, service, theirs["access_token"], "own")


@pytest.mark.parametrize("key", ["", "key"])
def test_a_challenge_is_understood_and_met(company, shop, key):
    """The gate's RFC 9470 challenge as the client reads it leads to a sign-in that satisfies both."""
    signed_in(company, shop)
    with opened(company.path) as server:
        older = update(sessions).values(auth_time=sessions.c.auth_time - 3600)
        server.store.write(lambda tx: tx.execute(older))
    stale, _ = signed_in(company, shop, {}, False, key)
    place = f"{company.origin}/fresh"
    refused = shop.say("call", stale["access_token"], place, key)
    asked = refused["challenge"]
    assert (refused["status"], asked["error"]) == (401, "insufficient_user_authentication")
    wanted = {name: asked[name] for name in ("acr_values", "max_age")}
    came = back(company, shop, wanted, bool(key), key)
    assert "Confirm that it is you" in "".join(company.browser.pages[-2:])
    tokens = shop.say("end", came, {"maxAge": int(asked["max_age"])}, key)
    assert tokens["claims"]["acr"] in asked["acr_values"].split()
    assert shop.say("call", tokens["access_token"], place, key) == {"status": 200}
    assert shop.say("call", stale["access_token"], place, key)["status"] == 401
    newer = shop.say("refresh", stale["refresh_token"], {}, key)
    assert shop.say("call", newer["access_token"], place, key)["status"] == 401
    unknown = back(company, shop, {"acr_values": "urn:unknown"})
    assert shop.say("end", unknown, {})["error"] == "unmet_authentication_requirements"


def test_who_signs_out_takes_leave_of_its_applications(company, shop):
    """RP-initiated logout: on to the registered address; only what acts meanwhile goes on."""
    tokens, _ = signed_in(company, shop)
    kept, _ = signed_in(company, shop, {"scope": f"{WANTED} offline_access"})
    hint = {"id_token_hint": tokens["id_token"], "state": "s"}
    url = shop.say("leave", {**hint, "post_logout_redirect_uri": SIGNED_OUT})
    assert company.browser.agree(url) == f"{SIGNED_OUT}?state=s"
    assert has_ended(shop, tokens["refresh_token"])
    until_refused(company, shop, tokens["access_token"])
    assert "access_token" in shop.say("refresh", kept["refresh_token"], {})
    came = back(company, shop, {"prompt": "none"})
    assert shop.say("end", came, {})["error"] == "login_required"
    tokens, _ = signed_in(company, shop)
    hint = {"id_token_hint": tokens["id_token"]}
    url = shop.say("leave", {**hint, "post_logout_redirect_uri": "https://evil.example/"})
    assert company.browser.agree(url) == ""


def test_a_program_without_a_secret(company, connect):
    """A public client signs people in and refreshes, gives back its token, and is told of none."""
    words = application(CODE, REFRESH, auth="none", redirect="http://127.0.0.1/back")
    phone = connect(*words, method="none")
    tokens, _ = signed_in(company, phone, {"redirect_uri": "http://127.0.0.1:49152/back"})
    newer = phone.say("refresh", tokens["refresh_token"], {})
    assert phone.say("introspect", newer["access_token"])["error"] == "invalid_client"
    assert phone.say("itself", {})["error"] == "unauthorized_client"
    assert phone.say("revoke", newer["refresh_token"]) is None
    assert phone.say("refresh", newer["refresh_token"], {})["error"] == "invalid_grant"
    until_refused(company, phone, newer["access_token"])
