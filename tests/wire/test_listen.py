"""Listening sockets: one port for all workers, clear refusals."""

from __future__ import annotations

import contextlib
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.wire.errors import SetupError
from yett.wire.listen import Address, bind, local_address, parse_address

GOOD = {
    "127.0.0.1:8080": Address("127.0.0.1", 8080),
    "[::1]:0": Address("::1", 0),
    "localhost:65535": Address("localhost", 65535),
    "0.0.0.0:443": Address("0.0.0.0", 443),
}
BAD = ["", ":", "8080", ":8080", "::1:80", "a:", "a:x", "a:-1", "a:65536", "[::1]", "a:٣", "a b:1"]


@pytest.mark.parametrize("text", GOOD)
def test_an_address_is_read_and_written_back(text):
    """`host:port` and `[v6]:port` are read, and printed as they were written."""
    assert parse_address(text, "gateway.listen") == GOOD[text]
    assert str(GOOD[text]) == text


@pytest.mark.parametrize("text", BAD)
def test_anything_else_names_the_setting_and_a_next_step(text):
    """A text that is no address is refused with the setting's name and a form that works."""
    with pytest.raises(SetupError) as caught:
        parse_address(text, "gateway.listen")
    assert caught.value.message == f"`gateway.listen`: `{text}` is not `host:port`"
    assert "127.0.0.1:8080" in caught.value.hint
    assert not caught.value.outside


@given(st.text(max_size=40))
def test_no_text_breaks_the_reader(text):
    """Any text is an address or a named refusal."""
    with contextlib.suppress(SetupError):
        assert 0 <= parse_address(text, "x").port <= 65535


def test_public_addresses_are_known():
    """Only loopback counts as private: everything else can be reached from outside."""
    public = {host: Address(host, 1).public for host in ("127.0.0.1", "::1", "localhost")}
    assert not any(public.values())
    assert all(Address(host, 1).public for host in ("0.0.0.0", "::", "10.1.2.3", "example.com"))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_all_workers_share_the_port_that_the_kernel_chose(host):
    """Port 0 is chosen once, and every socket listens on it."""
    bound = bind(Address(host, 0), count=3, setting="gateway.listen")
    try:
        assert len({local_address(one).port for one in bound}) == 1
        assert local_address(bound[0]).port
        for one in bound:
            assert one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
            assert one.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            assert not one.getblocking()
    finally:
        for one in bound:
            one.close()


def test_a_connection_waits_for_its_worker():
    """A bound socket takes connections before any worker accepts: a replacement loses none."""
    (one,) = bind(Address("127.0.0.1", 0), count=1, setting="x")
    with one, socket.create_connection(one.getsockname(), 2) as client:
        client.sendall(b"hello")
        accepted, _ = one.accept()
        with accepted:
            accepted.settimeout(2)
            assert accepted.recv(5) == b"hello"


def test_a_port_in_use_is_refused_even_by_our_own_kind():
    """SO_REUSEPORT does not let a second gateway join the port in silence."""
    (one,) = bind(Address("127.0.0.1", 0), count=1, setting="x")
    with one, pytest.raises(SetupError) as caught:
        bind(local_address(one), count=2, setting="gateway.listen")
    assert caught.value.outside
    assert caught.value.message.startswith("`gateway.listen`: cannot listen on `127.0.0.1:")
    assert caught.value.message.endswith(": the address is in use")
    assert caught.value.hint == (
        "stop the other process, or choose another address in `gateway.listen`"
    )


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("192.0.2.1", "the host is no address of this machine"),
        ("no-such-host.invalid", "the host `no-such-host.invalid` cannot be resolved"),
    ],
)
def test_a_host_that_is_not_here_is_named(host, reason):
    """An address of another machine and an unknown name are outside failures with a hint."""
    with pytest.raises(SetupError) as caught:
        bind(Address(host, 0), count=1, setting="gateway.listen")
    assert caught.value.message.endswith(reason)
    assert caught.value.outside
    assert caught.value.hint


def test_ipv6_does_not_take_ipv4():
    """`::` is IPv6 only, so that a client has one spelling of its address."""
    (one,) = bind(Address("::", 0), count=1, setting="x")
    with one:
        assert one.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY) == 1
