"""What of a request's fields goes on, and what the gate says about the client itself.

Hop-by-hop fields end here (RFC 9110 s7.6.1); so does everything by which a client could speak for a
proxy (X-Forwarded-*, X-Original-URL, method overrides, yett's own, each with its `_` spelling:
CVE-2025-47952, CVE-2026-39858, GHSA-vhr5-ggp3-qq85), or name a certificate that nobody has checked
(CVE-2024-10039), unless the peer is a trusted proxy: then its X-Forwarded-For, X-Forwarded-Proto
and, if configured, Client-Cert are read once, and still never passed on as they came.
"""

from __future__ import annotations

import functools
import ipaddress
import re

from msgspec import Struct

from yett.policy.approvals import APPROVAL_FIELD
from yett.problems import LOOP_DETECTED, MALFORMED_REQUEST, Problem
from yett.terms import Certificate
from yett.wire.client_cert import CLIENT_CERT, read_client_cert
from yett.wire.fields import Fields

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_HOP_BY_HOP = frozenset(
    b"connection expect keep-alive proxy-authenticate proxy-authorization proxy-connection te "
    b"trailer transfer-encoding upgrade http2-settings".split()
)
_SPOOFABLE = frozenset(
    b"cf-connecting-ip cf-connecting-ipv6 client-ip fastly-client-ip fly-client-ip forwarded "
    b"forwarded-for front-end-https proxy true-client-ip via x-arr-ssl x-azure-clientip "
    b"x-azure-socketip x-client-ip x-cluster-client-ip x-envoy-external-address x-forward-for "
    b"x-forwarded x-host x-http-destinationurl x-http-method "
    b"x-http-method-override x-method-override x-original-for x-original-forwarded-for "
    b"x-original-host x-original-method x-original-path x-original-proto x-original-remote-addr "
    b"x-original-uri x-original-url x-originating-ip x-override-url x-proxyuser-ip x-real-ip "
    b"x-remote-addr x-remote-ip x-rewrite-uri x-rewrite-url x-scheme x-url-scheme".split()
)
_SPOOFABLE_PREFIXES = (b"x-forwarded-", b"yett-", b"x-yett-")
# How proxies tell a service of a verified client certificate: RFC 9440, nginx and its ingress,
# HAProxy, Apache, AWS, Azure, Cloudflare, Google; Envoy's and Traefik's begin with X-Forwarded-.
_CERTIFICATE_PREFIXES = (
    b"cf-client-cert",
    b"client-cert",
    b"ssl-client-",
    b"ssl-cert",
    b"tls-client-",
    b"x-amzn-mtls-",
    b"x-arr-clientcert",
    b"x-client-cert",
    b"x-client-dn",
    b"x-client-verify",
    b"x-mtls-",
    b"x-ssl-",
    b"x-tls-client-",
)
_PREFIXES = _SPOOFABLE_PREFIXES + _CERTIFICATE_PREFIXES
# A client that has these removed on the way changes who it is to the service: Caddy drops
# Authorization for `Connection: Authorization` (notes/edge.md 2.2).
_NOT_REMOVABLE = frozenset(b"authorization content-length content-type cookie host origin".split())
# `1.2.3.4:5678` and `[::1]:5678`, as some proxies write a hop.
_HOP = re.compile(r"(?:(\d{1,3}(?:\.\d{1,3}){3})|\[([0-9A-Fa-f:.]+)\]):\d{1,5}")

MAX_ADDRESSES_REMEMBERED = 4096


class Peer(Struct, frozen=True):
    """The other end of the connection: canonical address, whether it was TLS and is trusted."""

    address: str
    secure: bool
    trusted: bool


class Hop(Struct, frozen=True):
    """What reading a head needs to know of the hop: the peer, whom to trust, our name in `Via`.

    `client_cert` says whether the client's certificate is what a trusted proxy says it is.
    """

    peer: Peer
    trusted: tuple[Network, ...]
    pseudonym: bytes
    client_cert: bool = False


