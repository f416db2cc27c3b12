"""Linked accounts: the way there begins freshly signed in; the last way in stays."""

from __future__ import annotations

import pytest
from kit.accounts import NOW, make_server
from kit.openid import CLIENT, SECRET, Provider, query_of
from kit.visiting import Visitor, place_of

from yett.contract.identity_settings import ProviderConfig
from yett.issuer.account.links import PATH
from yett.issuer.recovery import renew
from yett.state.accounts.links import Link, add_link, links_of
from yett.state.accounts.notices import untold
from yett.state.accounts.users import add_user


@pytest.fixture
def outside():
    """A provider on loopback."""
    provider = Provider()
    yield provider
    provider.close()


@pytest.fixture
def server(tmp_path, outside):
    """An issuer that knows it."""
    (tmp_path / "corp.secret").write_text(SECRET)
    corp = ProviderConfig(name="corp", url=outside.url, client_id=CLIENT, secret="corp.secret")
    made = make_server(tmp_path, provider=(corp,))
    yield made
    made.store.close()


@pytest.fixture
def ada(server):
    """Somebody who may sign in."""
    return server.store.write(lambda tx: add_user(tx, login="ada", now=NOW))


def link(server, user, outside, subject="42"):
    made = Link(issuer=outside.url, subject=subject, user=user.id, created=NOW)
    server.store.write(lambda tx: add_link(tx, made))
    return {"issuer": outside.url, "subject": subject}


def links(server, user):
    with server.store.read() as tx:
        return [one.subject for one in links_of(tx, user.id)]


def test_the_way_to_a_provider_is_a_link(server, ada):
    """No form leads to another site; the account and the session go along, sealed in our store."""
    visitor = Visitor(server)
    visitor.sign_in(ada)
    assert b"Link corp" in visitor.get(PATH).body
    page = visitor.post(PATH, name="corp")
    href = page.body.partition(b'<a href="')[2].partition(b'"')[0].decode().replace("&amp;", "&")
    asked = query_of(href)
    assert asked["redirect_uri"].endswith("/sign-in/with/corp/back")
    assert ada.id not in href


def test_an_unknown_provider_is_not_found(server, ada):
    """Only configured ones are linked."""
    visitor = Visitor(server)
    visitor.sign_in(ada)
    assert visitor.post(PATH, name="evil").status == 404


def test_a_link_is_taken_away(server, ada, outside):
    """Where another way in is left, and it is put down."""
    named = link(server, ada, outside)
    server.store.write(lambda tx: renew(tx, ada.id, NOW, ada.id))
    visitor = Visitor(server)
    visitor.sign_in(ada)
    assert b"<strong>corp</strong>" in visitor.get(PATH).body
    assert visitor.post(f"{PATH}/remove", **named).status == 303
    assert links(server, ada) == []
    with server.store.read() as tx:
        assert "account-unlinked" in [event.kind for _, event in untold(tx)]


def test_the_last_way_in_stays(server, ada, outside):
    """Nobody locks themselves out."""
    named = link(server, ada, outside)
    visitor = Visitor(server)
    visitor.sign_in(ada, "urn:yett:single-factor", ())
    assert visitor.post(f"{PATH}/remove", **named).status == 409
    assert links(server, ada) == ["42"]


def test_another_persons_link_is_not_taken_away(server, ada, outside):
    """A link is named together with who is signed in."""
    bob = server.store.write(lambda tx: add_user(tx, login="bob", now=NOW))
    named = link(server, bob, outside)
    visitor = Visitor(server)
    visitor.sign_in(ada)
    visitor.post(f"{PATH}/remove", **named)
    assert links(server, bob) == ["42"]


def test_an_old_sign_in_changes_nothing(server, ada, outside):
    """Each of the pages leads to the sign-in page."""
    named = link(server, ada, outside)
    visitor = Visitor(server)
    visitor.sign_in(ada)
    visitor.now += 600
    for answer in (
        visitor.get(PATH),
        visitor.post(PATH, name="corp"),
        visitor.post(f"{PATH}/remove", **named),
    ):
        assert place_of(answer)[0] == "https://api.example.com/auth/sign-in"
    assert links(server, ada) == ["42"]
