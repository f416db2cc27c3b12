"""Signing in at npm `oidc-provider`: a provider that is not ours, over HTTP, as a browser would."""

from __future__ import annotations

import re
import time
from urllib.parse import urljoin

import httpx
import pytest
from kit.accounts import make_server
from kit.node import Program
from kit.openid import query_of
from kit.visitor import Visitor, where

from yett.contract.identity_settings import ProviderConfig
from yett.issuer import sso
from yett.issuer.sign_in.provider import back, go
from yett.state.accounts.links import links_of
from yett.state.accounts.sessions import list_sessions
from yett.state.accounts.users import list_users

SECRET = "a-loopback-test-value-of-a-client-secret"
REDIRECT = "https://api.example.com/auth/sign-in/with/corp/back"


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    """oidc-provider on loopback."""
    environment = {"YETT_CLIENT_SECRET": SECRET, "YETT_REDIRECT": REDIRECT}
    folder = tmp_path_factory.mktemp("node")
    program = Program(folder / "op", "sign_in.mjs", environment=environment)
    yield program.read()["url"]
    program.stop()


@pytest.fixture
def server(tmp_path, outside):
    """An issuer that knows it, and makes accounts of its people."""
    (tmp_path / "secret").write_text(SECRET)
    corp = ProviderConfig(
        name="corp",
        url=outside,
        client_id="yett",
        secret="secret",
        algorithms=("ES256",),
        create=True,
        roles=("clerk",),
    )
    made = make_server(tmp_path, provider=(corp,))
    yield made
    made.store.close()


class Person:
    """Somebody with an account at the provider, and the cookies of it."""

    def __init__(self, name):
        self.name = name
        self.http = httpx.Client(follow_redirects=False, timeout=30)
        self.pages = []

    def agree(self, location):
        """Sign in there and agree; returns the query that leads back."""
        answer = self.http.get(location)
        while True:
            if answer.status_code in (302, 303):
                location = urljoin(location, answer.headers["location"])
                if location.startswith(REDIRECT):
                    return query_of(location)
                answer = self.http.get(location)
                continue
            assert answer.status_code == 200, answer.text
            prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)[1]
            action = re.search(r'action="([^"]+)"', answer.text)[1]
            self.pages.append(prompt)
            form = {"prompt": prompt, "login": self.name, "password": "any"}
            answer = self.http.post(urljoin(location, action), data=form)


def depart(visitor):
    return where(visitor.get(go, "/sign-in/with/corp", arguments={"name": "corp"}))


def arrive(visitor, query):
    return visitor.get(back, "/back", arguments={"name": "corp"}, query=query)


def test_somebody_signs_in_and_comes_again(server, outside):
    """The first time makes an account, linked by issuer and subject; the second finds it."""
    for _ in range(2):
        visitor = Visitor(server)
        answer = arrive(visitor, Person("ada").agree(depart(visitor)))
        assert where(answer) == "https://api.example.com/auth/account"
    with server.store.read() as tx:
        (user,) = list_users(tx)
        (link,) = links_of(tx, user.id)
        assert len(list_sessions(tx, user.id, time.time())) == 2
    assert (link.issuer, link.subject) == (outside, "ada")
    assert (user.login, user.roles) == ("corp:ada", ("clerk",))
    assert (user.email, user.name) == ("ada@example.com", "Person ada")


def test_a_code_is_redeemed_once_and_in_its_browser(server):
    """Neither another browser nor a second time gets anything of it."""
    visitor = Visitor(server)
    came = Person("ben").agree(depart(visitor))
    assert arrive(Visitor(server), came).status == 403
    assert arrive(visitor, came).status == 303
    assert arrive(visitor, came).status == 403


def test_the_code_of_another_sign_in_is_refused(server):
    """A stolen code that is put beside our own state fails: proof and nonce are not its own."""
    thief, victim = Visitor(server), Visitor(server)
    stolen = Person("ada").agree(depart(victim))
    own = Person("mallory").agree(depart(thief))
    assert arrive(thief, {**own, "code": stolen["code"]}).status == 503
    assert "__Host-yett-sign-in" not in thief.cookies


def test_a_fresh_sign_in_is_asked_for_and_given(server):
    """With `max_age=0` the person signs in again there, and the provider says when."""
    person, visitor = Person("cleo"), Visitor(server)
    arrive(visitor, person.agree(depart(visitor)))
    before = person.pages.count("login")
    aim = sso.Aim(data={"to": "passkey"}, max_age=0.0)
    again = visitor.get(lambda s, ask: sso.depart(s, ask, s.providers["corp"], aim), "/")
    assert where(arrive(visitor, person.agree(where(again)))).endswith("/account/passkeys/new")
    assert person.pages.count("login") == before + 1
    with server.store.read() as tx:
        (user,) = list_users(tx)
        (session,) = list_sessions(tx, user.id, time.time())
    assert abs(session.auth_time - time.time()) < 60


def test_whoever_says_no_is_not_signed_in(server):
    """An answer without a code is a refusal, said in our words."""
    visitor = Visitor(server)
    asked = query_of(depart(visitor))
    said = {"error": "access_denied", "state": asked["state"]}
    answer = arrive(visitor, {**said, "iss": server.providers["corp"].config.url})
    assert answer.status == 403
    assert b"was cancelled" in answer.body
