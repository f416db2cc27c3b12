"""Finding an issuer's keys by its metadata."""

from __future__ import annotations

import json

import pytest

from yett.state.discovery import find_jwks, well_known
from yett.state.fetch import FetchError

ISSUER = "https://login.example.com/tenant"


def fetching(documents):
    def fetch(url, _):
        if url not in documents:
            raise FetchError(f"`{url}` answered 404")
        return json.dumps(documents[url]).encode()

    return fetch


def test_both_well_known_places_follow_their_rfc():
    """OpenID appends to the path, RFC 8414 inserts before it."""
    assert well_known(ISSUER) == (
        "https://login.example.com/tenant/.well-known/openid-configuration",
        "https://login.example.com/.well-known/oauth-authorization-server/tenant",
    )
    assert well_known("https://a.example/")[0] == (
        "https://a.example/.well-known/openid-configuration"
    )


@pytest.mark.parametrize("place", [0, 1])
def test_either_place_will_do(place):
    """The second is asked when the first has nothing."""
    documents = {well_known(ISSUER)[place]: {"issuer": ISSUER, "jwks_uri": "https://k.example/j"}}
    assert find_jwks(ISSUER, fetching(documents)) == "https://k.example/j"


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"issuer": ISSUER + "/", "jwks_uri": "https://k/j"}, "names another issuer"),
        ({"jwks_uri": "https://k/j"}, "names another issuer"),
        ({"issuer": ISSUER}, "has no `jwks_uri`"),
        ({"issuer": ISSUER, "jwks_uri": 5}, "has no `jwks_uri`"),
        ({"issuer": ISSUER, "jwks_uri": "http://127.0.0.1/j"}, "leads away from https"),
        ({"issuer": ISSUER, "jwks_uri": "file:///etc/passwd"}, "is not an http"),
        ([], "is not a JSON object"),
    ],
)
def test_metadata_that_cannot_be_trusted_is_refused(metadata, message):
    """Another issuer's name, no address, or one that is not to be fetched."""
    documents = dict.fromkeys(well_known(ISSUER), metadata)
    with pytest.raises(FetchError, match=message):
        find_jwks(ISSUER, fetching(documents))


def test_a_failure_names_both_places():
    """The operator sees what was tried."""
    with pytest.raises(FetchError, match=r"openid-configuration.*oauth-authorization-server"):
        find_jwks(ISSUER, fetching({}))
