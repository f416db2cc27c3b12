"""A real origin, and a contract that trusts the tokens of `kit.hostile`."""

from __future__ import annotations

import json

import pytest
from kit import hostile
from kit.origin import Origin

from yett.contract.config import ApiConfig, Config, IdentityConfig, IssuerConfig, LimitsConfig


@pytest.fixture
def origin():
    """A local server, gone after the test."""
    server = Origin()
    yield server
    server.close()


@pytest.fixture
def configure():
    """Make a `Config` with one issuer."""

    def go(*, limits=None, keys="", **issuer):
        fixed = {
            "url": hostile.ISSUER,
            "audience": hostile.AUDIENCE,
            "algorithms": hostile.ALGORITHMS,
            "jwks": "jwks.json",
        }
        identity = IdentityConfig(issuer=(IssuerConfig(**{**fixed, **issuer}),), keys=keys)
        return Config(
            api={"a": ApiConfig(upstream="http://127.0.0.1:1")},
            identity=identity,
            limits=limits or LimitsConfig(),
        )

    return go


@pytest.fixture
def folder(tmp_path):
    """A contract folder with the key set of `kit.hostile`."""
    (tmp_path / "jwks.json").write_text(json.dumps(hostile.JWKS))
    return tmp_path
