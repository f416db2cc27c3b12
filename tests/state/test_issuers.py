"""From `[[identity.issuer]]` to rules and keys."""

from __future__ import annotations

import asyncio
import json

import pytest
from kit import hostile

from yett.state.errors import StateError
from yett.state.issuers import Issuer, rules_of


def test_rules_carry_every_setting(configure):
    """Nothing of the configuration is lost on the way."""
    more = {
        "skew": 5.0,
        "types": ("at+jwt", "JWT"),
        "required": ("jti",),
        "scope_claim": "scp",
        "roles_claim": "groups",
        "tenant_claim": "tid",
        "client_claim": "azp",
    }
    config = configure(**more).identity.issuer[0]
    rules = rules_of(config)
    assert (rules.issuer, rules.audience, rules.algorithms) == (
        config.url,
        config.audience,
        config.algorithms,
    )
    assert {name: getattr(rules, name) for name in more} == more


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"algorithms": ("HS256",)}, "`HS256` is symmetric"),
        ({"algorithms": ("none",)}, "`none` is not an algorithm"),
        ({"algorithms": ()}, "`algorithms` is empty"),
        ({"audience": ""}, "an issuer needs"),
        ({"jwks": "http://keys.example.com/jwks"}, "must be https"),
        ({"jwks": "file:///etc/keys"}, "is not an http"),
        ({"jwks": "", "url": "login.example.com"}, "is not an http"),
        ({"jwks": "nowhere.json"}, "no such file"),
    ],
)
def test_half_secure_settings_refuse_to_start(changed, message, configure, folder):
    """Each missing or weak setting is a named error before anything listens."""
    with pytest.raises(StateError, match=message):
        Issuer(configure(**changed).identity.issuer[0], folder, lambda: None)


def test_a_file_of_keys_is_followed(configure, folder):
    """A key set in a file is read at once and again when it changes; broken ones are not taken."""
    retired = []
    issuer = Issuer(configure().identity.issuer[0], folder, lambda: retired.append(1))
    assert set(issuer.keys.keys.keys) == {"ec", "ec2", "p384", "rsa", "ed"}
    path = folder / "jwks.json"
    path.write_text("{}")
    issuer.file.poll()
    assert len(issuer.keys.keys.keys) == 5
    path.write_text(json.dumps({"keys": [hostile.ec_jwk(hostile.EC, "ec")]}))
    issuer.file.poll()
    assert set(issuer.keys.keys.keys) == {"ec"}
    assert retired == [1]


def test_a_look_reads_what_has_changed_and_nothing_else(configure, folder, monkeypatch):
    """Whoever sends unknown keys costs a look each time, never a reading."""
    issuer = Issuer(configure().identity.issuer[0], folder, lambda: None)
    assert not issuer.look()
    text = (folder / "jwks.json").read_text()
    (folder / "jwks.json").write_text(text + "\n")
    assert issuer.look()
    monkeypatch.setattr(type(folder), "read_bytes", None)
    assert not issuer.look()


def test_a_broken_file_at_load_names_the_file(configure, folder):
    """The message says which file and why."""
    (folder / "jwks.json").write_text('{"keys": []}')
    with pytest.raises(StateError, match=r"jwks\.json: no usable key: the set is empty"):
        Issuer(configure().identity.issuer[0], folder, lambda: None)


async def test_without_jwks_the_issuer_is_asked_where_they_are(configure, folder, origin):
    """Discovery over a real server, from the issuer's own metadata."""
    metadata = {"issuer": origin.url, "jwks_uri": origin.url + "/k"}
    origin.answers["/.well-known/oauth-authorization-server"] = (
        200,
        {},
        json.dumps(metadata).encode(),
    )
    origin.answers["/k"] = (200, {}, json.dumps(hostile.JWKS).encode())
    issuer = Issuer(configure(url=origin.url, jwks="").identity.issuer[0], folder, lambda: None)
    assert issuer.keys.keys is None
    assert await asyncio.wait_for(issuer.keys.fetch(), 10)
    assert "ec" in issuer.keys.keys.keys
