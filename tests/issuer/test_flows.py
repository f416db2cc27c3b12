"""Whole flows over the face: what browsers and clients send, and what others send in their name."""

from __future__ import annotations

import re
import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from kit.accounts import ISSUER, make_server
from kit.oauth import CHALLENGE, REDIRECT, VERIFIER, Party, basic, claims_of
from kit.visiting import Visitor, allow, call, hidden_of, json_of, place_of, wish

from yett.issuer.errors import OAuthError
from yett.issuer.request import DEVICE_GRANT
from yett.issuer.routes import ROUTES
from yett.issuer.token import token
from yett.issuer.web import Face
from yett.state.accounts.grants import find_grant

FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def party(server):
    return Party(server, grants=("authorization_code", "refresh_token", DEVICE_GRANT))


@pytest.fixture
async def web(server):
    with ThreadPoolExecutor(2) as threads:
        face = Face(server, ROUTES, threads)
        transport = httpx.ASGITransport(face.app, client=("192.0.2.1", 1))
        async with httpx.AsyncClient(transport=transport, base_url=server.origin) as client:
            yield client


@pytest.fixture
def signed_in(server, party, web):
    """Cookies of somebody who is signed in, in the client."""
    visitor = Visitor(server, time.time())
    visitor.sign_in(party.user)
    header = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    web.headers["cookie"] = f"{header}; __Host-yett-browser={'b' * 43}"


def fields_of(page):
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.text)
    return {name: unescape(value) for name, value in found}


async def consent_page(web, **changed):
    answer = await web.get("/auth/authorize", params=wish(**changed))
    assert answer.status_code == 303, answer.text
    return await web.get(answer.headers["location"])


def said_by(answer):
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(REDIRECT + "?")
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


async def exchange(web, code, verifier=VERIFIER):
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT,
        "code_verifier": verifier,
    }
    return await web.post("/auth/token", data=form, headers=basic("app"))


async def test_code_with_pkce(web, signed_in, server):
    """Pushed, allowed, exchanged, asked about, refreshed, given back; the code again ends it all."""
    answer = await web.post("/auth/par", data=wish(), headers=basic("app"))
    assert answer.status_code == 201
    uri = answer.json()["request_uri"]
    answer = await web.get("/auth/authorize", params={"client_id": "app", "request_uri": uri})
    page = await web.get(answer.headers["location"])
    answer = await web.post("/auth/consent", data={**fields_of(page), "answer": "allow"})
    said = said_by(answer)
    assert (said["iss"], said["state"]) == (ISSUER, "st4te")
    assert (await exchange(web, said["code"], "x" * 43)).json()["error"] == "invalid_grant"
    tokens = (await exchange(web, said["code"])).json()
    told = await web.post(
        "/auth/introspect", data={"token": tokens["access_token"]}, headers=basic("app")
    )
    assert told.json()["active"] is True
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert (await web.post("/auth/token", data=form, headers=basic("app"))).status_code == 200
    assert (await exchange(web, said["code"])).json()["error"] == "invalid_grant"
    with server.store.read() as tx:
        assert find_grant(tx, claims_of(tokens["access_token"])["grant"]).ended


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "same-origin", "origin": "https://evil.example"},
    ],
)
@pytest.mark.parametrize("path", ["/consent", "/device", "/end_session/confirm"])
async def test_forms_of_other_sites(web, signed_in, headers, path):
    """No page of another site answers ours (CWE-352)."""
    page = await consent_page(web)
    form = {**fields_of(page), "answer": "allow", "user_code": "BBBB-BBBB"}
    answer = await web.post("/auth" + path, data=form, headers=headers)
    assert answer.status_code == 403
    assert "location" not in answer.headers


