"""The layout: the fields of every page, and what its policy lets through."""

from __future__ import annotations

import pytest

from yett.issuer.pages.assets import APPROVALS, SCRIPT, STYLE
from yett.issuer.pages.html import el
from yett.issuer.pages.layout import policy, show


def test_a_page_carries_its_fences(server):
    """No framing, sniffing, caching, foreign script, or referrer to elsewhere."""
    answer = show(server, "Sign <in>", el("p", "x"), headers=(("set-cookie", "a=b"),))
    fields = dict(answer.headers)
    assert fields["content-type"] == "text/html; charset=utf-8"
    assert fields["cache-control"] == "no-store"
    assert fields["x-content-type-options"] == "nosniff"
    assert fields["x-frame-options"] == "DENY"
    assert fields["referrer-policy"] == "same-origin"
    assert fields["cross-origin-opener-policy"] == "same-origin"
    assert fields["set-cookie"] == "a=b"
    assert b"<h1>Sign &lt;in&gt;</h1><p>x</p>" in answer.body
    assert answer.body.startswith(b'<!doctype html>\n<html lang="en">')


def test_the_policy_names_two_files_and_nothing_else(server):
    """No `'self'`, no inline script or style, no nonce that could be reused."""
    parts = dict(part.split(" ", 1) for part in policy(server).split("; "))
    assert parts == {
        "default-src": "'none'",
        "script-src": "https://api.example.com/auth/static/passkey.js",
        "style-src": "https://api.example.com/auth/static/style.css",
        "form-action": "https://api.example.com/auth/",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }


def test_a_page_asks_only_what_it_must(server):
    """A script of its own, and the addresses that it may ask; everything else stays closed."""
    answer = show(
        server, "t", module=APPROVALS, asks=("https://a.example/x", "https://a.example/x/")
    )
    rule = dict(answer.headers)["content-security-policy"]
    parts = dict(part.split(" ", 1) for part in rule.split("; "))
    assert parts["connect-src"] == "https://a.example/x https://a.example/x/"
    assert parts["script-src"] == "https://api.example.com/auth/static/approvals.js"
    assert APPROVALS.integrity.encode() in answer.body
    assert SCRIPT.integrity.encode() not in answer.body


@pytest.mark.parametrize(
    ("redirect", "source"),
    [
        ("https://app.example.com/cb?x=1; script-src *", "https://app.example.com"),
        ("http://127.0.0.1:8123/cb", "http://127.0.0.1:8123"),
        ("http://[::1]:8123/cb", "http://[::1]:8123"),
        ("com.example.app:/cb", "com.example.app:"),
    ],
)
def test_a_form_may_lead_to_the_client_that_waits(server, redirect, source):
    """Browsers hold the redirect after a form to `form-action`; only its origin is named."""
    parts = dict(part.split(" ", 1) for part in policy(server, (redirect,)).split("; "))
    assert parts["form-action"] == f"https://api.example.com/auth/ {source}"


def test_files_are_named_with_their_digest(server):
    """A page never runs another script than the one that it was written with."""
    page = show(server, "t", script=True).body.decode()
    assert f'integrity="{SCRIPT.integrity}"' in page
    assert f'integrity="{STYLE.integrity}"' in page
    assert SCRIPT.integrity not in show(server, "t").body.decode()
