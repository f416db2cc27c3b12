"""requests-oauthlib, Authlib and curl against a running gate with its issuer, refusals included."""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
import time

import httpx
import pytest
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey
from kit.company import REDIRECT, Company
from kit.web_browser import WebBrowser
from oauthlib.oauth2 import BackendApplicationClient, InvalidClientError, InvalidGrantError
from oauthlib.oauth2 import TokenExpiredError as Expired
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

SCOPES = ("--scope", "openid", "--scope", "items:read")
PAST = 1.0


@pytest.fixture(scope="module")
def company(tmp_path_factory, upstream):
    """A gate with its issuer, and ana, who has a passkey."""
    started = Company(tmp_path_factory.mktemp("company"), upstream[0])
    started.browser = WebBrowser(started.url, started.ca)
    started.browser.enrol(started.invite("ana"))
    yield started
    started.browser.close()
    started.stop()


def requests_session(company, *arguments, **settings):
    session = OAuth2Session(*arguments, **settings)
    session.verify = company.ca
    session.trust_env = False  # an authority in the environment would come before `verify`
    return session


def authlib_client(company, *arguments, **settings):
    settings["token_endpoint"] = f"{company.url}/token"
    return AsyncOAuth2Client(*arguments, verify=trusting(company), timeout=30, **settings)


def trusting(company):
    return ssl.create_default_context(cafile=company.ca)


def test_a_backend_application(company):
    """Its secret in Basic: a token, the API, an expiry that it sees, another token; not with another."""
    client, secret = company.service("--role", "clerk")
    backend = BackendApplicationClient(client, scope=["items:read"])
    session = requests_session(company, client=backend)
    where = f"{company.url}/token"
    token = session.fetch_token(where, client_id=client, client_secret=secret)
    assert (token["token_type"], token["scope"]) == ("Bearer", ["items:read"])
    assert 0 < token["expires_at"] - time.time() <= 600
    assert session.get(f"{company.origin}/items").status_code == 200
    session.token = {**token, "expires_at": PAST}
    with pytest.raises(Expired):
        session.get(f"{company.origin}/items")
    again = session.fetch_token(where, client_id=client, client_secret=secret)
    assert again["access_token"] != token["access_token"]
    assert session.get(f"{company.origin}/items").status_code == 200
    with pytest.raises(InvalidClientError):
        session.fetch_token(where, client_id=client, client_secret=secret[:-1] + "#")


def test_oauthlib_is_told_of_scopes_that_it_does_not_get(company, monkeypatch):
    """The answer names what was granted; oauthlib takes less than it asked for only when told to."""
    client, secret = company.service("--scope", "items:read")
    asked = BackendApplicationClient(client, scope=["items:read", "items:write"])
    session = requests_session(company, client=asked)
    where, shown = f"{company.url}/token", {"client_id": client, "client_secret": secret}
    with pytest.raises(Warning, match="Scope has changed") as caught:
        session.fetch_token(where, **shown)
    assert caught.value.new_scope == ["items:read"]
    monkeypatch.setenv("OAUTHLIB_RELAX_TOKEN_SCOPE", "1")
    assert session.fetch_token(where, **shown)["scope"] == ["items:read"]


def test_requests_oauthlib_signs_a_person_in(company):
    """Code with PKCE, API, refresh; the used refresh token and a wrong verifier are refused."""
    words = ("--redirect", REDIRECT, *SCOPES)
    client, secret = company.client(*words)
    basic = HTTPBasicAuth(client, secret)
    where = f"{company.url}/token"

    def begin():
        settings = {"redirect_uri": REDIRECT, "scope": ["openid", "items:read"], "pkce": "S256"}
        session = requests_session(company, client, **settings)
        url, _ = session.authorization_url(f"{company.url}/authorize")
        return session, company.browser.agree(url)

    session, came = begin()
    token = session.fetch_token(where, authorization_response=came, auth=basic)
    assert session.get(f"{company.origin}/items").status_code == 200
    newer = session.refresh_token(where, auth=basic)
    assert newer["refresh_token"] != token["refresh_token"]
    assert session.get(f"{company.origin}/items").status_code == 200
    with pytest.raises(InvalidGrantError):
        session.refresh_token(where, refresh_token=token["refresh_token"], auth=basic)
    with pytest.raises(InvalidGrantError):
        session.refresh_token(where, refresh_token=newer["refresh_token"], auth=basic)
    session, came = begin()
    session._code_verifier = "w" * 43  # what a thief of the code would try
    with pytest.raises(InvalidGrantError):
        session.fetch_token(where, authorization_response=came, auth=basic)


