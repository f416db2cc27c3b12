"""What client certificates are checked against: authorities, and the lists of what they revoked.

Read once, held as bytes: OpenSSL gets exactly what was checked here, not what the files have become
meanwhile. Builds no path and verifies no chain; that is OpenSSL's, in each handshake.
RFC 5280 s6, RFC 8705 s2.1.
"""

from __future__ import annotations

import ssl
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from msgspec import Struct

from yett.contract.config import TlsConfig
from yett.terms import Certificate
from yett.wire.crl import Revoked, fold_issuer, read_crls
from yett.wire.errors import SetupError


class Trust(Struct, frozen=True):
    """Who may certify clients, and whom no longer.

    Args:
        pem: the authorities.
        authorities: their SHA-256 fingerprints.
        serials: the authorities as a list would name them, by folded issuer and serial.
        expires: unix seconds, when the first of them ends.
        crl: the revocation lists, empty where none are configured.
        revoked: what they say; None where none are configured.
    """

    pem: str
    authorities: frozenset[bytes]
    serials: frozenset[tuple[str, str]]
    expires: float
    crl: bytes
    revoked: Revoked | None

    def require(self, context: ssl.SSLContext) -> None:
        """Make a listening context demand a certificate of these authorities."""
        context.load_verify_locations(cadata=self.pem)
        context.verify_mode = ssl.CERT_REQUIRED
        # The ssl module cannot switch off OpenSSL's cache of TLS 1.2 session ids: within 300 s a
        # client whose certificate is no longer accepted would resume. TLS 1.3 without tickets has
        # no such way.
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        if self.revoked is not None:
            # Of every certificate in the chain: one stolen intermediate makes clients at will.
            context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN
            self.add_lists(context)

    def add_lists(self, context: ssl.SSLContext) -> None:
        """Add the lists to a context; handshakes go by the newest of each authority."""
        if self.crl:
            with tempfile.NamedTemporaryFile() as file:  # it takes CRLs from files alone
                file.write(self.crl)
                file.flush()
                context.load_verify_locations(cafile=file.name)

    def keeps(self, before: Trust) -> bool:
        """Whether all that was certified under `before` is so still, single clients apart."""
        if not before.authorities <= self.authorities:
            return False
        return self.revoked is None or not self.revoked.serials & self.serials

    def objection(self, client: Certificate, now: float) -> str:
        """Say why a certificate is good no longer; empty where it is."""
        revoked = self.revoked
        if revoked is not None:
            if (fold_issuer(client.issuer), client.serial) in revoked.serials:
                return "it was revoked"
            if now >= revoked.ends:
                return "its authority's revocation list is over"
        return "it has expired" if now >= client.expires else ""


def read_trust(config: TlsConfig, folder: Path, now: float) -> Trust:
    """Read the authorities, and their lists if there are any.

    Raises:
        SetupError: a file is missing or broken, or a list is missing or over.
    """
    path = folder / config.client_ca
    pem = _read(path, "client_ca")
    hint = "`tls.client_ca` is a PEM file of the authorities that sign client certificates"
    unreadable = SetupError(
        "the file holds no readable certificate authority", path=str(path), hint=hint
    )
    try:
        found = tuple(x509.load_pem_x509_certificates(pem))
        clean = "".join(one.public_bytes(Encoding.PEM).decode() for one in found)
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(cadata=clean)
    except (ValueError, ssl.SSLError) as error:
        raise unreadable from error
    crl, revoked = b"", None
    if config.crl:
        crl = _read(folder / config.crl, "crl")
        revoked = read_crls(crl, found, folder / config.crl, now)
    return Trust(
        clean,
        frozenset(one.fingerprint(SHA256()) for one in found),
        frozenset(
            (fold_issuer(one.issuer.rfc4514_string()), format(one.serial_number, "x"))
            for one in found
        ),
        min(one.not_valid_after_utc.timestamp() for one in found),
        crl,
        revoked,
    )


def _read(path: Path, setting: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        message, hint = "no such file", f"`tls.{setting}` is relative to yett.toml"
    except OSError as error:
        message = f"the file cannot be read: {(error.strerror or 'unreadable').lower()}"
        hint = "let the user that runs yett read it"
    raise SetupError(message, path=str(path), hint=hint)
