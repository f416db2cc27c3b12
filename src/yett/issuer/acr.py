"""How sure we are of who signs in: three values of `acr`, in order.

Each way of signing in says which it reaches; a recovery code is one factor, whatever stands beside
it. RFC 9470 (`acr_values`), NIST SP 800-63B s5.1. A value that is not listed is reached by nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

SINGLE_FACTOR = "urn:yett:single-factor"
MULTI_FACTOR = "urn:yett:multi-factor"
PHISHING_RESISTANT = "urn:yett:phishing-resistant"

ORDER: tuple[str, ...] = (SINGLE_FACTOR, MULTI_FACTOR, PHISHING_RESISTANT)


def reaches(acr: str, wanted: Iterable[str]) -> bool:
    """Say whether a sign-in is at least as good as one of the wanted values; true for none."""
    values = tuple(wanted)
    if not values:
        return True
    levels = [ORDER.index(value) for value in values if value in ORDER]
    return acr in ORDER and any(ORDER.index(acr) >= level for level in levels)
