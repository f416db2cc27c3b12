"""Services act for themselves: their own roles and scopes, and somebody answers for them."""

from __future__ import annotations

import pytest
from kit.accounts import NOW
from kit.oauth import Party, claims_of, error_of

from yett.state.accounts.grants import list_grants
from yett.state.accounts.users import change_user, find_user

ITSELF = {"grant_type": "client_credentials"}


@pytest.fixture
def service(server):
    party = Party(server, name="billing", kind="service", scopes=("admin",), tenant="t1")
    party.change(owner=party.user.id, roles=("clerk",))
    return party


def test_it_carries_its_own_roles_and_scopes(service):
    """Subject and client are the service; scopes are its own and those of its roles."""
    answer = service.send(**ITSELF)
    claims = claims_of(answer["access_token"])
    assert (claims["sub"], claims["client_id"]) == ("billing", "billing")
    assert (claims["roles"], claims["tenant"]) == (["clerk"], "t1")
    assert sorted(answer["scope"].split()) == ["admin", "orders:read"]
    assert {"grant", "sid", "acr", "auth_time"}.isdisjoint(claims)


def test_it_never_gets_a_refresh_token(service):
    """The credential is at hand, and no family is kept (RFC 6749 4.4.3)."""
    answer = service.send(**ITSELF)
    assert {"refresh_token", "id_token"}.isdisjoint(answer)
    with service.server.store.read() as tx:
        assert list_grants(tx, NOW, client="billing") == []


def test_it_may_ask_for_less_and_not_for_more(service):
    """A part is given; what it does not have is left out; nothing at all is refused."""
    assert service.send(**ITSELF, scope="orders:read")["scope"] == "orders:read"
    assert service.send(**ITSELF, scope="orders:read orders:write")["scope"] == "orders:read"
    for scope in ("orders:write", "openid", "offline_access", "unknown"):
        assert error_of(service.send, **ITSELF, scope=scope) == "invalid_scope"


def test_it_stops_with_its_owner(service):
    """A service whose owner is disabled, or never was, gets nothing until it has another."""
    user = service.user
    service.server.store.write(
        lambda tx: change_user(tx, find_user(tx, user.id), status="disabled", now=NOW)
    )
    assert error_of(service.send, **ITSELF) == "unauthorized_client"
    service.change(owner="")
    assert error_of(service.send, **ITSELF) == "unauthorized_client"


def test_an_owner_need_not_have_come_yet(service):
    """Who is invited answers for a service already: the first one is made before the first passkey."""
    user = service.user
    service.server.store.write(
        lambda tx: change_user(tx, find_user(tx, user.id), status="invited", now=NOW)
    )
    assert service.send(**ITSELF)["access_token"]


def test_a_public_client_cannot_act_for_itself(server):
    """Anybody can be a public client, so it is nobody (RFC 6749 4.4)."""
    party = Party(server, "none", name="spa")
    assert error_of(party.send, **ITSELF) == "unauthorized_client"


def test_an_application_may_where_it_is_registered_for_it(server):
    """A confidential client without an owner acts for itself with its scopes."""
    answer = Party(server, name="web").send(**ITSELF)
    assert answer["scope"] == "orders:read orders:write", "and nothing about a person"
