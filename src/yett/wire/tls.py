"""TLS of the listeners: contexts that live as long as they, and what is replaced beneath them.

Every handshake takes the newest good certificate, authorities and revocation lists through the SNI
callback of its listening context (called without SNI too). `verify_mode` and flags stay those of
the listening context, hence one listener per policy. No tickets: one would carry a client past a
new look at its certificate. TLS 1.2 resumes by session id whatever is set here (measured), so
clients with certificates need TLS 1.3. RFC 9325.
"""

from __future__ import annotations

import ssl
import weakref
from pathlib import Path

from yett.contract.config import TlsConfig
from yett.terms import Certificate
from yett.wire.client_trust import Trust, read_trust
from yett.wire.errors import SetupError
from yett.wire.served import load_pair, read_leaf

# A handshake costs the server 1.2-3.4 ms of CPU and a client nothing; one that stalls holds memory.
HANDSHAKE_TIMEOUT_SECONDS = 10.0
# RFC 9325 s4.2: forward secrecy and AEAD only; TLS 1.3 brings its own list.
TLS12_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
EXPIRY_WARNING_DAYS = 14


class Tls:
    """The contexts of the listeners, and the files behind them.

    Args:
        config: `[gateway].tls`.
        folder: what its relative paths are relative to.
        now: unix seconds, to refuse what is not valid now.

    Attributes:
        leaf: the served certificate.
        trust: what client certificates are checked against, None where none are asked for.

    Raises:
        SetupError: a file is missing or unreadable, does not match another, or is out of date.
    """

    def __init__(self, config: TlsConfig, folder: Path, now: float) -> None:
        self._config = config
        self._folder = folder
        self._stamps = self._look()  # before they are read: a change in between is seen as one
        self.trust = read_trust(config, folder, now) if config.client_ca else None
        self.leaf = read_leaf(folder / config.cert, now)
        (first, second), (first_now, second_now) = self._build(), self._build()
        self._first = _Listening(first, first_now)
        self._second = _Listening(second, second_now) if second and second_now else None
        self._trusted = weakref.WeakSet(self._now())

    @property
    def context(self) -> ssl.SSLContext:
        """The listening context of `gateway.listen`."""
        return self._first.base

    @property
    def mutual(self) -> ssl.SSLContext | None:
        """The listening context of `gateway.tls.mutual`, None where there is no such listener."""
        return None if self._second is None else self._second.base

    def reload(self, now: float) -> None:
        """Read the files again; handshakes from now on use what is good of them.

        A pair that does not match yet does not hold up a revocation, nor a broken list the pair.

        Raises:
            SetupError: the first thing that is wrong; of that, the old stays in use.
        """
        stamps, failed = self._look(), []
        for renew in (self._renew_trust, self._renew_pair):
            try:
                renew(now)
            except SetupError as error:
                failed.append(error)
        if failed:
            raise failed[0]
        self._stamps = stamps

    def files(self) -> tuple[Path, ...]:
        """The files whose change calls for `reload`."""
        return tls_files(self._config, self._folder)

    def outdated(self) -> bool:
        """Whether the files are not those that were read."""
        return self._look() != self._stamps

    def objection(self, client: Certificate, context: ssl.SSLContext | None, now: float) -> str:
        """Say why a client that has been let in may not stay; empty where it may.

        Args:
            client: its certificate.
            context: of its handshake.
            now: unix seconds.
        """
        if self.trust is None or context not in self._trusted:
            return "an authority of its time was taken away"
        return self.trust.objection(client, now)

    def _renew_trust(self, now: float) -> None:
        before = self.trust
        if before is None:
            return
        self.trust = fresh = read_trust(self._config, self._folder, now)
        if not fresh.keeps(before):
            # Whose chain led through what is gone cannot be told any more: all of them come again.
            self._trusted.clear()
        for context in self._now():
            if context.verify_mode is ssl.CERT_REQUIRED:
                fresh.add_lists(context)

    def _renew_pair(self, now: float) -> None:
        leaf = read_leaf(self._folder / self._config.cert, now)
        first, second = self._build()
        self.leaf = leaf
        self._first.current = first
        if self._second is not None and second is not None:
            self._second.current = second
        self._trusted.update(self._now())

    def _build(self) -> tuple[ssl.SSLContext, ssl.SSLContext | None]:
        config, folder, trust = self._config, self._folder, self.trust
        if not config.mutual:
            return _build_context(config, folder, trust), None
        return _build_context(config, folder, None), _build_context(config, folder, trust)

    def _now(self) -> list[ssl.SSLContext]:
        return [one.current for one in (self._first, self._second) if one is not None]

    def _look(self) -> tuple[tuple[int, int, int] | None, ...]:
        return tuple(map(_stamp, self.files()))


class _Listening:
    """The context a listener was opened with, and the one that its next handshake takes."""

    def __init__(self, base: ssl.SSLContext, current: ssl.SSLContext) -> None:
        self.base = base
        self.current = current
        base.sni_callback = self._choose

    def _choose(
        self, connection: ssl.SSLObject, _name: str | None, _base: ssl.SSLContext
    ) -> int | None:
        connection.context = self.current
        return None


def tls_files(config: TlsConfig, folder: Path) -> tuple[Path, ...]:
    """The files whose change calls for `Tls.reload`."""
    named = (config.cert, config.key, config.client_ca, config.crl)
    return tuple(folder / name for name in named if name)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _build_context(config: TlsConfig, folder: Path, trust: Trust | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # RFC 8996: 1.0 and 1.1 are dead
    context.set_ciphers(TLS12_CIPHERS)
    context.set_alpn_protocols(["http/1.1"])  # CWE-757, ALPACA: no other protocol on this port
    context.num_tickets = 0
    context.options |= (
        ssl.OP_NO_TICKET
        | ssl.OP_NO_COMPRESSION  # CRIME, CVE-2012-4929
        | ssl.OP_NO_RENEGOTIATION  # CVE-2009-3555, CVE-2011-1473
        | ssl.OP_CIPHER_SERVER_PREFERENCE
        | ssl.OP_SINGLE_ECDH_USE
    )
    load_pair(context, folder / config.cert, folder / config.key)
    if trust is not None:
        trust.require(context)
    return context
