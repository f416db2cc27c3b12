"""Certificate authorities made here: client certificates of every kind, and revocation lists."""

from __future__ import annotations

import datetime as dt
import itertools
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = dt.timedelta(days=1)
CLIENT, SERVER = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH
_SERIALS = itertools.count(0x1000)


def distinguished(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def general(text):
    """`uri:...`, `dns:...` or `email:...` as cryptography writes it."""
    kind, _, value = text.partition(":")
    kinds = {
        "uri": x509.UniformResourceIdentifier,
        "dns": x509.DNSName,
        "email": x509.RFC822Name,
    }
    return kinds[kind](value)


class Issued:
    """A certificate with its key and its chain."""

    def __init__(self, certificate, key, chain=()):
        self.certificate, self.key, self.chain = certificate, key, chain

    @property
    def der(self):
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self):
        whole = (self.certificate, *self.chain)
        return b"".join(one.public_bytes(Encoding.PEM) for one in whole)

    @property
    def key_pem(self):
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def put(self, folder, cert="cert.pem", key="key.pem"):
        """Write both files, as a server needs them."""
        (folder / cert).write_bytes(self.pem)
        (folder / key).write_bytes(self.key_pem)


class Authority:
    """A root, or an intermediate of `parent`."""

    def __init__(self, name="Test CA", parent=None, key=None):
        self.name, self.parent = distinguished(name), parent
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        signer = parent or self
        now = dt.datetime.now(dt.UTC)
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(self.name)
            .issuer_name(signer.name)
            .public_key(self.key.public_key())
            .serial_number(next(_SERIALS))
            .not_valid_before(now - DAY)
            .not_valid_after(now + 365 * DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(signer.key, hashes.SHA256())
        )

    @property
    def pem(self):
        return self.certificate.public_bytes(Encoding.PEM)

    def issue(self, *names, subject="client", usage=CLIENT, begins=-DAY, ends=DAY):
        """Issue a certificate; `begins` and `ends` count from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = dt.datetime.now(dt.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(distinguished(subject))
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(next(_SERIALS))
            .not_valid_before(now + begins)
            .not_valid_after(now + ends)
        )
        if usage is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        if names:
            alternatives = x509.SubjectAlternativeName([general(name) for name in names])
            builder = builder.add_extension(alternatives, critical=False)
        chain = (self.certificate,) if self.parent else ()
        return Issued(builder.sign(self.key, hashes.SHA256()), key, chain)

    def server(self):
        """Issue a certificate for `localhost`."""
        return self.issue("dns:localhost", subject="localhost", usage=SERVER)

    def revoke(self, *issued, begins=-DAY / 24, ends=DAY, key=None, extension=None, critical=False):
        """Write a revocation list (PEM); `issued` are certificates of this authority."""
        now = dt.datetime.now(dt.UTC)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.name)
            .last_update(now + begins)
            .next_update(now + ends)
        )
        if extension is not None:
            builder = builder.add_extension(extension, critical=critical)
        for one in issued:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder()
                .serial_number(one.certificate.serial_number)
                .revocation_date(now + begins)
                .build()
            )
        made = builder.sign(key or self.key, hashes.SHA256())
        return made.public_bytes(Encoding.PEM)

    def client(self, folder, leaf=None, version=None):
        """A client's context that trusts this authority, with a certificate if one is given."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=self.pem.decode())
        if version:
            context.minimum_version = context.maximum_version = version
        if leaf:
            leaf.put(folder, "client.pem", "client.key")
            context.load_cert_chain(folder / "client.pem", folder / "client.key")
        return context
