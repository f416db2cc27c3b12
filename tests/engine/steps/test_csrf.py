"""Step 2: a cookie from another site does not authenticate an unsafe request."""

from __future__ import annotations

import msgspec
import pytest
from kit.engine import COOKIE, need, operation, program, request

from yett.contract.config import CorsConfig

APP = CorsConfig(origins=("https://app.test",), credentials=True)


def outcome(run, method="POST", cors=None, secure=False, **headers):
    bound = program(operation(method, security=need(COOKIE)), cors=cors)
    wanted = msgspec.structs.replace(
        request(method=method, cookie=b"sid=good", **headers), secure=secure
    )
    decision, _, _ = run(bound, wanted)
    return decision.problem.code if decision.problem else "allow"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, "allow"),
        ({"sec_fetch_site": b"same-origin"}, "allow"),
        ({"sec_fetch_site": b"none"}, "allow"),
        ({"sec_fetch_site": b"same-site"}, "cross-site-request"),
        ({"sec_fetch_site": b"cross-site"}, "cross-site-request"),
        ({"sec_fetch_site": b"nonsense"}, "cross-site-request"),
        ({"sec_fetch_site": b""}, "cross-site-request"),
        ({"origin": b"http://api.test"}, "allow"),
        ({"origin": b"https://api.test"}, "cross-site-request"),
        ({"origin": b"http://api.test.evil"}, "cross-site-request"),
        ({"origin": b"null"}, "cross-site-request"),
        ({"origin": b"http://api.test", "sec_fetch_site": b"cross-site"}, "cross-site-request"),
    ],
)
def test_fetch_metadata_then_origin(run, headers, expected):
    """The table of Go 1.25's CrossOriginProtection, with the scheme compared too."""
    assert outcome(run, **headers) == expected


@pytest.mark.parametrize("cookies", [b"sid=good; sid=tossed", b"sid =good", b"sid=good;Sid=x"])
def test_a_tossed_cookie_does_not_switch_it_off(run, cookies):
    """A second cookie that a neighbour domain set hides the first from nobody."""
    bound = program(operation("POST", security=((), *need(COOKIE))))
    wanted = request(method="POST", cookie=cookies, sec_fetch_site=b"cross-site")
    assert run(bound, wanted)[0].problem.code == "cross-site-request"


def test_safe_methods_pass(run):
    """Reading from a link on another site is not forgery."""
    assert outcome(run, "GET", sec_fetch_site=b"cross-site") == "allow"


def test_a_configured_origin_with_credentials_passes(run):
    """The team's own front end may send its cookie, a stranger may not."""
    site = {"sec_fetch_site": b"cross-site"}
    assert outcome(run, cors=APP, origin=b"https://app.test", **site) == "allow"
    stranger = outcome(run, cors=APP, origin=b"https://evil.test", **site)
    assert stranger == "cross-site-request"


def test_a_bearer_token_needs_no_origin(run):
    """Only cookies travel by themselves."""
    bound = program(operation("POST"))
    wanted = request(method="POST", authorization=b"Bearer good", sec_fetch_site=b"cross-site")
    assert run(bound, wanted)[0].problem is None


def test_cookies_that_are_no_credential_are_not_looked_at(run):
    """A preference in a cookie authenticates nobody: the answer is that a credential is missing."""
    bound = program(operation("POST", security=need(COOKIE)))
    wanted = request(method="POST", cookie=b"theme=dark", sec_fetch_site=b"cross-site")
    decision, _, _ = run(bound, wanted)
    assert decision.problem.code == "credential-missing"
