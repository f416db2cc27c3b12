"""The key set over HTTP: what the file says, with the time for which caches may keep it."""

from __future__ import annotations

import json

from kit.accounts import NOW

from yett.contract.builtin import BUILTIN_KEYS_FILE
from yett.issuer import keys
from yett.issuer.http import Ask
from yett.issuer.jwks import jwks


def test_it_is_the_published_set(server):
    """The same keys as in the file, cacheable for less time than a key waits."""
    keys.tick(server, NOW)
    answer = jwks(server, Ask(method="GET", path="/jwks", now=NOW))
    headers = dict(answer.headers)
    assert answer.status == 200
    assert headers["content-type"] == "application/jwk-set+json"
    assert headers["cache-control"] == "public, max-age=600"
    assert json.loads(answer.body) == json.loads((server.folder / BUILTIN_KEYS_FILE).read_bytes())
    assert keys.JWKS_MAX_AGE_SECONDS * 2 < keys.PUBLISHED_SECONDS
