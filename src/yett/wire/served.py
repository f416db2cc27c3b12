"""The served certificate and its key: read, and refused by name where a client would refuse them.

Never asks a terminal for a passphrase, and never shows anything of the key. RFC 9325 s4.5.
"""

from __future__ import annotations

import datetime as dt
import ssl
from pathlib import Path
from typing import NoReturn

from cryptography import x509
from msgspec import Struct

from yett.wire.errors import SetupError


class Leaf(Struct, frozen=True):
    """What the served certificate says: the names it is good for and when it ends (unix s)."""

    names: frozenset[str]
    expires: float


def read_leaf(path: Path, now: float) -> Leaf:
    """Read the certificate that a file begins with.

    Raises:
        SetupError: names the file and what is wrong with it.
    """
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


def load_pair(context: ssl.SSLContext, cert: Path, key: Path) -> None:
    """Load certificate and key into a context.

    Raises:
        SetupError: as `read_leaf`.
    """
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
