"""Listening sockets: bound once by the supervisor, inherited by every worker it forks.

Each worker slot has its own SO_REUSEPORT socket. The supervisor keeps all of them open, so a
connection that arrives while a worker is being replaced waits in the backlog and is not refused.
Never accepts, never reads.
"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import socket

from msgspec import Struct

from yett.contract.addresses import is_loopback
from yett.wire.errors import SetupError

# The kernel clips it to net.core.somaxconn (4096 on current kernels); a backlog that is too short
# turns a burst, or the 100 ms of a worker's replacement, into refused connections.
BACKLOG = 4096
_IN_USE = "stop the other process, or choose another address in `{}`"
_REASONS = {
    errno.EADDRINUSE: ("the address is in use", _IN_USE),
    errno.EACCES: (
        "the port needs privileges",
        "use a port above 1023 in `{}`, or grant CAP_NET_BIND_SERVICE",
    ),
    errno.EADDRNOTAVAIL: (
        "the host is no address of this machine",
        "name an address of this machine in `{}`, or 0.0.0.0 for all of them",
    ),
}


class Address(Struct, frozen=True):
    """Where to listen: a host (name or literal, IPv6 without brackets) and a port, 0 for any."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def public(self) -> bool:
        """Whether hosts other than this one can reach it; a name counts unless `localhost`."""
        return not is_loopback(self.host)


def parse_address(text: str, setting: str) -> Address:
    """Read `host:port` or `[v6]:port`; `setting` is the name that the error gives.

    Raises:
        SetupError: it is neither. An empty host is refused: that it means "every interface"
            should be written down (`0.0.0.0`), not left out.
    """
    host, colon, port = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise _unreadable(text, setting)
    if not colon or not host or not _is_port(port) or " " in host:
        raise _unreadable(text, setting)
    return Address(host, int(port))


def bind(address: Address, *, count: int, setting: str) -> tuple[socket.socket, ...]:
    """Bind and listen on `count` sockets of one port, which is chosen once when it is 0.

    Raises:
        SetupError: the host is unknown, or the address cannot be had (`outside` is True).
    """
    family, where = _resolve(address, setting)
    bound: list[socket.socket] = []
    try:
        with _open(family, reuse_port=False) as probe:
            # SO_REUSEPORT alone would let a second gateway of the same user join the port in
            # silence and take half of the connections; a socket without it is refused.
            probe.bind(where)
            probe.listen(1)
            where = (where[0], probe.getsockname()[1])
        for _ in range(count):
            one = _open(family, reuse_port=True)
            bound.append(one)
            one.bind(where)
            one.listen(BACKLOG)
    except OSError as error:
        for one in bound:
            one.close()
        raise _refused(address, setting, error) from error
    return tuple(bound)


def local_address(bound: socket.socket) -> Address:
    """Where a bound socket really listens, with the port that the kernel chose."""
    host, port = bound.getsockname()[:2]
    return Address(host, port)


def _open(family: socket.AddressFamily, *, reuse_port: bool) -> socket.socket:
    one = socket.socket(family, socket.SOCK_STREAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if reuse_port:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    # Accepted sockets inherit both on Linux: small answers are not held back (Nagle), and a peer
    # that vanished without a FIN is noticed by the kernel.
    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if family == socket.AF_INET6:
        # One listener is one address family, so that a client is never `::ffff:192.0.2.1` in one
        # limit and `192.0.2.1` in the next.
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    one.setblocking(False)
    return one


def _resolve(address: Address, setting: str) -> tuple[socket.AddressFamily, tuple[str, int]]:
    with contextlib.suppress(ValueError):
        version = ipaddress.ip_address(address.host).version
        family = socket.AF_INET if version == 4 else socket.AF_INET6
        return family, (address.host, address.port)
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise SetupError(
            f"`{setting}`: the host `{address.host}` cannot be resolved",
            hint="use an address, such as 127.0.0.1",
            outside=True,
        ) from error
    # IPv4 first: `localhost` means 127.0.0.1 to the tools that will call it.
    family, _, _, _, where = min(found, key=lambda one: one[0] != socket.AF_INET)
    return family, (str(where[0]), address.port)


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) <= 65535


def _unreadable(text: str, setting: str) -> SetupError:
    return SetupError(
        f"`{setting}`: `{text}` is not `host:port`",
        hint="write it as `127.0.0.1:8080`, `[::1]:8080`, or `0.0.0.0:8080` for every interface",
    )


def _refused(address: Address, setting: str, error: OSError) -> SetupError:
    text = error.strerror or str(error)
    reason, hint = _REASONS.get(error.errno or 0, (text.lower(), "check `{}`"))
    return SetupError(
        f"`{setting}`: cannot listen on `{address}`: {reason}",
        hint=hint.format(setting),
        outside=True,
    )
