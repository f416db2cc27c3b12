"""A trusting party for the tokens of `kit.hostile`."""

from __future__ import annotations

import json

import pytest
from kit import hostile

from yett.credentials import JwtRules, load_keys, read_issued, verify_jwt
from yett.problems import Problem


@pytest.fixture(scope="session")
def rules():
    return JwtRules(issuer=hostile.ISSUER, audience=hostile.AUDIENCE, algorithms=hostile.ALGORITHMS)


@pytest.fixture(scope="session")
def keys():
    return load_keys(json.dumps(hostile.JWKS).encode(), hostile.ALGORITHMS)


@pytest.fixture(scope="session")
def verify(rules, keys):
    """Verify bytes as the memory view does: read, find the issuer, check."""

    def go(token, now=hostile.NOW, rules=rules, keys=keys):
        issued = read_issued(token, {rules.issuer: rules})
        return issued if isinstance(issued, Problem) else verify_jwt(*issued, keys, now)

    return go