@pytest.mark.parametrize(("alg", "auto"), [("ES256", True), ("RS256", False), ("PS256", False)])
async def test_a_service_of_authlib_with_its_key(company, tmp_path, alg, auto):
    """Assertions as Authlib writes them (no `kid`, an hour) are taken once; renewals are by itself."""
    key = ECKey.generate_key("P-256") if alg == "ES256" else RSAKey.generate_key(2048)
    public = {**key.as_dict(private=False), "kid": key.thumbprint(), "alg": alg}
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": [public]}))
    words = ("--auth", "private_key_jwt", "--jwks", f"{tmp_path}/jwks.json", "--role", "clerk")
    client, _ = company.service(*words)
    method = PrivateKeyJWT(f"{company.url}/token", alg=alg)
    settings = {"token_endpoint_auth_method": method, "grant_type": "client_credentials"}
    sent = []
    async with authlib_client(company, client, key, **settings) as session:
        session.event_hooks["request"].append(lambda request: _keep(sent, request))
        token = await session.fetch_token()
        assert token["token_type"] == "Bearer"
        assert (await session.get(f"{company.origin}/items")).status_code == 200
        if auto:
            session.token = {**token, "expires_at": PAST}
            assert (await session.get(f"{company.origin}/items")).status_code == 200
            assert session.token["access_token"] != token["access_token"]
        url, body, headers = sent[0]
    async with httpx.AsyncClient(verify=trusting(company), timeout=30) as thief:
        replayed = await thief.post(url, content=body, headers=headers)
    assert (replayed.status_code, replayed.json()["error"]) == (401, "invalid_client")


async def _keep(sent, request):
    if request.url.path.endswith("/token"):
        kind = {"content-type": request.headers["content-type"]}
        sent.append((str(request.url), await request.aread(), kind))


@pytest.mark.parametrize("wrong", ["audience", "key", "algorithm"])
async def test_an_assertion_that_is_not_for_us(company, tmp_path, wrong):
    """Another server's token endpoint, another key, another algorithm than the registered one."""
    key, other = RSAKey.generate_key(2048), RSAKey.generate_key(2048)
    public = {**key.as_dict(private=False), "kid": "k1", "alg": "PS256"}
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": [public]}))
    words = ("--auth", "private_key_jwt", "--jwks", f"{tmp_path}/jwks.json", "--role", "clerk")
    client, _ = company.service(*words)
    audience = "https://other.example/token" if wrong == "audience" else f"{company.url}/token"
    method = PrivateKeyJWT(audience, alg="RS256" if wrong == "algorithm" else "PS256")
    shown = other if wrong == "key" else key
    async with authlib_client(company, client, shown, token_endpoint_auth_method=method) as session:
        with pytest.raises(OAuthError, match="invalid_client"):
            await session.fetch_token(grant_type="client_credentials")


def identity_of(company, token, client, known):
    """What the ID token says, as Authlib reads and checks it (OpenID Connect Core 3.1.3.7)."""
    decoded = jwt.decode(token["id_token"], KeySet.import_key_set(known), algorithms=["ES256"])
    told = CodeIDToken(
        decoded.claims,
        decoded.header,
        {"iss": {"value": company.url}, "aud": {"value": client}},
        {"nonce": "n-0S6_WzA2Mj", "client_id": client, "access_token": token["access_token"]},
    )
    told.validate()
    assert told["at_hash"]
    return told


