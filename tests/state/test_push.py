"""Where events are pushed to, and where they are not, whatever a name resolves to."""

from __future__ import annotations

import socket

import pytest
from kit.receiver import Receiver

from yett.state import push as pushing
from yett.state.fetch import FetchError
from yett.state.push import check_receiver, push
from yett.terms import Secret


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()


def resolving(monkeypatch, *addresses):
    """Have every name resolve to these; answers where was connected to."""
    went = []

    def look(_host, port, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]

    def connect(address, _timeout):
        went.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(pushing.socket, "getaddrinfo", look)
    monkeypatch.setattr(pushing.socket, "create_connection", connect)
    return went


def test_an_event_arrives(receiver):
    """On loopback for an issuer that is there itself."""
    assert push(receiver.url + "?a=1", "a.b.c", Secret("Bearer x"), local=True) == 202
    ((path, fields, body),) = receiver.got
    assert (path, fields["authorization"], body) == ("/events?a=1", "Bearer x", b"a.b.c")


def test_a_redirect_is_an_answer_like_others(receiver):
    """It is told and not followed."""
    receiver.status = 307
    assert push(receiver.url, "a.b.c", None, local=True) == 307
    assert len(receiver.got) == 1


def test_loopback_is_refused_to_others(receiver):
    """An issuer in the world has no receivers on its own host."""
    with pytest.raises(FetchError, match="this host"):
        push(receiver.url, "a.b.c", None)
    assert receiver.got == []


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "fe80::1",
        "fd00::1",
        "::ffff:127.0.0.1",
        "2002:7f00:1::",
        "64:ff9b::7f00:1",
    ],
)
def test_a_name_that_leads_inside_is_refused(monkeypatch, address):
    """Also when another of its addresses is public (CWE-918)."""
    for addresses in ((address,), ("93.184.216.34", address)):
        went = resolving(monkeypatch, *addresses)
        with pytest.raises(FetchError, match="not public"):
            push("https://receiver.example.com/x", "a.b.c", None)
        assert went == []


def test_the_connection_goes_where_was_looked(monkeypatch):
    """The name is resolved once: a second answer (DNS rebinding) is never asked for."""
    went = resolving(monkeypatch, "93.184.216.34")
    with pytest.raises(FetchError, match="cannot be reached"):
        push("https://receiver.example.com:8443/x", "a.b.c", None)
    assert went == [("93.184.216.34", 8443)]


def test_a_name_that_does_not_resolve_is_said(monkeypatch):
    """An outage, to be tried again."""

    def fail(*_, **__):
        raise socket.gaierror

    monkeypatch.setattr(pushing.socket, "getaddrinfo", fail)
    with pytest.raises(FetchError, match="resolved"):
        push("https://receiver.example.com/", "a.b.c", None)


@pytest.mark.parametrize("url", ["http://example.com/", "ftp://example.com/", "https://10.0.0.1/"])
def test_what_is_not_pushed_to_is_said_before(url):
    """When the stream is made, not when the first event is lost."""
    with pytest.raises(FetchError):
        check_receiver(url, local=True)
