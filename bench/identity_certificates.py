"""An authority, the gate's certificate and a client's, made for one run of `bench.identity`."""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from bench.identity_load import b64


class Certificates:
    """An authority, the gate's certificate and a client's, as files."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._key, self._name = ec.generate_private_key(ec.SECP256R1()), _name("bench CA")
        authority = self._sign(self._name, self._key, authority=True)
        self.ca = _write(folder / "ca.pem", authority)
        names = x509.SubjectAlternativeName(
            [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        )
        self.cert, self.key, _ = self._leaf(
            folder, "server", names, ExtendedKeyUsageOID.SERVER_AUTH
        )
        client = x509.SubjectAlternativeName([x509.DNSName("client.example.com")])
        self.client_cert, self.client_key, shown = self._leaf(
            folder, "client", client, ExtendedKeyUsageOID.CLIENT_AUTH
        )
        der = shown.public_bytes(serialization.Encoding.DER)
        self.thumbprint = b64(hashlib.sha256(der).digest())

    def _leaf(
        self,
        folder: Path,
        name: str,
        names: x509.SubjectAlternativeName,
        use: x509.ObjectIdentifier,
    ) -> tuple[str, str, x509.Certificate]:
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._sign(_name(name), key, names=names, use=use)
        path = folder / f"{name}.key"
        path.write_bytes(pem(key))
        path.chmod(0o600)
        return _write(folder / f"{name}.pem", made), str(path), made

    def _sign(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        *,
        authority: bool = False,
        names: x509.SubjectAlternativeName | None = None,
        use: x509.ObjectIdentifier | None = None,
    ) -> x509.Certificate:
        now, own = dt.datetime.now(dt.UTC), self._key.public_key()
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=30))
            .add_extension(x509.BasicConstraints(authority, None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(own), False)
            .add_extension(_usage(authority=authority), critical=True)
        )
        if names is not None and use is not None:
            made = made.add_extension(names, critical=False)
            made = made.add_extension(x509.ExtendedKeyUsage([use]), critical=False)
        return made.sign(self._key, hashes.SHA256())


def _usage(*, authority: bool) -> x509.KeyUsage:
    no = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "encipher_only", "decipher_only"), False,
    )  # fmt: skip
    return x509.KeyUsage(
        digital_signature=not authority, key_cert_sign=authority, crl_sign=authority, **no
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Write a private key."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write(path: Path, certificate: x509.Certificate) -> str:
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return str(path)