class Passed(Struct, frozen=True):
    """Fields after the hop.

    Args:
        headers: what rules may look at: what goes on, plus `host` and `content-length`.
        block: ready field lines for the upstream, without framing fields, `Host` and request id.
        source: the client's address.
        secure: whether the client's own hop was TLS.
        certificate: the client's, as a trusted proxy verified it; None where none says so.
    """

    headers: dict[bytes, bytes]
    block: bytes
    source: str
    secure: bool
    certificate: Certificate | None = None


def pass_fields(fields: Fields, hop: Hop) -> Passed | Problem:
    """Drop what ends at this hop, and add what the gate vouches for.

    Args:
        fields: the checked fields of the request.
        hop: the other end of the connection, whom to trust, and this gate's name in `Via`, for
            loop detection (RFC 9110 s7.6.3).
    """
    headers, peer, pseudonym = fields.headers, hop.peer, hop.pseudonym
    via = headers.get(b"via", b"")
    if pseudonym in via:
        return LOOP_DETECTED()
    named = fields.named
    if named and any(name in _NOT_REMOVABLE or spoken_for(name) for name in named):
        return MALFORMED_REQUEST("`connection` names a field that must not be removed", close=True)
    source, secure = (
        (peer.address, peer.secure) if not peer.trusted else _behind(headers, peer, hop.trusted)
    )
    certificate = _vouched(headers, hop)
    if isinstance(certificate, Problem):
        return certificate
    kept: dict[bytes, bytes] = {}
    lines: list[bytes] = []
    for name, value in headers.items():
        if name in _HOP_BY_HOP or name in named or spoken_for(name):
            if name == APPROVAL_FIELD:
                kept[name] = value  # for the gate itself: no line of it goes on
            continue
        kept[name] = value
        if name not in _REWRITTEN:
            lines.append(b"%b: %b\r\n" % (name, value))
    lines.append(
        b"x-forwarded-for: %b\r\nx-forwarded-proto: %b\r\nx-forwarded-host: %b\r\nvia: %b1.1 %b\r\n"
        % (
            source.encode(),
            b"https" if secure else b"http",
            fields.authority.encode(),
            via + b", " if via else b"",
            pseudonym,
        )
    )
    return Passed(kept, b"".join(lines), source, secure, certificate)


_REWRITTEN = frozenset((b"host", b"content-length"))


def spoken_for(name: bytes) -> bool:
    """Whether only a proxy may say this field, in any spelling."""
    dashed = name.replace(b"_", b"-")
    return dashed in _SPOOFABLE or dashed.startswith(_PREFIXES)


@functools.lru_cache(MAX_ADDRESSES_REMEMBERED)
def canonical_address(text: str) -> str:
    """Write an address one way; IPv4 in IPv6 becomes IPv4; what is no address becomes `unix`."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return "unix"
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def is_trusted(address: str, trusted: tuple[Network, ...]) -> bool:
    """Whether a canonical address lies in a trusted network."""
    if not trusted or address == "unix":
        return False
    parsed = ipaddress.ip_address(address)
    return any(parsed.version == network.version and parsed in network for network in trusted)


def _vouched(headers: dict[bytes, bytes], hop: Hop) -> Certificate | Problem | None:
    """Read the client's certificate where the proxy's word counts for it."""
    value = headers.get(CLIENT_CERT) if hop.client_cert and hop.peer.trusted else None
    return None if value is None else read_client_cert(value)


def _behind(
    headers: dict[bytes, bytes], peer: Peer, trusted: tuple[Network, ...]
) -> tuple[str, bool]:
    """Find the right-most hop that is not a trusted proxy; anything left of it is hearsay."""
    source = peer.address
    hops = headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")
    for hop in reversed(hops[-32:]):
        match = _HOP.fullmatch(hop.strip())
        address = canonical_address((match[1] or match[2]) if match else hop.strip())
        if address == "unix":
            break
        source = address
        if not is_trusted(address, trusted):
            break
    scheme = headers.get(b"x-forwarded-proto", b"").rpartition(b",")[2].strip().lower()
    return source, peer.secure if scheme not in {b"http", b"https"} else scheme == b"https"
