"""TLS of a listener: one context that lives as long as it, certificates replaced beneath it.

Every handshake takes the newest good certificate through the SNI callback of the listening context
(called without SNI too). `verify_mode` stays that of the listening context, hence one listener per
policy. No tickets: one would carry a client past a new look at its certificate. TLS 1.2 resumes by
session id whatever is set here (measured), so clients with certificates need TLS 1.3. RFC 9325.
"""

from __future__ import annotations

import datetime as dt
import ssl
from pathlib import Path
from typing import NoReturn

from cryptography import x509
from msgspec import Struct

from yett.contract.config import TlsConfig
from yett.wire.errors import SetupError

# A handshake costs the server 1.2-3.4 ms of CPU and a client nothing; one that stalls holds memory.
HANDSHAKE_TIMEOUT_SECONDS = 10.0
# RFC 9325 s4.2: forward secrecy and AEAD only; TLS 1.3 brings its own list.
TLS12_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
EXPIRY_WARNING_DAYS = 14


class Leaf(Struct, frozen=True):
    """What the served certificate says: the names it is good for and when it ends (unix s)."""

    names: frozenset[str]
    expires: float


class Tls:
    """The listening context and the certificate behind it.

    Args:
        config: `[gateway].tls`.
        folder: what its relative paths are relative to.
        now: unix seconds, to refuse a certificate that is not valid now.

    Raises:
        SetupError: a file is missing or unreadable, the pair does not match, it has expired.
    """

    def __init__(self, config: TlsConfig, folder: Path, now: float) -> None:
        self._config = config
        self._folder = folder
        self._stamps = self._look()  # before they are read: a change in between is seen as one
        self.leaf, self._current = load_certificate(config, folder, now)
        self.context = _build_context(config, folder)
        self.context.sni_callback = self._choose

    def reload(self, now: float) -> None:
        """Read the files again; handshakes from now on use them. On an error nothing changes."""
        stamps = self._look()
        self.leaf, self._current = load_certificate(self._config, self._folder, now)
        self._stamps = stamps

    def outdated(self) -> bool:
        """Whether the files are not those that were read."""
        return self._look() != self._stamps

    def _look(self) -> tuple[tuple[int, int, int] | None, ...]:
        return tuple(map(_stamp, tls_files(self._config, self._folder)))

    def _choose(
        self, connection: ssl.SSLObject, _name: str | None, _base: ssl.SSLContext
    ) -> int | None:
        connection.context = self._current
        return None


def tls_files(config: TlsConfig, folder: Path) -> tuple[Path, ...]:
    """The files whose change calls for `Tls.reload`."""
    named = (config.cert, config.key, config.client_ca)
    return tuple(folder / name for name in named if name)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def load_certificate(config: TlsConfig, folder: Path, now: float) -> tuple[Leaf, ssl.SSLContext]:
    """Read certificate and key into a fresh context, and refuse what a client would refuse.

    Raises:
        SetupError: names the file and what is wrong with it.
    """
    leaf = _read_leaf(folder / config.cert, now)
    return leaf, _build_context(config, folder)


def _build_context(config: TlsConfig, folder: Path) -> ssl.SSLContext:
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
    _load_pair(context, folder / config.cert, folder / config.key)
    if config.client_ca:
        _require_client(context, folder / config.client_ca)
    return context


def _load_pair(context: ssl.SSLContext, cert: Path, key: Path) -> None:
    if not key.is_file():
        raise _missing(key, "key")
    try:
        # Without a callback OpenSSL would ask for a passphrase on the terminal and hang a service.
        context.load_cert_chain(cert, key, password=_refuse_passphrase)
    except SetupError as error:
        error.path = str(key)
        raise SetupError(error.message, path=str(key), hint=error.hint) from None
    except ssl.SSLError as error:
        raise _explain(error, cert, key) from error
    except OSError as error:
        raise SetupError(
            f"the key cannot be read: {(error.strerror or 'unreadable').lower()}",
            path=str(key),
            hint="let the user that runs yett read it, and nobody else",
        ) from error


def _require_client(context: ssl.SSLContext, path: Path) -> None:
    if not path.is_file():
        raise _missing(path, "client_ca")
    try:
        context.load_verify_locations(cafile=path)
    except (ssl.SSLError, OSError) as error:
        raise SetupError(
            "the file holds no readable certificate authority",
            path=str(path),
            hint="`tls.client_ca` is a PEM file of the authorities that sign client certificates",
        ) from error
    context.verify_mode = ssl.CERT_REQUIRED
    # The ssl module cannot switch off OpenSSL's cache of TLS 1.2 session ids: within 300 s a client
    # whose certificate is no longer accepted would resume. TLS 1.3 without tickets has no such way.
    context.minimum_version = ssl.TLSVersion.TLSv1_3


def _read_leaf(path: Path, now: float) -> Leaf:
    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
    except FileNotFoundError:
        raise _missing(path, "cert") from None
    except (OSError, ValueError) as error:
        raise SetupError(
            "the file holds no readable certificate",
            path=str(path),
            hint="`tls.cert` is a PEM file: the server's certificate first, then its chain",
        ) from error
    leaf = found[0]
    _check_dates(leaf, path, now)
    return Leaf(_names(leaf), leaf.not_valid_after_utc.timestamp())


def _check_dates(leaf: x509.Certificate, path: Path, now: float) -> None:
    moment = dt.datetime.fromtimestamp(now, dt.UTC)
    if moment > leaf.not_valid_after_utc:
        raise SetupError(
            f"the certificate expired on {leaf.not_valid_after_utc:%Y-%m-%d}",
            path=str(path),
            hint="renew it; a running gateway takes the new files without a restart",
        )
    if moment < leaf.not_valid_before_utc:
        raise SetupError(
            f"the certificate is not valid before {leaf.not_valid_before_utc:%Y-%m-%d %H:%M} UTC",
            path=str(path),
            hint="check the clock of this machine",
        )


def _names(leaf: x509.Certificate) -> frozenset[str]:
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return frozenset()
    hosts = {name.lower() for name in names.get_values_for_type(x509.DNSName)}
    return frozenset(hosts | {str(ip) for ip in names.get_values_for_type(x509.IPAddress)})


def _refuse_passphrase() -> NoReturn:
    raise SetupError(
        "the key is encrypted",
        hint="give yett an unencrypted key that only its user can read",
    )


def _missing(path: Path, setting: str) -> SetupError:
    return SetupError(
        "no such file", path=str(path), hint=f"`tls.{setting}` is relative to yett.toml"
    )


def _explain(error: ssl.SSLError, cert: Path, key: Path) -> SetupError:
    reason = error.reason or ""
    if "KEY_VALUES_MISMATCH" in reason or "KEY_TYPE_MISMATCH" in reason:
        return SetupError(
            f"the key is not the key of the certificate `{cert}`",
            path=str(key),
            hint="replace both files together; the old pair stays in use until they match",
        )
    if "TOO_SMALL" in reason or "TOO_WEAK" in reason:
        return SetupError(
            "the key or its signature is too weak",
            path=str(cert),
            hint="use ECDSA P-256, or RSA of 2048 bits or more with SHA-256",
        )
    what = reason.lower().replace("_", " ") or "not PEM"
    # The certificate has been read by now, so it is the key.
    return SetupError(
        f"the key cannot be read: {what}", path=str(key), hint="it is a PEM file, unencrypted"
    )
