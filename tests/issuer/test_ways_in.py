"""From a client's request to its code by each other way in, and what is not enough for it."""

from __future__ import annotations

import pytest
from kit.accounts import NOW
from kit.factors import PASSWORD, code_of, enrolled, make_issuer
from kit.oauth import REDIRECT, Party
from kit.openid import CLIENT, SECRET, Provider
from kit.visiting import Visitor, allow, hidden_of, place_of, wish

from yett.contract.identity_settings import ProviderConfig
from yett.issuer import recovery
from yett.issuer.server import digest
from yett.state.accounts.codes import find_code
from yett.state.accounts.grants import find_grant
from yett.state.accounts.links import Link, add_link

MULTI = "urn:yett:multi-factor"
PASSKEY = "urn:yett:phishing-resistant"


@pytest.fixture
def outside():
    """A provider on loopback, on the clock of the tests."""
    provider = Provider()
    provider.claims.update(iat=int(NOW), exp=int(NOW) + 300, auth_time=int(NOW))
    yield provider
    provider.close()


@pytest.fixture
def server(tmp_path, outside):
    """An issuer with every way in."""
    (tmp_path / "corp.secret").write_text(SECRET)
    corp = ProviderConfig(
        name="corp",
        url=outside.url,
        client_id=CLIENT,
        secret="corp.secret",
        acr={"strong": MULTI},
    )
    made = make_issuer(tmp_path, provider=(corp,))
    yield made
    made.store.close()


@pytest.fixture
def ada(server):
    """Somebody with a password, an app and a link; and the app's secret."""
    Party(server)
    user, secret = enrolled(server, "ada@example.com")
    link = Link(issuer=server.providers["corp"].config.url, subject="1", user=user.id, created=NOW)
    server.store.write(lambda tx: add_link(tx, link))
    return user, secret


def asked(visitor, **more):
    """Let a client ask; returns the sign-in page and what it carries."""
    answer = visitor.get("/authorize", **wish(scope="openid", **more))
    url, query = place_of(answer)
    assert url.endswith("/sign-in")
    return visitor.get("/sign-in", **query), query


def granted(server, visitor, answer):
    """Agree, and return the grant of the code that the client gets."""
    url, query = place_of(allow(visitor, visitor.follow(answer)))
    assert url == REDIRECT
    with server.store.read() as tx:
        return find_grant(tx, find_code(tx, digest(query["code"])).grant)


def by_password(visitor, secret, query):
    page = visitor.get("/sign-in/password", **query)
    digits = code_of(secret, visitor.now)
    form = {"login": "ada@example.com", "password": PASSWORD, "code": digits}
    return visitor.post("/sign-in/password", **form, **hidden_of(page))


def by_provider(visitor, outside, query):
    location = dict(visitor.call("/sign-in/with/{name}", "corp", query).headers)["location"]
    came = outside.consent(location, "1")
    return visitor.call("/sign-in/with/{name}/back", "corp", came)


class Traveller(Visitor):
    """A browser that can also be sent to a provider."""

    def call(self, path, name, query):
        """Ask an endpoint that has the provider's name in its path."""
        return self._send("GET", path, query=query, arguments={"name": name})


def test_a_client_gets_its_code_by_a_password(server, ada):
    """The grant says what was shown: two factors, one of them known."""
    user, secret = ada
    visitor = Visitor(server)
    page, query = asked(visitor, acr_values=MULTI)
    assert b"Use a password and a code" in page.body
    grant = granted(server, visitor, by_password(visitor, secret, query))
    assert (grant.user, grant.acr, grant.amr) == (user.id, MULTI, ("pwd", "otp", "mfa"))
    assert grant.auth_time == NOW


def test_a_password_is_not_enough_for_a_passkey(server, ada):
    """Asked for what cannot be phished, the client is led to the sign-in page again."""
    visitor = Visitor(server)
    _, query = asked(visitor, acr_values=PASSKEY)
    answer = visitor.follow(by_password(visitor, ada[1], query))
    assert place_of(answer)[0].endswith("/sign-in")


def test_a_client_gets_its_code_by_a_provider(server, ada, outside):
    """The account is the linked one, the `acr` by our table, the time the provider's."""
    outside.claims.update(acr="strong", auth_time=int(NOW) - 100)
    visitor = Traveller(server)
    page, query = asked(visitor)
    assert b"Continue with corp" in page.body
    grant = granted(server, visitor, by_provider(visitor, outside, query))
    assert (grant.user, grant.acr, grant.amr) == (ada[0].id, MULTI, ("mfa",))
    assert grant.auth_time == NOW - 100


def test_an_old_sign_in_there_is_not_a_fresh_one_here(server, ada, outside):
    """A client that asks for the last minute does not get this morning."""
    outside.claims["auth_time"] = int(NOW) - 7200
    visitor = Traveller(server)
    _, query = asked(visitor, max_age="60")
    assert by_provider(visitor, outside, query).status == 403
    outside.claims["auth_time"] = int(NOW) - 5
    assert place_of(by_provider(visitor, outside, query))[0].endswith("/authorize")


def test_one_factor_there_is_not_two_here(server, ada, outside):
    """Asked for two factors, a provider that says nothing of them is not enough."""
    visitor = Traveller(server)
    _, query = asked(visitor, acr_values=MULTI)
    answer = visitor.follow(by_provider(visitor, outside, query))
    assert place_of(answer)[0].endswith("/sign-in")


def test_a_recovery_code_leads_to_a_passkey_not_to_the_client(server, ada):
    """What waits begins anew, with whatever the person then has."""
    user, _ = ada
    code = server.store.write(lambda tx: recovery.renew(tx, user.id, NOW, user.id))[0]
    visitor = Visitor(server)
    _, query = asked(visitor)
    page = visitor.get("/sign-in/recovery", **query)
    answer = visitor.post("/sign-in/recovery", login=user.login, code=code, **hidden_of(page))
    assert place_of(answer)[0].endswith("/account/passkeys/new")
    assert visitor.follow(answer).status == 200
