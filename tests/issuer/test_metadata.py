from __future__ import annotations

import pytest
from kit.accounts import ISSUER
from kit.visiting import ENDPOINTS, call, json_of

from yett.issuer.grants.token_exchange import TOKEN_EXCHANGE
from yett.issuer.metadata import ENDPOINTS as NAMED
from yett.issuer.metadata import ROUTES, describe_server
from yett.issuer.request import DEVICE_GRANT


@pytest.mark.parametrize("name", ["openid-configuration", "oauth-authorization-server"])
def test_served(server, name):
    """Both documents are the same, and public."""
    answer = call(server, "GET", f"/.well-known/{name}")
    assert json_of(answer) == describe_server(server)
    assert dict(answer.headers)["cache-control"].startswith("public")


def test_served_at_the_root():
    """Below the issuer's path, and at the host's root with the path behind (RFC 8414 s3.1)."""
    assert all(route.root and route.cross for route in ROUTES)


def test_names_itself(server):
    """The issuer is exactly the one that clients compare with (RFC 8414 s3.3)."""
    assert describe_server(server)["issuer"] == ISSUER


def test_endpoints_are_served(server):
    """Every endpoint that is named is there."""
    served = {path for _, path in ENDPOINTS}
    assert set(NAMED.values()) <= served
    for name, path in NAMED.items():
        assert describe_server(server)[name] == server.at(path)


def test_only_what_is_done(server):
    """One way of each thing, and none that is weaker."""
    said = describe_server(server)
    assert said["response_types_supported"] == ["code"]
    assert said["response_modes_supported"] == ["query"]
    assert said["code_challenge_methods_supported"] == ["S256"]
    assert said["grant_types_supported"] == [
        "authorization_code",
        "refresh_token",
        "client_credentials",
        DEVICE_GRANT,
        TOKEN_EXCHANGE,
    ]
    assert said["authorization_details_types_supported"] == ["urn:yett:operation"]
    assert said["authorization_response_iss_parameter_supported"] is True
    assert said["request_parameter_supported"] is False
    assert said["request_uri_parameter_supported"] is False
    assert "none" in said["token_endpoint_auth_methods_supported"]
    assert "none" not in said["introspection_endpoint_auth_methods_supported"]
    assert "orders:read" in said["scopes_supported"]
    assert "yett:introspect" not in said["scopes_supported"]


def test_no_weak_algorithms(server):
    """Neither `none` nor a shared secret signs anything here."""
    for name, value in describe_server(server).items():
        if name.endswith("alg_values_supported"):
            assert value
            assert not [one for one in value if one == "none" or one.startswith("HS")]
