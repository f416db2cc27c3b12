"""How sure we are of who signs in: three values of `acr`, in order, and what makes them.

See RFC 9470 (`acr_values`), RFC 8176 (`amr`), NIST SP 800-63B s5.1. A value that is not listed here
is reached by nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

SINGLE_FACTOR = "urn:yett:single-factor"
MULTI_FACTOR = "urn:yett:multi-factor"
PHISHING_RESISTANT = "urn:yett:phishing-resistant"

ORDER: tuple[str, ...] = (SINGLE_FACTOR, MULTI_FACTOR, PHISHING_RESISTANT)

# Two factors of different kinds: what is known and what is had. A recovery code (`kba`) is a way
# back in, never a second factor.
_KNOWN = frozenset({"pwd", "pin"})
_HAD = frozenset({"otp", "hwk", "swk", "sms"})


def reaches(acr: str, wanted: Iterable[str]) -> bool:
    """Say whether a sign-in is at least as good as one of the wanted values; true for none."""
    values = tuple(wanted)
    if not values:
        return True
    levels = [ORDER.index(value) for value in values if value in ORDER]
    return acr in ORDER and any(ORDER.index(acr) >= level for level in levels)


def acr_of(amr: Iterable[str]) -> str:
    """Return what methods other than a passkey amount to; a passkey says so itself."""
    used = frozenset(amr)
    return MULTI_FACTOR if used & _KNOWN and used & _HAD else SINGLE_FACTOR
