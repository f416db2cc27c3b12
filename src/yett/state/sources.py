"""Which addresses count as one source: IPv4 by address, IPv6 by /64.

A household or a server gets a whole /64 (RFC 6177, RFC 7421), so counting single IPv6 addresses
gives an attacker 2^64 quotas. Addresses that embed an IPv4 address would do the opposite and put
strangers into one /64: they count by what they embed.
"""

from __future__ import annotations

from socket import AF_INET, AF_INET6, inet_ntop, inet_pton

_MAPPED = bytes(10) + b"\xff\xff"  # ::ffff:0:0/96, RFC 4291 s2.5.5.2
_NAT64 = bytes.fromhex("0064ff9b") + bytes(8)  # 64:ff9b::/96, RFC 6052 s2.1


def fold(address: str) -> str:
    """Name the source that an address belongs to; what is no address is its own source."""
    if ":" not in address:
        return address
    try:
        packed = inet_pton(AF_INET6, address.partition("%")[0])
    except (OSError, ValueError):
        return address
    if packed[:12] == _MAPPED or packed[:12] == _NAT64:
        return inet_ntop(AF_INET, packed[12:])
    return f"{packed[:8].hex()}/64"
