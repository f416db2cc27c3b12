"""Types, `acr` tables and introspection of outside issuers: mistakes with their lines."""

from __future__ import annotations

import pytest
from kit.settings import findings

from yett.contract.config_introspection import OTHER_TYPES

API = '[api.shop]\nopenapi = "o.json"\nupstream = "http://h"\n'
ISSUER = API + '[[identity.issuer]]\nurl = "https://i"\naudience = "a"\nalgorithms = ["ES256"]\n'
ASK = '[identity.issuer.introspection]\nclient_id = "gate"\nsecret = "gate.secret"\n'
SECOND = '[[identity.issuer]]\nurl = "https://j"\naudience = "a"\nalgorithms = ["ES256"]\n'


GOOD = """types = ["at+jwt", "JWT", "application/at+jwt"]
acr = {"2" = "urn:yett:multi-factor"}
[identity.issuer.introspection]
client_id = "gate"
secret = "gate.secret"
url = "https://i/introspect"
ttl = 5
always = true
"""


@pytest.mark.parametrize("more", ["", GOOD, ASK + SECOND + ASK + "opaque = false\nalways = true\n"])
def test_good_settings_are_taken(more):
    """Everything that the docs show."""
    assert not findings(ISSUER + more)


@pytest.mark.parametrize(
    ("more", "line", "words"),
    [
        ('acr = {"2" = ""}', 8, "not one value of `acr`"),
        ('acr = {"2" = "a b"}', 8, "not one value of `acr`"),
        ('acr = {"2" = " a"}', 8, "not one value of `acr`"),
        (ASK.replace('"gate"', '""'), 9, "`client_id` of `introspection` is empty"),
        (ASK.replace('"gate.secret"', '""'), 10, "`secret` of `introspection` is empty"),
        (ASK + 'url = "i/x"', 11, "not an https URL"),
        (ASK + 'url = "http://i/x"', 11, "over plain http"),
        (ASK + "any_audience = true", 11, "a token for another API is good here"),
        (ASK + "opaque = false", 8, "asks about nothing"),
        (ASK + SECOND + ASK, 15, "each would be shown the other's"),
        (ASK + "ttl = 301", 11, "300"),
        (ASK + "every = true", 11, "every"),
    ],
)
def test_a_mistake_has_a_line(more, line, words):
    """Each names its line and what is wrong."""
    found = findings(ISSUER + more)
    assert [one.line for one in found] == [line], found
    assert words in found[0].message


@pytest.mark.parametrize("name", sorted(OTHER_TYPES))
def test_no_type_of_something_else_is_taken_for_an_access_token(name):
    """A logout token or a browser's session of an issuer is no access token, whoever asks for it."""
    for spelled in (name, name.upper(), f"application/{name}"):
        [found] = findings(ISSUER + f'types = ["at+jwt", "{spelled}"]')
        assert "something else than an access token" in found.message