async def test_authlib_signs_a_person_in(company):
    """Code with PKCE, a refresh by itself, introspection, revocation; a code is good once."""
    client, secret = company.client("--redirect", REDIRECT, *SCOPES)
    settings = {
        "redirect_uri": REDIRECT,
        "scope": "openid items:read",
        "code_challenge_method": "S256",
    }
    async with authlib_client(company, client, secret, **settings) as session:
        verifier = "v" * 48
        url, state = session.create_authorization_url(
            f"{company.url}/authorize", code_verifier=verifier, nonce="n-0S6_WzA2Mj"
        )
        came = company.browser.agree(url)
        more = {"authorization_response": came, "code_verifier": verifier, "state": state}
        token = await session.fetch_token(**more)
        known = (await session.get(f"{company.url}/jwks")).json()
        told = identity_of(company, token, client, known)
        assert told["sub"].startswith("u_")
        assert (await session.get(f"{company.origin}/items")).status_code == 200
        session.token = {**token, "expires_at": PAST}
        assert (await session.get(f"{company.origin}/items")).status_code == 200
        newer = session.token
        assert newer["refresh_token"] != token["refresh_token"]
        where = f"{company.url}/introspect"
        told = await session.introspect_token(where, token=newer["access_token"])
        assert told.json()["active"] is True
        gone = await session.revoke_token(
            f"{company.url}/revoke", token=newer["refresh_token"], token_type_hint="access_token"
        )
        assert (gone.status_code, gone.content) == (200, b"")
        told = await session.introspect_token(where, token=newer["access_token"])
        assert told.json() == {"active": False}
        with pytest.raises(OAuthError, match="invalid_grant"):
            await session.fetch_token(**more)


def curl(company, *words):
    """Run curl; answers the status, the fields and the body."""
    command = ["curl", "-sS", "-i", "--cacert", company.ca, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ)
    head, _, body = done.stdout.replace("\r\n", "\n").partition("\n\n")
    lines = head.split("\n")
    fields = dict(line.lower().split(": ", 1) for line in lines[1:])
    return int(lines[0].split(" ")[1]), fields, body


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
def test_curl_gets_what_the_rfcs_say(company):
    """Answers and refusals of the token endpoint: status, content type, challenge, never cached."""
    client, secret = company.service("--role", "clerk")
    where, grant = f"{company.url}/token", ("-d", "grant_type=client_credentials")
    status, fields, body = curl(company, "-u", f"{client}:{secret}", *grant, where)
    assert (status, fields["content-type"]) == (200, "application/json")
    assert (fields["cache-control"], json.loads(body)["token_type"]) == ("no-store", "Bearer")
    for words, expected, error in (
        (("-u", f"{client}:wrong", *grant), 401, "invalid_client"),
        ((*grant, "-d", f"client_id={client}"), 401, "invalid_client"),
        (("-u", f"{client}:{secret}", *grant, *grant), 400, "invalid_request"),
        (("-u", f"{client}:{secret}", "-d", "grant_type=password"), 400, "unsupported_grant_type"),
        (("-u", f"{client}:{secret}", "--json", "{}"), 400, "invalid_request"),
        (("-u", f"{client}:{secret}", *grant, "-d", "scope=items:write"), 400, "invalid_scope"),
    ):
        status, fields, body = curl(company, *words, where)
        assert (status, json.loads(body)["error"]) == (expected, error)
        assert (fields["content-type"], fields["cache-control"]) == ("application/json", "no-store")
        assert ("www-authenticate" in fields) == (expected == 401 and "-u" in words)
    assert curl(company, where)[0] == 405
    for place in (
        "/auth/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server/auth",
    ):
        status, fields, body = curl(company, company.origin + place)
        assert (status, json.loads(body)["issuer"]) == (200, company.url)
        assert fields["content-type"] == "application/json"
