from __future__ import annotations

import jwt
import pytest

from yett.cli.demo.people import AUDIENCE, CUSTOMER, ISSUER, Issuer, credentials

ADA = ("1", "customer", CUSTOMER)


@pytest.fixture(scope="module")
def issuer():
    return Issuer()


def verify(issuer, token, **changes):
    key = jwt.PyJWK(issuer.jwks()["keys"][0]).key
    return jwt.decode(
        token, key, ["ES256"], audience=changes.get("audience", AUDIENCE), issuer=ISSUER
    )


def test_an_honest_token_verifies_elsewhere(issuer):
    """Another library accepts the token with the published key (RFC 9068 s2)."""
    token = issuer.token(*ADA)
    assert verify(issuer, token)["scope"] == CUSTOMER
    assert jwt.get_unverified_header(token)["typ"] == "at+jwt"


@pytest.mark.parametrize("forge", ["forged", "unsigned", "confused"])
def test_forgeries_do_not_verify(issuer, forge):
    """What the demo calls a forgery is one: another library refuses it too."""
    with pytest.raises(jwt.InvalidTokenError):
        verify(issuer, getattr(issuer, forge)(*ADA))


def test_the_key_set_has_no_private_part(issuer):
    """Nothing secret goes into jwks.json."""
    assert "d" not in issuer.jwks()["keys"][0]


def test_the_cast_differs_where_it_matters(issuer):
    """Yesterday's token is expired, the borrowed one names another audience, keys are not mixed."""
    cast = credentials(issuer, accounting="yett_live_key_abcdefgh_" + "x" * 38, kiosk="k")
    token = {who: value.removeprefix("Bearer ") for who, (_, value) in cast.items()}
    with pytest.raises(jwt.ExpiredSignatureError):
        verify(issuer, token["yesterday's ada"])
    with pytest.raises(jwt.InvalidAudienceError):
        verify(issuer, token["another service's ada"])
    assert token["key guesser"] != token["accounting"]
    assert len(token["key guesser"]) == len(token["accounting"])
    assert cast["kiosk"] == ("cookie", "portal_session=k")
    assert "ada" not in cast
