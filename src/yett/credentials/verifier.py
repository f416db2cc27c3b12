"""What verifying a credential answers; the type every file in this room returns."""

from __future__ import annotations

from msgspec import Struct

from yett.terms import Principal


class Verified(Struct, frozen=True):
    """Either a principal, or the key that has to be fetched before the answer is known.

    Args:
        principal: who it is; None while a key is missing.
        issuer: the configured issuer whose keys are needed.
        kid: the key id that was not found; unverified, so it is looked up and never shown.
        opaque: the issuer itself has to be asked about the token (RFC 7662), no key will help.
    """

    principal: Principal | None
    issuer: str = ""
    kid: str = ""
    opaque: bool = False
