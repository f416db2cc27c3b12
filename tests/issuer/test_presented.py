"""The issuer's own resources judge a token as the gate does."""

from __future__ import annotations

import pytest
from kit.accounts import NOW
from kit.oauth import Party

from yett.issuer.errors import OAuthError
from yett.issuer.http import Ask
from yett.issuer.presented import demand_scope, read_presented, refused


def shown(server, **headers):
    ask = Ask(method="GET", path="/userinfo", now=NOW, headers=headers)
    return server.store.write(lambda tx: read_presented(server, tx, ask))


def test_a_good_token_is_read(server):
    """Whose it is and what it may do; the scheme is named in any case."""
    token = Party(server).exchange()["access_token"]
    assert shown(server, authorization=f"BEARER {token}")["client_id"] == "app"


@pytest.mark.parametrize("field", ["", "Bearer", "Basic YTpi", "Bearer x.y.z", "DPoP x"])
def test_anything_else_is_challenged(server, field):
    """401, with what would be good."""
    with pytest.raises(OAuthError) as error:
        shown(server, authorization=field, cookie="yett-session=x")
    assert error.value.status == 401
    assert "www-authenticate" in dict(error.value.headers)


def test_a_scope_is_demanded():
    """One of several is enough; the refusal names the first (RFC 6750 s3.1)."""
    demand_scope({"scope": "a b"}, "b", "c")
    with pytest.raises(OAuthError) as error:
        demand_scope({"scope": "ab"}, "b", "c")
    assert error.value.status == 403
    challenge = dict(error.value.headers)["www-authenticate"]
    assert challenge == 'Bearer error="insufficient_scope", scope="b"'


def test_nothing_shown_has_no_code():
    """Who sends no credential is told of the scheme alone (RFC 6750 s3.1)."""
    assert refused("Bearer", "", 401).headers == (("www-authenticate", "Bearer"),)
