"""The parts of the issuer, made of a configuration."""

import pytest
from kit.accounts import make_server

from yett.contract.config import ApiConfig, Config
from yett.issuer import Server
from yett.issuer.server import digest, fresh
from yett.state.errors import StateError


@pytest.mark.parametrize(
    ("url", "origin", "base", "rp_id", "secure"),
    [
        (
            "https://api.example.com/auth",
            "https://api.example.com",
            "/auth",
            "api.example.com",
            True,
        ),
        ("http://localhost:8090", "http://localhost:8090", "", "localhost", False),
        ("https://a.test:8443/x/y", "https://a.test:8443", "/x/y", "a.test", True),
    ],
)
def test_its_places_come_from_its_url(tmp_path, url, origin, base, rp_id, secure):
    """Origin, prefix and relying party are cut out of the issuer identifier once."""
    server = make_server(tmp_path, url=url)
    assert (server.origin, server.base, server.rp_id) == (origin, base, rp_id)
    assert server.secure is secure
    assert server.at("/token") == f"{origin}{base}/token"


def test_roles_carry_scopes(server):
    """The vocabulary says which; an unknown role carries none."""
    assert server.scopes_of(("clerk", "nobody")) == {"orders:read"}
    assert server.scopes_of(("manager",)) == {"orders:read", "orders:write"}


def test_without_the_table_there_is_no_server(tmp_path):
    """The refusal is named, and nothing is written."""
    config = Config(api={"a": ApiConfig(openapi="o", upstream="http://h")})
    with pytest.raises(StateError, match="is not configured"):
        Server(config, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_secrets_cannot_be_guessed():
    """256 bits, never the same; and the digest is what is kept."""
    made = {fresh() for _ in range(1000)}
    assert len(made) == 1000
    assert min(map(len, made)) >= 43
    assert digest("a") == "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