@pytest.mark.parametrize("name", ["client_id", "redirect_uri", "scope", "state", "response_type"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_repeated_parameters(web, signed_in, name, method):
    """A parameter that comes twice is refused, and goes nowhere (RFC 6749 s3.1)."""
    twice = urlencode([*wish().items(), (name, wish()[name])])
    if method == "GET":
        answer = await web.get("/auth/authorize?" + twice)
    else:
        answer = await web.post("/auth/authorize", content=twice, headers=FORM)
    assert answer.status_code == 400
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/par", "/device_authorization", "/revoke", "/introspect", "/token"]
)
async def test_clients_endpoints_repeat_nothing(web, party, path):
    """The endpoints of clients refuse repeated parameters, bad secrets, and other methods."""
    twice = "token=a&token=b&scope=orders:read&scope=admin"
    answer = await web.post("/auth" + path, content=twice, headers={**FORM, **basic("app")})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    form = {**wish(), "token": "x", "grant_type": "refresh_token"}
    answer = await web.post("/auth" + path, data=form, headers=basic("app", "wrong"))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer.headers["www-authenticate"].startswith("Basic")
    assert answer.headers["cache-control"] == "no-store"
    assert (await web.get("/auth" + path)).status_code == 405


async def test_a_request_in_the_body_and_the_query(web, signed_in):
    """A form is read from its body alone: the query adds nothing to it."""
    query = urlencode({"redirect_uri": "https://evil.example/"})
    answer = await web.post("/auth/authorize?" + query, data=wish(redirect_uri=...))
    assert answer.status_code == 400
    assert "location" not in answer.headers


@pytest.mark.parametrize("path", ["/authorize?client_id=x", "/device", "/end_session"])
async def test_pages_cannot_be_framed(web, party, path):
    """Every page, refusals as well, forbids frames and caches (CWE-1021)."""
    answer = await web.get("/auth" + path)
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "place",
    [
        "/auth/.well-known/openid-configuration",
        "/auth/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration/auth",
        "/.well-known/oauth-authorization-server/auth",
    ],
)
async def test_metadata_is_true(web, place):
    """At each place the same document; each endpoint that it names answers, and is no 404."""
    said = (await web.get(place)).json()
    assert said["issuer"] == ISSUER
    for name, url in said.items():
        if name.endswith(("_endpoint", "_uri")):
            assert (await web.get(url)).status_code != 404, name
    assert said["code_challenge_methods_supported"] == ["S256"]


async def test_mix_up(web, signed_in):
    """The answer names its issuer: a client that asked another one sees that it is not it."""
    for say in ("deny", "allow"):
        page = await consent_page(web)
        answer = await web.post("/auth/consent", data={**fields_of(page), "answer": say})
        assert said_by(answer)["iss"] == ISSUER
    answer = await web.get("/auth/authorize", params=wish(scope="admin"))
    assert said_by(answer)["iss"] == ISSUER


async def test_devices(web, signed_in, party):
    """A device asks, a person allows it, the device gets its tokens."""
    begun = await web.post(
        "/auth/device_authorization", data={"scope": "orders:read"}, headers=basic("app")
    )
    said = begun.json()
    page = await web.get(said["verification_uri_complete"])
    assert said["user_code"] in page.text
    answer = await web.post("/auth/device", data={"user_code": said["user_code"]})
    answer = await web.get(answer.headers["location"])
    page = await web.get(answer.headers["location"])
    done = await web.post("/auth/consent", data={**fields_of(page), "answer": "allow"})
    assert done.status_code == 200
    form = {"grant_type": DEVICE_GRANT, "device_code": said["device_code"]}
    tokens = await web.post("/auth/token", data=form, headers=basic("app"))
    assert claims_of(tokens.json()["access_token"])["sub"] == party.user.id


async def test_pkce_is_demanded_of_everybody(web, signed_in):
    """A confidential client cannot leave it out either (OAuth 2.1 s4.1.1)."""
    left_out = wish(code_challenge=..., code_challenge_method=...)
    answer = await web.get("/auth/authorize", params=left_out)
    assert said_by(answer)["error"] == "invalid_request"
    assert wish()["code_challenge"] == CHALLENGE


def test_on_postgresql(tmp_path, postgresql_url):
    """The same store of accounts for several hosts: races are decided there as well."""
    server = make_server(tmp_path, store=postgresql_url)
    name = f"app-{secrets.token_hex(8)}"
    party = Party(server, name=name, grants=("authorization_code", "refresh_token", DEVICE_GRANT))
    browser = Visitor(server)
    browser.sign_in(party.user)
    page = browser.follow(browser.get("/authorize", **wish(name)))
    found = at_once(lambda: browser.post("/consent", answer="allow", **hidden_of(page)))
    (good,) = [answer for answer in found if answer.status == 303]
    tokens = party.exchange(place_of(good)[1]["code"])
    headers, _ = party.shown()
    form = {"token": tokens["access_token"]}
    asked = {"headers": headers, "form": form}
    assert json_of(call(server, "POST", "/introspect", **asked))["active"] is True
    assert call(server, "POST", "/revoke", **asked).status == 200
    assert json_of(call(server, "POST", "/introspect", **asked)) == {"active": False}
    said = json_of(call(server, "POST", "/device_authorization", headers=headers))
    allow(browser, browser.follow(browser.post("/device", user_code=said["user_code"])))
    ask = party.ask(grant_type=DEVICE_GRANT, device_code=said["device_code"])
    assert sorted(at_once(lambda: poll(server, ask))) == ["slow_down"] * 5 + ["tokens"]
    server.store.close()


def poll(server, ask):
    try:
        return "tokens" if token(server, ask).status == 200 else "?"
    except OAuthError as refused:
        return refused.code


def at_once(work, count=6):
    found = []
    threads = [threading.Thread(target=lambda: found.append(work())) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == count
    return found
