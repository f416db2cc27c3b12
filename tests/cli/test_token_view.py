"""What is said of a credential is what the gate would say."""

from __future__ import annotations

import json

import msgspec
from kit import hostile

from yett.cli.token_view import inspect, shown_lines
from yett.contract.config import Config
from yett.contract.identity_settings import IdentityConfig, IssuerConfig


def config(**issuer):
    fixed = {
        "url": hostile.ISSUER,
        "audience": hostile.AUDIENCE,
        "algorithms": hostile.ALGORITHMS,
        "jwks": "jwks.json",
    }
    made = IssuerConfig(**{**fixed, **issuer})
    return Config(api={}, identity=IdentityConfig(issuer=(made,)))


def look(folder, text, **issuer):
    (folder / "jwks.json").write_text(json.dumps(hostile.JWKS))
    return inspect(text, config(**issuer), folder, hostile.NOW)


def test_an_opaque_token_is_nobody_s_business(tmp_path):
    """Only its issuer can say; it is not sent anywhere."""
    found = look(tmp_path, b"q" * 40)
    assert (found["kind"], found["accepted"], found["verified"]) == ("opaque", False, False)


def test_another_audience_is_refused_with_the_gate_s_reason(tmp_path):
    """The same rules as at the gate."""
    found = look(tmp_path, hostile.GOOD, audience="https://other")
    assert "aud" in found["why"]
    assert not found["verified"]


def test_no_file_appears(tmp_path):
    """Looking is not writing."""
    look(tmp_path, hostile.GOOD)
    assert [one.name for one in tmp_path.iterdir()] == ["jwks.json"]


def test_lines_are_plain(tmp_path):
    """A claim of a stranger cannot write to the terminal."""
    found = look(tmp_path, hostile.GOOD)
    found["claims"]["name"] = "\x1b[2Jé\n"
    lines = "\n".join(shown_lines(found))
    assert "\x1b" not in lines
    assert "\\u001b[2J\\u00e9\\n" in lines


def test_a_bound_token_says_so(tmp_path):
    """Who inspects it sees that it is no bearer token."""
    found = look(tmp_path, hostile.GOOD)
    found["binding"] = "jkt:abc"
    assert "bound: jkt:abc; good only with proof of that key" in shown_lines(found)
    assert msgspec.json.encode(found)
