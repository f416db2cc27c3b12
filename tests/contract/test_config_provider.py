"""Mistakes in `[[identity.builtin.provider]]` are named with their line, dangers as well."""

from __future__ import annotations

import pytest
from contract.test_config_builtin import PROVIDER, ROLES
from kit.settings import findings

from yett.contract.config_provider import ACR
from yett.issuer.acr import ORDER


@pytest.mark.parametrize(
    "more",
    [
        "",
        'acr = {silver = "urn:yett:multi-factor"}\n',
        'create = true\nroles = ["clerk"]\n' + ROLES.replace("clerk", "admin = ['s']\nclerk"),
        "scopes = []\n",
    ],
)
def test_a_good_table_is_taken(more):
    """Nothing is said about what is right."""
    assert findings(PROVIDER + more) == ()


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (PROVIDER.replace('"work"', '"Wo/rk"'), 8, "not a provider's name"),
        (PROVIDER.replace('"work.secret"', '""'), 11, "`secret` of a provider is empty"),
        (PROVIDER.replace("https://login.test", "http://login.test"), 9, "over plain http"),
        (PROVIDER + 'algorithms = ["HS256"]\n', 12, "whoever can verify"),
        (PROVIDER + "algorithms = []\n", 12, "`algorithms`"),
        (PROVIDER + 'acr = {silver = "multi-factor"}\n', 12, "not one of yett's values"),
        (PROVIDER + 'scopes = ["a b"]\n', 12, "is not a scope"),
        (PROVIDER + 'roles = ["clerk"]\n', 12, "without `create = true`"),
        (PROVIDER + 'create = true\nroles = ["admin"]\n', 13, "becomes an administrator"),
        (PROVIDER + 'issuer = "x"\n', 12, "`issuer`"),
    ],
)
def test_a_mistake_is_named(text, line, said):
    """With its line, and what to write instead."""
    (found,) = findings(text)
    assert found.line == line
    assert said in found.message


def test_the_values_of_acr_are_the_issuers():
    """The contract does not import the issuer; the two lists are one all the same."""
    assert ACR == ORDER
