"""The vocabulary that `yett init --issuer` drafts from a description."""

from __future__ import annotations

import tomllib

import pytest

from yett.cli.scope_drafts import named_scopes, vocabulary_draft

FLOW = {"tokenUrl": "https://a.example/token", "scopes": {"b.c": "say c", "other": "unused"}}
DOCUMENT = {
    "security": [{"o": ["a:read"]}],
    "paths": {
        "/a": {"get": {"security": [{"o": ["b.c", 'no"scope', "é"]}, {}]}},
        "/b": {"parameters": []},
    },
    "components": {"securitySchemes": {"o": {"flows": {"clientCredentials": FLOW}}}},
}


def test_scopes_come_with_what_the_description_says():
    """Those that operations ask for, no others; without a meaning the name stands for it."""
    assert named_scopes(DOCUMENT) == {"a:read": "a:read", "b.c": "say c"}


def test_the_draft_is_toml_and_its_role_has_them_all():
    """Whatever a scope is called."""
    read = tomllib.loads(vocabulary_draft(named_scopes(DOCUMENT)))["vocabulary"]
    assert read == {
        "scopes": {"a:read": "a:read", "b.c": "say c"},
        "roles": {"admin": ["a:read", "b.c"]},
    }
    assert tomllib.loads(vocabulary_draft({}))["vocabulary"] == {"roles": {"admin": []}}


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"paths": [], "security": "x", "components": 1},
        {"paths": {"/a": 1, "/b": {"get": [], "post": {"security": [1, {"o": "x"}]}}}},
        {"components": {"securitySchemes": {"o": {"flows": {"f": {"scopes": []}}}, "p": 3}}},
    ],
)
def test_what_is_no_description_has_no_scopes(document):
    """It is read before anything is checked; the checks say what is wrong."""
    assert named_scopes(document) == {}
