"""Hosts, ports, upstreams and origins as text: one spelling each, or refused.

An address that two programs could read differently (`127.1`, upper case) would let a check and a
connection disagree. RFC 3986 s3.2.2, RFC 6454 s7.
"""

from __future__ import annotations

import ipaddress
import re

# A registered name in lower case, an IPv4 address, or an IPv6 one in brackets.
_HOST = r"(?:[a-z0-9](?:[a-z0-9._-]{0,252}[a-z0-9])?|\[[0-9a-f:.]+\])"
_ORIGIN = re.compile(rf"(https?)://({_HOST})(?::([0-9]{{1,5}}))?\Z")
_LISTEN = re.compile(rf"({_HOST}):([0-9]{{1,5}})\Z")
_DEFAULT_PORTS = {"http": "80", "https": "443"}


def is_origin(text: str) -> bool:
    """Tell whether a text is `scheme://host[:port]`, and nothing else."""
    match = _ORIGIN.match(text)
    return match is not None and is_host(match[2]) and is_port(match[3] or "80", 1)


def has_default_port(text: str) -> bool:
    """Tell whether an origin spells out the port that browsers leave out."""
    match = _ORIGIN.match(text)
    return match is not None and match[3] == _DEFAULT_PORTS[match[1]]


def is_listener(text: str) -> bool:
    """Tell whether a text is `host:port`; port 0 stands for any free one."""
    match = _LISTEN.match(text)
    return match is not None and is_host(match[1]) and is_port(match[2], 0)


def is_port(text: str, lowest: int) -> bool:
    """Tell whether digits are a port from `lowest` on."""
    return lowest <= int(text) <= 65535


def is_host(text: str) -> bool:
    """Tell whether a host of the right characters has one reading."""
    if text.startswith("["):
        return _parses(ipaddress.IPv6Address, text[1:-1])
    if re.fullmatch(r"[0-9.]+", text):  # `127.1` and `2130706433` are addresses to some
        return _parses(ipaddress.IPv4Address, text)
    return ".." not in text


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _parses(shape: type[ipaddress.IPv4Address | ipaddress.IPv6Address], text: str) -> bool:
    try:
        shape(text)
    except ValueError:
        return False
    return True
