from __future__ import annotations

import pytest

from yett.issuer.errors import OAuthError
from yett.issuer.scopes import ask_scopes, describe_scope, grant_scopes
from yett.state.accounts.clients import Client

CLIENT = Client(
    id="app",
    kind="public",
    auth="none",
    scopes=("openid", "orders:read", "gone", "yett:introspect"),
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("orders:read", ("orders:read",)),
        ("orders:read openid orders:read", ("orders:read", "openid")),
        ("orders:read admin", ("orders:read",)),
        ("", ("openid", "orders:read")),
    ],
)
def test_asked_for(server, text, found):
    """What is known and the client's own remains, once and in its order; nothing is all of it."""
    assert ask_scopes(server, CLIENT, text) == found


@pytest.mark.parametrize("text", ["admin", "gone", "yett:introspect", "orders:read " * 300, "a\tb"])
def test_nothing_remains(server, text):
    """A client that may have none of what it names is told so."""
    with pytest.raises(OAuthError) as refused:
        ask_scopes(server, CLIENT, text)
    assert refused.value.code == "invalid_scope"


def test_granted(server):
    """Scopes of the vocabulary come with roles; those about the person do not."""
    asked = ("openid", "orders:read", "orders:write")
    assert grant_scopes(server, asked, ("clerk",)) == ("openid", "orders:read")
    assert grant_scopes(server, asked, ()) == ("openid",)


def test_in_words(server):
    """People read what the vocabulary says of a scope."""
    assert describe_scope(server, "orders:read") == "read orders"
    assert describe_scope(server, "openid") == "know that it is you"
