"""A token for one call, from the gate's challenge through the issuer and back, by a running gate."""

from __future__ import annotations

import json
import re
import time
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from kit.issuing import with_issuer
from kit.oauth import CHALLENGE, VERIFIER

from yett.issuer.server import digest
from yett.state.accounts import AccountStore
from yett.state.accounts.clients import Client, add_client
from yett.state.accounts.sessions import add_session
from yett.state.accounts.users import add_user

COOKIE = "c" * 43
REDIRECT = "https://app.example.com/callback"
STRONG = "urn:yett:phishing-resistant"
CLIENT = Client(
    id="app",
    kind="public",
    auth="none",
    grants=("authorization_code", "refresh_token"),
    redirects=(REDIRECT,),
    scopes=("items:write",),
)


@pytest.fixture
def shop(folder, serve):
    """A gate whose one operation wants a token for exactly this request; ana is signed in."""
    port, url = with_issuer(folder)
    answer = {"description": "fine", "content": {"text/plain": {}}}
    body = {"type": "object", "properties": {"amount": {"type": "integer"}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "shop", "version": "1"},
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "paths": {
            "/items": {
                "post": {
                    "operationId": "pay",
                    "security": [{"token": ["items:write"]}],
                    "requestBody": {"content": {"application/json": {"schema": body}}},
                    "x-yett": {"sensitive": {"acr": STRONG, "max_age": 300, "bind": "operation"}},
                    "responses": {"200": answer},
                }
            }
        },
    }
    folder.write("openapi.json", json.dumps(document))
    serve("--listen", f"127.0.0.1:{port}")
    now = time.time()

    def begin(tx):
        add_client(tx, CLIENT)
        user = add_user(tx, login="ana", roles=("admin",), now=now)
        add_session(
            tx,
            digest=digest(COOKIE),
            user=user.id,
            acr=STRONG,
            amr=("hwk", "user"),
            now=now,
            expires=now + 3600,
        )

    store = AccountStore("sqlite:///var/yett.db", folder.path)
    store.write(begin)
    store.close()
    with httpx.Client(base_url=f"http://localhost:{port}", timeout=20) as web:
        web.issuer = url
        yield web


def token_of(web, **wanted):
    """Push what is wanted, agree to it in ana's browser, and exchange the code."""
    form = {
        "client_id": "app",
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "scope": "items:write",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **wanted,
    }
    pushed = web.post("/auth/par", data=form)
    assert pushed.status_code == 201, pushed.text
    cookie = {"cookie": f"yett-sign-in={COOKIE}"}
    query = {"client_id": "app", "request_uri": pushed.json()["request_uri"]}
    answer = web.get("/auth/authorize", params=query, headers=cookie)
    page = web.get(answer.headers["location"], headers=cookie)
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.text)
    sent = {name: unescape(value) for name, value in found} | {"answer": "allow"}
    answer = web.post("/auth/consent", data=sent, headers=cookie)
    code = dict(parse_qsl(urlsplit(answer.headers["location"]).query))["code"]
    form = {
        "grant_type": "authorization_code",
        "client_id": "app",
        "code": code,
        "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
    }
    return page.text, web.post("/auth/token", data=form).json()


def pay(web, token, amount=7):
    headers = {"authorization": f"Bearer {token}"}
    return web.post("/items", json={"amount": amount}, headers=headers)


def test_from_the_challenge_to_the_one_call(shop):
    """Refused with the details, agreed to in words, paid once; not twice, and nothing else."""
    _, usual = token_of(shop)
    assert "refresh_token" in usual
    refused = pay(shop, usual["access_token"])
    assert refused.status_code == 401
    assert "insufficient_user_authentication" in refused.headers["www-authenticate"]
    details = refused.json()["authorization_details"]
    page, tokens = token_of(
        shop, authorization_details=json.dumps(details), acr_values=STRONG, max_age="300"
    )
    assert details[0]["operation"] in page
    assert tokens["authorization_details"] == details
    assert "refresh_token" not in tokens
    assert pay(shop, tokens["access_token"], amount=8).status_code == 401
    assert pay(shop, tokens["access_token"]).status_code == 200
    assert pay(shop, tokens["access_token"]).status_code == 401
