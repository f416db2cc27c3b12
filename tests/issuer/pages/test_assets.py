"""The three files: exactly those, with their digests."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode

import pytest

from yett.issuer.errors import OAuthError
from yett.issuer.http import Ask
from yett.issuer.pages.assets import APPROVALS, SCRIPT, STYLE, static


def ask(name):
    return Ask(method="GET", path=f"/static/{name}", now=0.0, arguments={"name": name})


@pytest.mark.parametrize("file", [SCRIPT, APPROVALS, STYLE])
def test_a_file_is_what_its_digest_says(server, file):
    """Content, type and integrity belong together."""
    answer = static(server, ask(file.path.rpartition("/")[2]))
    assert answer.body == file.content
    digest = b64encode(hashlib.sha384(answer.body).digest()).decode()
    assert file.integrity == f"sha384-{digest}"
    assert dict(answer.headers)["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", ["", "..", "../layout.py", "passkey.js/", "PASSKEY.JS", "a.js"])
def test_there_are_no_other_files(server, name):
    """The name is looked up, never joined to a path (CWE-22)."""
    with pytest.raises(OAuthError) as refused:
        static(server, ask(name))
    assert refused.value.status == 404


def test_no_script_makes_markup():
    """No sink that takes HTML: what somebody wrote stays text."""
    for script in (SCRIPT, APPROVALS):
        text = script.content.decode()
        assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", text)
        assert not re.search(r"localStorage|sessionStorage|import\(|XMLHttpRequest", text)


def test_the_script_for_passkeys_asks_nobody():
    """No request, no storage."""
    script = SCRIPT.content.decode()
    assert not re.search(r"fetch\(|XMLHttpRequest|localStorage|sessionStorage|import\(", script)
