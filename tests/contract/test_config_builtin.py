"""Mistakes in `[identity.builtin]` are named with their line; a good table raises none."""

from __future__ import annotations

import pytest
from kit.settings import findings

API = """openapi: 3.1.0
info: {title: t, version: "1"}
paths: {/x: {get: {operationId: x, responses: {"200": {description: ok}}}}}
"""
API = '[api.a]\nopenapi = "o.yaml"\nupstream = "http://127.0.0.1:1"\n'
BUILTIN = API + '[identity.builtin]\nurl = "https://a.test/auth"\naudience = "https://a.test"\n'
PROVIDER = (
    BUILTIN + '[[identity.builtin.provider]]\nname = "work"\nurl = "https://login.test"\n'
    'client_id = "yett"\nsecret = "work.secret"\n'
)
TRANSMITTER = (
    BUILTIN + '[[identity.builtin.transmitter]]\nurl = "https://t.test"\naudience = "a"\n'
    'algorithms = ["ES256"]\nbearer = "t.secret"\n'
)
ROLES = "[vocabulary.scopes]\ns = ''\n[vocabulary.roles]\nclerk = ['s']\n"


@pytest.mark.parametrize("text", [BUILTIN, PROVIDER, TRANSMITTER], ids=["plain", "sso", "ssf"])
def test_a_good_table_is_taken(text):
    """Nothing is said about what is right."""
    assert findings(text) == ()


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (BUILTIN.replace("https://a.test/auth", "a.test"), 5, "is not an https URL"),
        (BUILTIN.replace("/auth", "/auth/"), 5, "ends in `/`"),
        (BUILTIN.replace("/auth", "/.well-known/x"), 5, "cannot be the issuer's"),
        (BUILTIN.replace("/auth", "/a?b=c"), 5, "cannot be the issuer's"),
        (BUILTIN.replace("/auth", "/a/../b"), 5, "cannot be the issuer's"),
        (BUILTIN.replace("//a.test/", "//192.0.2.1/"), 5, "no passkeys for the address"),
        (BUILTIN.replace("//a.test/", "//[2001:db8::1]/"), 5, "no passkeys for the address"),
        (BUILTIN.replace('"https://a.test"', '""'), 6, "`audience` is empty"),
        (BUILTIN + "listen = '80'", 7, "is not a place to listen"),
        (BUILTIN + "listen = '0.0.0.0:80'", 7, "reached past the gate"),
        (BUILTIN + "algorithm = 'HS256'", 7, "HS256"),
        (BUILTIN + "session_idle = 9\nsession_lifetime = 8", 7, "says nothing"),
        (BUILTIN + "access_lifetime = 60\nrefresh_lifetime = 60", 7, "outlives its grant"),
        (BUILTIN + "inactivity = {warn = 9, disable = 9}", 7, "nobody is warned"),
        (BUILTIN + "admin_role = 'boss'\n" + ROLES, 7, "no role `boss`"),
        (BUILTIN + "limits = ['many']", 7, "`many` is not a limit"),
        (BUILTIN + "limits = ['9/min per ip',\n'9/min per key']", 8, "must be `per ip`"),
        (BUILTIN + "limits = []", 7, "busy for everybody"),
        (PROVIDER + PROVIDER[len(BUILTIN) :], 12, "configured twice"),
        (PROVIDER.replace('"work"', '"Work!"'), 8, "not a provider's name"),
        (PROVIDER.replace('"yett"', '""'), 10, "`client_id` of a provider is empty"),
        (PROVIDER.replace("https://login.test", "http://login.test"), 9, "plain http"),
        (PROVIDER + "algorithms = ['none']", 12, "would not be signed"),
        (PROVIDER + "roles = ['clark']\n" + ROLES, 12, "no role `clark`"),
        (TRANSMITTER.replace('["ES256"]', "[]"), 10, "`algorithms` of an issuer is empty"),
        (TRANSMITTER.replace('"t.secret"', '""'), 11, "`bearer` of a transmitter is empty"),
    ],
)
def test_a_mistake_is_named_with_its_line(text, line, said):
    """What is wrong, and where."""
    found = [f for f in findings(text) if said in f.message]
    assert found, findings(text)
    assert found[0].line == line


def test_the_own_issuer_is_not_configured_as_an_outside_one():
    """Two tables for one `iss` would be two ways to judge one token."""
    other = (
        '[[identity.issuer]]\nurl = "https://a.test/auth"\naudience = "x"\nalgorithms = ["ES256"]\n'
    )
    assert "yett's own issuer" in str(findings(BUILTIN + other))
