"""Cookies: named and fenced so that nobody else can plant or read them."""

from __future__ import annotations

import pytest
from kit.accounts import make_server

from yett.issuer import cookies
from yett.issuer.http import Ask
from yett.issuer.server import digest


@pytest.fixture
def loopback(tmp_path):
    return make_server(tmp_path / "plain", url="http://localhost:8090")


def ask(**cookie):
    return Ask(method="GET", path="/", now=0.0, cookies=cookie)


@pytest.mark.parametrize("name", [cookies.SIGN_IN, cookies.API, cookies.BROWSER])
def test_over_https_a_cookie_is_of_this_host_alone(server, name):
    """`__Host-`, `Secure`, `HttpOnly`, `Path=/`, no `Domain`."""
    _, value = cookies.set_cookie(server, name, "v", same_site="Strict", max_age=9.9)
    assert value == (f"__Host-{name}=v; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=9")


def test_over_loopback_there_is_no_prefix(loopback):
    """Browsers refuse `__Host-` and `Secure` over plain http."""
    _, value = cookies.set_cookie(loopback, cookies.SIGN_IN, "v", same_site="Lax")
    assert value == "yett-sign-in=v; Path=/; HttpOnly; SameSite=Lax"
    found = cookies.read_cookie(loopback, ask(**{"yett-sign-in": "v"}), cookies.SIGN_IN)
    assert found == "v"


def test_a_bare_cookie_counts_for_nothing_over_https(server):
    """What a page over http, or a sibling host, may have planted is not looked at."""
    assert cookies.read_cookie(server, ask(**{"yett-sign-in": "v"}), cookies.SIGN_IN) == ""


def test_clearing_ends_it_at_once(server):
    """An empty value with `Max-Age=0` and the same attributes."""
    _, value = cookies.clear_cookie(server, cookies.API, same_site="Strict")
    assert value.startswith("__Host-yett-session=; Path=/")
    assert value.endswith("Max-Age=0")


def test_a_browser_is_known_by_a_secret_of_ours(server):
    """The first visit gets one, later ones keep it, and only its digest is used."""
    holder, headers = cookies.browser_of(server, ask())
    secret = headers[0][1].partition("=")[2].partition(";")[0]
    assert digest(secret) == holder
    again = ask(**{"__Host-yett-browser": secret})
    assert cookies.browser_of(server, again) == (holder, ())
    assert cookies.known_browser(server, again) == holder


@pytest.mark.parametrize("planted", ["", "x", "x" * 44, "x" * 43 + "="])
def test_what_is_no_secret_of_ours_is_replaced(server, planted):
    """A short or odd value gets a new one; it names no browser."""
    tried = ask(**{"__Host-yett-browser": planted})
    assert cookies.known_browser(server, tried) == ""
    assert cookies.browser_of(server, tried)[1]
