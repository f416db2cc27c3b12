"""API keys: `yett_<env>_<kind>_<id8>_<secret32><crc6>`, recognised, checked and compared.

The prefix lets secret scanners find a leaked key, the CRC-32 lets anybody tell a mistyped or made
up one without asking (github.blog, 2021-04-05). The secret has 190 bits, so one SHA-256 is enough
at rest: a slow hash protects guessable secrets only. Issuing and files are `state/key_file.py`.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from hmac import compare_digest
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from msgspec import Struct

from yett.credentials.refusals import API_KEY_CHALLENGE, expired, invalid
from yett.credentials.structure import is_identifier, is_thumbprint
from yett.credentials.verifier import Verified
from yett.problems import CREDENTIAL_REVOKED, Problem
from yett.terms import Principal

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ID_CHARS = 8
SECRET_CHARS = 32
CHECKSUM_CHARS = 6  # 62^6 > 2^32
ISSUER = "yett:keys"

LABEL = re.compile(r"[a-z][a-z0-9]{0,11}")
_KEY = re.compile(
    rb"(yett_[a-z][a-z0-9]{0,11}_[a-z][a-z0-9]{0,11}_([0-9A-Za-z]{8})_[0-9A-Za-z]{32})([0-9A-Za-z]{6})"
)
_NO_DIGEST = b"0" * 64

Network = IPv4Network | IPv6Network


class KeyRecord(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is kept of a key; the key itself is not.

    Args:
        id: the eight characters that name it, safe to log.
        digest: SHA-256 of the whole key, lower-case hex.
        owner: the person or service it acts for.
        expires: unix seconds, always set.
        not_before: unix seconds before which it is not accepted.
        networks: CIDRs it may come from; anywhere when empty.
        certificate: thumbprint (`x5t#S256`) of the client certificate that must come with it.
        revoked: unix seconds of its revocation, 0 while it is good.
        replaces: id of the key it was rotated from.
        note: what it is for, in the owner's words.
    """

    id: str
    digest: str
    owner: str
    expires: float
    env: str = "live"
    kind: str = "key"
    created: float = 0.0
    not_before: float = 0.0
    scopes: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    tenant: str = ""
    networks: tuple[str, ...] = ()
    certificate: str = ""
    revoked: float = 0.0
    replaces: str = ""
    note: str = ""


class KeyRecordError(ValueError):
    """A record that cannot be used; `message` is one line."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class HeldKey(Struct, frozen=True):
    """A record made ready: parsed networks and the principal it proves."""

    record: KeyRecord
    digest: bytes
    networks: tuple[Network, ...]
    verified: Verified


KeyBook = dict[str, HeldKey]


def build_key(env: str, kind: str, id_: str, secret: str) -> str:
    """Join the parts and their checksum; `secret` is 32 random characters of `ALPHABET`."""
    body = f"yett_{env}_{kind}_{id_}_{secret}"
    return body + checksum(body.encode()).decode()


def checksum(body: bytes) -> bytes:
    """Return the CRC-32 of everything before it, as six base-62 digits."""
    value, digits = zlib.crc32(body), ""
    for _ in range(CHECKSUM_CHARS):
        value, digit = divmod(value, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits.encode()


def digest_of(key: bytes) -> str:
    """Return what is kept of a key."""
    return hashlib.sha256(key).hexdigest()


def key_id(text: bytes) -> str:
    """Return the id of a key that is spelled right, or an empty string; asks nobody."""
    match = _KEY.fullmatch(text)
    return match[2].decode() if match is not None and checksum(match[1]) == match[3] else ""


def hold(records: tuple[KeyRecord, ...]) -> KeyBook:
    """Make records ready to be asked.

    Raises:
        KeyRecordError: a record is contradictory, or two share an id.
    """
    book: KeyBook = {}
    for record in records:
        if record.id in book:
            raise KeyRecordError(f"key `{record.id}` is there twice")
        book[record.id] = _held(record)
    return book


def _held(record: KeyRecord) -> HeldKey:
    if not re.fullmatch(r"[0-9A-Za-z]{8}", record.id):
        raise KeyRecordError(f"`{record.id}` is not a key id")
    if not re.fullmatch(r"[0-9a-f]{64}", record.digest):
        raise KeyRecordError(f"key `{record.id}` has no SHA-256 digest")
    if not is_identifier(record.owner) or (record.tenant and not is_identifier(record.tenant)):
        raise KeyRecordError(f"key `{record.id}` needs an owner, in printable characters")
    if not all(is_identifier(one) and " " not in one for one in (*record.scopes, *record.roles)):
        raise KeyRecordError(f"key `{record.id}` has a scope or role that is not a word")
    if not 0 < record.expires < float("inf"):
        raise KeyRecordError(f"key `{record.id}` needs an expiry")
    if record.certificate and not is_thumbprint(record.certificate):
        raise KeyRecordError(f"key `{record.id}` is bound to what is no thumbprint")
    principal = Principal(
        id=record.owner,
        kind="key",
        issuer=ISSUER,
        tenant=record.tenant,
        scopes=frozenset(record.scopes),
        roles=frozenset(record.roles),
        credential=record.id,
        scheme="api_key",
        expires=record.expires,
        claims={"iat": record.created},  # what revocation cut-offs compare
        binding=f"x5t:{record.certificate}" if record.certificate else "",
    )
    return HeldKey(record, record.digest.encode(), _networks(record), Verified(principal))


def _networks(record: KeyRecord) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(text) for text in record.networks)
    except ValueError:
        raise KeyRecordError(f"key `{record.id}` has a network that is not a CIDR") from None


def verify_key(text: bytes, book: KeyBook, now: float, source: str) -> Verified | Problem:
    """Verify a presented key.

    Args:
        text: as presented.
        book: from `hold`.
        now: unix seconds.
        source: address of the client, empty when unknown; then a key bound to networks is refused.
    """
    id_ = key_id(text)
    if not id_:
        return _refuse("the API key is misspelled")
    held = book.get(id_)
    # An unknown id costs the same hash and comparison as a known one (CWE-208).
    digest = _NO_DIGEST if held is None else held.digest
    if not compare_digest(digest_of(text).encode(), digest) or held is None:
        return _refuse("no such API key")
    record = held.record
    if record.revoked:
        return CREDENTIAL_REVOKED(note=f"API key {id_}", headers=API_KEY_CHALLENGE)
    if now >= record.expires:
        return expired(API_KEY_CHALLENGE)
    if now < record.not_before:
        return _refuse(f"API key {id_} is not valid yet")
    if held.networks and not _is_within(source, held.networks):
        return _refuse(f"API key {id_} came from an address outside its networks")
    return held.verified


def _is_within(source: str, networks: tuple[Network, ...]) -> bool:
    try:
        address = ip_address(source)
    except ValueError:
        return False
    # ::ffff:192.0.2.1 on a dual-stack socket is 192.0.2.1.
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in network for network in networks)


def _refuse(note: str) -> Problem:
    return invalid(note, API_KEY_CHALLENGE)
