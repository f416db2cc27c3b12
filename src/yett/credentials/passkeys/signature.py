"""Whether a passkey has signed a challenge here: the signature and everything it covers.

Given the public key and the site; the counter, the owner and whether it is revoked are for who has
the store. WebAuthn L3 s7.2 steps 8-21.
"""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

import webauthn
from msgspec import Struct

from yett.credentials.passkeys.client_data import GET, read_client_data
from yett.credentials.passkeys.shown import Assertion


class Site(Struct, frozen=True):
    """The relying party: its id, a host, and the one origin whose pages may ask."""

    rp_id: str
    origin: str


class Seen(Struct, frozen=True):
    """What the authenticator says under its signature."""

    sign_count: int
    backup_eligible: bool
    backed_up: bool


def site_of(url: str) -> Site:
    """Return the site of an issuer: the host of its URL, and where that stands."""
    parts = urlsplit(url)
    return Site(parts.hostname or "", f"{parts.scheme}://{parts.netloc}")


def verify(site: Site, public_key: bytes, shown: Assertion, challenge: bytes) -> Seen | str:
    """Verify an assertion, or say why not.

    Args:
        site: whose origin and relying party it must be for.
        public_key: COSE_Key, CBOR: whose key must have signed.
        shown: what was signed.
        challenge: exactly what must have been signed.
    """
    data = read_client_data(shown.client_data, GET, site.origin)
    if isinstance(data, str):
        return data
    if not hmac.compare_digest(data.challenge, challenge):
        return "the challenge is another one"
    try:
        verified = webauthn.verify_authentication_response(
            credential=shown.fields(),
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            credential_public_key=public_key,
            # Compared by who keeps it, after the signature: a forgery is no copied key.
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except Exception as error:  # noqa: BLE001 - whatever a parser of strangers' bytes raises
        return f"the assertion does not verify ({type(error).__name__})"
    eligible = verified.credential_device_type == "multi_device"
    return Seen(verified.new_sign_count, eligible, verified.credential_backed_up)
