"""Clients with certificates: read once for each connection, and looked at again while it lasts.

A handshake proves a certificate at one moment, and a connection may live for days: whose
certificate is revoked or whose authority is taken away is cut off, whose time is over may finish
what is under way (CWE-298, CWE-299). Verifies no chain; the handshake did.
"""

from __future__ import annotations

import ssl
from collections import Counter
from collections.abc import Callable
from time import time
from typing import TYPE_CHECKING

from yett.terms import Certificate
from yett.wire.certificate import CertificateError, read_certificate

if TYPE_CHECKING:
    from yett.gate.connection import Connection

# Why a client may not stay, given its certificate, the context of its handshake and the time; empty
# where it may. See `wire.tls.Tls.objection`.
Objection = Callable[[Certificate, ssl.SSLContext | None, float], str]


class Certified:
    """The connections of clients that have shown a certificate."""

    __slots__ = ("_objection", "_open")

    def __init__(self, objection: Objection | None) -> None:
        self._objection = objection or _expired
        self._open: dict[Connection, tuple[Certificate, ssl.SSLContext]] = {}

    def enter(self, connection: Connection, shown: ssl.SSLObject) -> bool:
        """Take the client's certificate down; False where the connection must not be served."""
        der = shown.getpeercert(binary_form=True)
        if not der:
            return True
        try:
            client = read_certificate(der)
        except CertificateError:
            return False
        # The files may have changed while the handshake was under way.
        if self._objection(client, shown.context, time()):
            return False
        self._open[connection] = (client, shown.context)
        # A proxy's own certificate says nothing of who comes through it (CWE-441).
        if not connection.peer.trusted:
            connection.certificate = client
        return True

    def leave(self, connection: Connection) -> None:
        """Forget a connection."""
        self._open.pop(connection, None)

    def look(self, now: float) -> Counter[str]:
        """End the connections whose certificate is good no longer; answers why, counted."""
        ended: Counter[str] = Counter()
        for connection, (client, context) in list(self._open.items()):
            why = self._objection(client, context, now)
            if not why:
                continue
            ended[why] += 1
            del self._open[connection]
            if client.expires <= now:
                connection.retire()
            else:
                connection.abort()
        return ended


def _expired(client: Certificate, context: ssl.SSLContext | None, now: float) -> str:
    del context
    return "it has expired" if now >= client.expires else ""
