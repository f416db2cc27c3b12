"""Clients as they are given and shown: bounded files, no digests, no control characters."""

from __future__ import annotations

import json

import pytest

from yett.cli.client_forms import MAX_JWKS_BYTES, hand_over, read_jwks, show_all, shown
from yett.state.accounts.clients import Client, ClientSecret

CLIENT = Client(
    id="c_1",
    kind="confidential",
    name="Shop",
    auth="client_secret_basic",
    owner="u_1",
    secrets=(ClientSecret(digest="not-to-be-shown", created=1.0, expires=2.0),),
)


def test_a_key_file_is_read_within_bounds(tmp_path):
    """An object; anything else, or too much of it, ends with 2."""
    path = tmp_path / "keys.json"
    path.write_text('{"keys": []}')
    assert read_jwks(path) == {"keys": []}
    assert read_jwks(None) == {}
    for text in ("[]", "{", '"x"', '{"keys": "' + "x" * MAX_JWKS_BYTES + '"}'):
        path.write_text(text)
        with pytest.raises(SystemExit) as caught:
            read_jwks(path)
        assert caught.value.code == 2


def test_digests_are_not_shown(capsys):
    """Neither as JSON nor as text."""
    assert "not-to-be-shown" not in json.dumps(shown(CLIENT))
    for form in ("json", "text"):
        show_all([CLIENT], {}, form)
    assert "not-to-be-shown" not in capsys.readouterr().out


def test_what_others_wrote_cannot_write_to_the_terminal(capsys):
    """A row with control characters, however it came there, is shown with marks (CWE-150)."""
    evil = Client(id="c_2", kind="public", name="a\x1b]0;x\x07", auth="none")
    show_all([evil], {}, "text")
    hand_over(evil, "", "text")
    said = capsys.readouterr()
    assert "\x1b" not in said.out + said.err


def test_an_empty_list_says_so_aside(capsys):
    """Standard output stays empty for programs."""
    show_all([], {}, "text")
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "there are none\n")
