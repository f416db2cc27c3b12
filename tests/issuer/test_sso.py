"""The way to an outside provider and back; most of it is shown in sign_in/test_provider.py."""

from __future__ import annotations

import pytest
from kit.accounts import make_server
from kit.openid import CLIENT, SECRET, Provider, query_of
from kit.visitor import Visitor, where
from sqlalchemy import select

from yett.contract.identity_settings import ProviderConfig
from yett.issuer import sso
from yett.issuer.errors import OAuthError
from yett.issuer.http import Answer
from yett.state.accounts.tables import tickets
from yett.state.accounts.tickets import Ticket, add_ticket
from yett.state.errors import StateError


@pytest.fixture
def outside():
    """A provider on loopback."""
    provider = Provider()
    yield provider
    provider.close()


@pytest.fixture
def issuer(tmp_path, outside):
    """An issuer that knows it."""
    (tmp_path / "corp.secret").write_text(SECRET)
    config = ProviderConfig(
        name="corp",
        url=outside.url,
        client_id=CLIENT,
        secret="corp.secret",
        acr={"silver": "urn:yett:multi-factor", "gold": "urn:yett:phishing-resistant"},
    )
    made = make_server(tmp_path, provider=(config,))
    yield made
    made.store.close()


def leave(issuer, **aim):
    """Set out; returns what is asked of the provider."""
    visitor = Visitor(issuer)
    answer = visitor.get(
        lambda server, ask: sso.depart(server, ask, server.providers["corp"], sso.Aim(**aim)), "/"
    )
    return visitor, where(answer)


def come_back(visitor, query):
    found = []

    def endpoint(server, ask):
        found.append(sso.arrive(server, ask, server.providers["corp"]))
        return Answer()

    visitor.get(endpoint, "/", query=query)
    return found[0]


def test_a_fresh_and_sure_sign_in_is_asked_for(issuer):
    """`max_age` goes along, and every value of the provider that would be enough."""
    _, location = leave(issuer, acr=("urn:yett:multi-factor",), max_age=300.0)
    asked = query_of(location)
    assert (asked["max_age"], asked["acr_values"]) == ("300", "silver gold")
    _, location = leave(issuer, acr=("urn:yett:phishing-resistant",))
    assert query_of(location)["acr_values"] == "gold"
    _, location = leave(issuer)
    assert not {"max_age", "acr_values", "prompt"} & query_of(location).keys()


def test_what_was_asked_for_comes_back(issuer, outside):
    """The ticket carries where to go on, for the browser that set out."""
    visitor, location = leave(issuer, data={"r": "waiting"})
    back = come_back(visitor, outside.consent(location))
    assert back.ticket.data["r"] == "waiting"
    assert back.outsider.subject == "248289761001"


def test_an_old_sign_in_there_does_not_do(issuer, outside):
    """A provider that ignores `max_age` is not believed."""
    visitor, location = leave(issuer, max_age=60.0)
    outside.claims["auth_time"] = 1_700_000_000
    with pytest.raises(OAuthError) as refused:
        come_back(visitor, outside.consent(location))
    assert refused.value.note == "`auth_time` is missing or too long ago"


def test_a_provider_that_is_away_is_said(issuer, outside):
    """Neither setting out nor coming back hangs or shows an address."""
    visitor, location = leave(issuer)
    came = outside.consent(location)
    outside.status = 500
    with pytest.raises(OAuthError) as refused:
        come_back(visitor, came)
    assert refused.value.status == 503
    assert outside.url not in refused.value.description


def test_a_missing_secret_is_a_fault_of_ours(issuer, outside):
    """It is told to the operator with its path, and nobody is signed in."""
    visitor, location = leave(issuer)
    (issuer.folder / "corp.secret").unlink()
    with pytest.raises(StateError, match=r"corp\.secret"):
        come_back(visitor, outside.consent(location))


def test_an_unknown_provider_is_not_found(issuer):
    """Only configured names lead anywhere."""
    with pytest.raises(OAuthError) as refused:
        sso.find_provider(issuer, "evil")
    assert refused.value.status == 404


def test_setting_out_fills_no_table(issuer, monkeypatch):
    """Anybody may set out as often as they like: the oldest are forgotten, invitations are not."""
    monkeypatch.setattr(sso, "MAX_UNDER_WAY", 3)
    invitation = Ticket(digest="i", purpose="enrol", expires=9e9)
    issuer.store.write(lambda tx: add_ticket(tx, invitation))
    for _ in range(5):
        leave(issuer)
    with issuer.store.read() as tx:
        kept = tx.scalars(select(tickets.c.purpose)).all()
    assert sorted(kept) == ["enrol", "sso", "sso", "sso"]
