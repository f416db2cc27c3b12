"""Pushes one security event to a receiver's address, which the receiver chose (CWE-918).

HTTPS only, no redirect, no proxy; the name is resolved once, every address it has must be public,
and the connection goes to the one that was looked at (DNS rebinding). Loopback is for an issuer
that is itself on loopback. RFC 8935 s2.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from http.client import HTTPException

from yett.contract.addresses import is_loopback
from yett.state.fetch import FetchError, check_url
from yett.terms import Secret

TIMEOUT_SECONDS = 5.0
MEDIA_TYPE = "application/secevent+jwt"


def check_receiver(url: str, *, local: bool = False) -> None:
    """Refuse an address that nothing is pushed to; resolves nothing.

    Raises:
        FetchError: why.
    """
    parts = check_url(url)
    host = parts.hostname or ""
    if is_loopback(host):
        if not local:
            raise FetchError("events are not pushed to this host")
        return
    if parts.scheme != "https":
        raise FetchError("events are pushed over https only")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return  # a name: looked at when it is resolved
    if not _is_public(address):
        raise FetchError("events are pushed to public addresses only")


def push(url: str, token: str, authorization: Secret | None, *, local: bool = False) -> int:
    """Push an event and return the status of the answer; blocks.

    Args:
        url: the receiver's endpoint.
        token: the signed event.
        authorization: the whole value of that field; None for none.
        local: whether loopback is allowed.

    Raises:
        FetchError: it may not be pushed there, or the receiver cannot be reached.
    """
    check_receiver(url, local=local)
    parts = check_url(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    headers = {"content-type": MEDIA_TYPE, "accept": "application/json"}
    if authorization is not None:
        headers["authorization"] = authorization.reveal().decode("ascii")
    target = parts.path or "/"
    target += f"?{parts.query}" if parts.query else ""
    connection = _Pinned(host, port, _address(host, port, local=local), tls=parts.scheme == "https")
    try:
        connection.request("POST", target, body=token.encode("ascii"), headers=headers)
        return connection.getresponse().status  # the rest of the answer is nobody's business
    except (OSError, HTTPException, ValueError) as error:
        raise FetchError(f"`{url}` cannot be reached: {type(error).__name__}") from error
    finally:
        connection.close()


class _Pinned(http.client.HTTPConnection):
    """A connection to an address that was looked at, under the receiver's name."""

    def __init__(self, host: str, port: int, address: str, *, tls: bool) -> None:
        super().__init__(host, port, timeout=TIMEOUT_SECONDS)
        self._address, self._tls = address, tls

    def connect(self) -> None:
        """Connect to the address, and speak TLS to the name."""
        sock = socket.create_connection((self._address, self.port), TIMEOUT_SECONDS)
        if self._tls:
            sock = ssl.create_default_context().wrap_socket(sock, server_hostname=self.host)
        self.sock = sock


def _address(host: str, port: int, *, local: bool) -> str:
    """Resolve a name; every address must be one that events may go to."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise FetchError(f"`{host}` cannot be resolved") from error
    addresses = [str(one[4][0]) for one in found]
    for text in addresses:
        address = ipaddress.ip_address(text.partition("%")[0])
        if not _is_public(address) and not (local and address.is_loopback):
            raise FetchError(f"`{host}` leads to an address that is not public")
    if not addresses:
        raise FetchError(f"`{host}` cannot be resolved")
    return addresses[0]


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    mapped = getattr(address, "ipv4_mapped", None)
    if mapped is not None:
        address = mapped
    # 2002::/16 and 64:ff9b::/96 carry an IPv4 address, which may be a private one.
    inside = isinstance(address, ipaddress.IPv6Address) and (
        address.sixtofour is not None
        or address.teredo is not None
        or address in ipaddress.ip_network("64:ff9b::/96")
    )
    return address.is_global and not address.is_multicast and not inside
