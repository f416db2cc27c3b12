"""A transmitter's keys: from a file or its metadata, kept through failures, fetched seldom."""

from __future__ import annotations

import json

import pytest
from kit.events import ISSUER, KEY, transmitter

from yett.state.errors import StateError
from yett.state.fetch import FetchError
from yett.state.transmitters import COOL_DOWN_SECONDS, FRESH_SECONDS, Transmitter

SET = json.dumps({"keys": [KEY.as_dict(private=False)]}).encode()
JWKS = ISSUER + "/keys"
METADATA = json.dumps({"issuer": ISSUER, "jwks_uri": JWKS}).encode()


class Web:
    """What is fetched, and the time."""

    def __init__(self, **pages):
        self.pages, self.asked, self.now = pages, [], 1000.0

    def fetch(self, url, _most):
        self.asked.append(url)
        if url not in self.pages:
            raise FetchError("away")
        return self.pages[url]

    def made(self, folder, **changes):
        config = transmitter(folder, **changes)
        return Transmitter(config, folder, fetch=self.fetch, clock=lambda: self.now)


def test_keys_of_a_file(tmp_path):
    """Read when they are needed, and read again."""
    web = Web()
    made = web.made(tmp_path)
    assert "idp-1" in made.keys("idp-1").keys
    (tmp_path / "idp.json").unlink()
    web.now += FRESH_SECONDS
    assert "idp-1" in made.keys("idp-1").keys
    assert web.asked == []


def test_keys_found_by_the_metadata(tmp_path):
    """At the place of SSF s7.2; and nowhere else."""
    web = Web(**{ISSUER + "/.well-known/ssf-configuration": METADATA, JWKS: SET})
    assert "idp-1" in web.made(tmp_path, jwks="").keys("idp-1").keys


@pytest.mark.parametrize(
    "metadata",
    [
        b"",
        b"[]",
        b"{}",
        json.dumps({"issuer": "https://evil", "jwks_uri": JWKS}).encode(),
        json.dumps({"issuer": ISSUER}).encode(),
        json.dumps({"issuer": ISSUER, "jwks_uri": "file:///etc/passwd"}).encode(),
        json.dumps({"issuer": ISSUER, "jwks_uri": "http://inner/keys"}).encode(),
        json.dumps({"issuer": ISSUER, "jwks_uri": "http://localhost/keys"}).encode(),
    ],
)
def test_metadata_that_cannot_be_trusted_gives_no_keys(tmp_path, metadata):
    """Without keys every event is refused."""
    there = {JWKS: SET, "http://localhost/keys": SET}
    web = Web(**{ISSUER + "/.well-known/ssf-configuration": metadata, **there})
    assert web.made(tmp_path, jwks="").keys("idp-1") is None


def test_unknown_keys_do_not_make_a_flood(tmp_path):
    """One fetch in a while, however many events name a key that is not there."""
    web = Web(**{JWKS: SET})
    made = web.made(tmp_path, jwks=JWKS)
    for number in range(50):
        made.keys(f"unknown-{number}")
    assert len(web.asked) == 1
    web.now += COOL_DOWN_SECONDS
    made.keys("unknown")
    assert len(web.asked) == 2


def test_a_failed_fetch_keeps_what_is_held(tmp_path):
    """An outage of the transmitter's web server ends nothing (PyJWT GHSA-fhv5)."""
    web = Web(**{JWKS: SET})
    made = web.made(tmp_path, jwks=JWKS)
    made.keys("idp-1")
    for page in (b"broken", None):
        web.pages = {} if page is None else {JWKS: page}
        web.now += FRESH_SECONDS
        assert "idp-1" in made.keys("idp-1").keys


@pytest.mark.parametrize("text", [None, "", "two words", "line\nline"])
def test_a_token_file_that_holds_none_is_said(tmp_path, text):
    """Its name is in the message, its content is not."""
    made = Web().made(tmp_path)
    if text is None:
        (tmp_path / "idp.token").unlink()
    else:
        (tmp_path / "idp.token").write_text(text)
    with pytest.raises(StateError) as error:
        made.bearer()
    assert "words" not in str(error.value)
