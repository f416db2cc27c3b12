"""Reads revocation lists: whole ones, genuine, in date, one for each authority, or a named error.

OpenSSL checks them again in each handshake, and then refuses every client of an authority whose
list is missing or over; here that is said before, with the file and the authority. No delta lists,
no lists for a part of the certificates, nothing fetched from where a certificate points to.
RFC 5280 s5.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from itertools import product
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from msgspec import Struct

from yett.wire.errors import SetupError

# Each handshake hashes the whole list to check its signature, 1 ms a MiB beside the 0.7 to 3 ms of
# the handshake itself; and OpenSSL does so before it looks at the signature of the certificate, so
# that a forged one costs as much (measured). 4 MiB are some 75,000 certificates.
MAX_CRL_BYTES = 4 * 1024 * 1024
# After this part of its time the next list should long be there.
WARNING_PART = 0.75
_BEGIN, _END = b"-----BEGIN X509 CRL-----", b"-----END X509 CRL-----"
_FULL_HINT = "`tls.crl` needs the full list of each authority of `tls.client_ca`"
_UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension)


class Revoked(Struct, frozen=True):
    """What the lists say together.

    Args:
        serials: revoked certificates, by folded issuer and serial (lower-case hex).
        begins: unix seconds, of the list that ends first.
        ends: unix seconds, when the first list is over; from then on nobody is let in.
        first: the authority whose list ends first.
    """

    serials: frozenset[tuple[str, str]]
    begins: float
    ends: float
    first: str

    @property
    def due(self) -> float:
        """When the next list should have come, unix seconds."""
        return self.begins + (self.ends - self.begins) * WARNING_PART


def read_crls(
    pem: bytes, authorities: tuple[x509.Certificate, ...], path: Path, now: float
) -> Revoked:
    """Read the lists of a file.

    Args:
        pem: its content.
        authorities: of `tls.client_ca`; each needs a list, and each list one of them.
        path: named in errors.
        now: unix seconds.

    Raises:
        SetupError: the file cannot be used as it is; it says which authority it is about.
    """
    lists = _load(pem, path)
    newest: dict[x509.Certificate, x509.CertificateRevocationList] = {}
    genuine = set()
    for authority, (at, one) in product(authorities, enumerate(lists)):
        if not _is_by(one, authority):
            continue
        genuine.add(at)
        known = newest.get(authority)
        if known is None or one.last_update_utc > known.last_update_utc:
            newest[authority] = one
    for at, one in enumerate(lists):
        if at not in genuine:
            raise _stranger(one, authorities, path)
        _check_kind(one, path)
    for authority in authorities:
        if authority not in newest:
            raise _refused(
                f"there is no list of the authority `{_name(authority.subject)}`", path, _FULL_HINT
            )
        _check_dates(newest[authority], path, now)
    return _combine(newest.values())


def fold_issuer(name: str) -> str:
    """Write an issuer so that spellings which OpenSSL takes for one are one. RFC 5280 s7.1."""
    return " ".join(name.casefold().split())


def _combine(lists: Iterable[x509.CertificateRevocationList]) -> Revoked:
    found = list(lists)
    first = min(found, key=_ends)
    issuers = [(fold_issuer(_name(one.issuer)), one) for one in found]
    return Revoked(
        frozenset(
            (issuer, format(entry.serial_number, "x")) for issuer, one in issuers for entry in one
        ),
        first.last_update_utc.timestamp(),
        _ends(first),
        _name(first.issuer),
    )


def _load(pem: bytes, path: Path) -> list[x509.CertificateRevocationList]:
    if len(pem) > MAX_CRL_BYTES:
        raise _refused(
            f"the file is larger than {MAX_CRL_BYTES} bytes", path, "split the authority"
        )
    # What stands between the lists is for people (`openssl crl -text`), as OpenSSL reads it.
    parts = [part.partition(_END)[0] for part in pem.split(_BEGIN)[1:]]
    hint = "`tls.crl` is a PEM file (`BEGIN X509 CRL`); `openssl crl -inform DER` converts one"
    if not parts:
        raise _refused("the file holds no revocation list", path, hint)
    try:
        return [x509.load_pem_x509_crl(b"%b%b%b\n" % (_BEGIN, part, _END)) for part in parts]
    except _UNREADABLE as error:
        raise _refused("the file holds no readable revocation list", path, hint) from error


def _is_by(one: x509.CertificateRevocationList, authority: x509.Certificate) -> bool:
    if fold_issuer(_name(one.issuer)) != fold_issuer(_name(authority.subject)):
        return False
    try:
        key = authority.public_key()
        return one.is_signature_valid(key)  # type: ignore[arg-type]  # X25519 raises TypeError
    except (*_UNREADABLE, InvalidSignature):
        return False


def _stranger(
    one: x509.CertificateRevocationList, authorities: tuple[x509.Certificate, ...], path: Path
) -> SetupError:
    issuer = _name(one.issuer)
    if any(_name(authority.subject) == issuer for authority in authorities):
        return _refused(f"the list of `{issuer}` is not signed by it", path, _FULL_HINT)
    hint = "add the authority to `tls.client_ca`, or take its list away"
    return _refused(f"the list is of `{issuer}`, which is no authority here", path, hint)


def _check_kind(one: x509.CertificateRevocationList, path: Path) -> None:
    """Refuse what OpenSSL would read as something else than a whole list, or not at all."""
    issuer = _name(one.issuer)
    try:
        extensions = list(one.extensions)
    except _UNREADABLE as error:
        raise _refused(f"the list of `{issuer}` cannot be read", path, _FULL_HINT) from error
    for extension in extensions:
        value = extension.value
        if isinstance(value, x509.DeltaCRLIndicator):
            raise _refused(f"the list of `{issuer}` is a delta", path, _FULL_HINT)
        if isinstance(value, x509.IssuingDistributionPoint):
            if _is_partial(value):
                raise _refused(
                    f"the list of `{issuer}` is for some certificates only", path, _FULL_HINT
                )
        elif extension.critical:
            name = extension.oid.dotted_string
            raise _refused(f"the list of `{issuer}` needs `{name}` understood", path, _FULL_HINT)


def _is_partial(point: x509.IssuingDistributionPoint) -> bool:
    return bool(
        point.only_contains_user_certs
        or point.only_contains_ca_certs
        or point.only_contains_attribute_certs
        or point.only_some_reasons
        or point.indirect_crl
    )


def _check_dates(one: x509.CertificateRevocationList, path: Path, now: float) -> None:
    issuer, moment = _name(one.issuer), dt.datetime.fromtimestamp(now, dt.UTC)
    if one.next_update_utc is None:
        hint = "have it made with one, such as `openssl ca -gencrl -crldays 7` (RFC 5280 s5.1.2.5)"
        raise _refused(f"the list of `{issuer}` does not say when it ends", path, hint)
    if moment >= one.next_update_utc:
        raise _refused(
            f"the list of `{issuer}` ended on {one.next_update_utc:%Y-%m-%d %H:%M} UTC",
            path,
            "fetch the next one; until then its clients are refused",
        )
    if moment < one.last_update_utc:
        raise _refused(
            f"the list of `{issuer}` is not valid before {one.last_update_utc:%Y-%m-%d %H:%M} UTC",
            path,
            "check the clock of this machine",
        )


def _ends(one: x509.CertificateRevocationList) -> float:
    assert one.next_update_utc is not None  # `_check_dates` has seen to it
    return one.next_update_utc.timestamp()


def _name(name: x509.Name) -> str:
    return name.rfc4514_string()


def _refused(message: str, path: Path, hint: str) -> SetupError:
    return SetupError(message, path=str(path), hint=hint)
