from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.accounts import ISSUER
from kit.visiting import place_of

from yett.issuer.errors import OAuthError
from yett.issuer.redirects import allows, is_claimed, refuse_at
from yett.state.accounts.clients import Client

NATIVE = Client(
    id="cli",
    kind="public",
    auth="none",
    redirects=("http://127.0.0.1/cb", "http://[::1]:9/cb?x=1", "http://localhost/cb", "app:/cb"),
)


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1/cb",
        "http://127.0.0.1:1/cb",
        "http://127.0.0.1:65535/cb",
        "http://[::1]:8080/cb?x=1",
        "http://[::1]/cb?x=1",
        "http://localhost/cb",
        "app:/cb",
    ],
)
def test_loopback_ports_are_free(uri):
    """A native program listens where the system lets it (RFC 8252 s7.3)."""
    assert allows(NATIVE, uri)


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:0/cb",
        "http://127.0.0.1:65536/cb",
        "http://127.0.0.1:99999/cb",
        "http://127.0.0.1:080/cb",
        "http://127.0.0.1:80@attacker.example/cb",
        "http://127.0.0.1@attacker.example/cb",
        "http://127.0.0.1.attacker.example/cb",
        "http://127.0.0.1:/cb",
        "http://127.0.0.1:8080/cb/more",
        "http://127.0.0.1:8080/",
        "http://127.0.0.1:8080/cb?x=1",
        "http://127.0.0.1:8080\\@attacker.example/cb",
        "http://127.0.0.2:8080/cb",
        "http://127.1:8080/cb",
        "http://localhost:8080/cb",
        "https://127.0.0.1:8080/cb",
        "HTTP://127.0.0.1:8080/cb",
        "http://[::1]:8080/cb",
        "http://[::2]:8080/cb?x=1",
        "app:/cb2",
        "",
    ],
)
def test_nothing_but_the_port_is_free(uri):
    """Everything else is compared character by character; names are no addresses."""
    assert not allows(NATIVE, uri)


def test_free_ports_are_for_public_clients():
    """A client on a server has one address, with its port."""
    server_side = Client(
        id="web", kind="confidential", auth="private_key_jwt", redirects=NATIVE.redirects
    )
    assert allows(server_side, "http://127.0.0.1/cb")
    assert not allows(server_side, "http://127.0.0.1:8080/cb")


@given(st.text(max_size=60))
def test_what_follows_the_host_never_helps(more):
    """No continuation of a registered address is one, but for a port."""
    assert not allows(NATIVE, f"http://127.0.0.1/cb{more}") or not more
    uri = f"http://127.0.0.1{more}/cb"
    assert not allows(NATIVE, uri) or not more or more[1:].isdigit()


def test_claimed_addresses():
    """Only `https` belongs to somebody."""
    assert is_claimed("https://app.example.com/cb")
    assert not is_claimed("http://127.0.0.1/cb")
    assert not is_claimed("app:/cb")


def test_refusals_name_the_issuer(server):
    """A refusal says who refuses, and gives the state back (RFC 9207)."""
    answer = refuse_at(server, "https://a.example/cb?x=1", "s&t", OAuthError("access_denied", "no"))
    url, said = place_of(answer)
    assert url == "https://a.example/cb"
    assert said == {
        "x": "1",
        "error": "access_denied",
        "error_description": "no",
        "state": "s&t",
        "iss": ISSUER,
    }
