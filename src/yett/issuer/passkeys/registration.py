"""A passkey that is made: options for the browser, and whether what comes back is one.

Discoverable, with user verification, of an algorithm that is listed here. No attestation is asked
for: which authenticators there are is recorded (AAGUID), not judged, and no chain of a vendor is
followed. WebAuthn L3 s7.1; its step numbers stand in docs/conformance/webauthn.md.
"""

from __future__ import annotations

from typing import Any

import webauthn
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from sqlalchemy import Connection
from webauthn.helpers import (
    decode_credential_public_key,
    decoded_public_key_to_cryptography,
    parse_attestation_object,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.registration.verify_registration_response import VerifiedRegistration

from yett.credentials.passkeys.client_data import CREATE, read_client_data
from yett.credentials.passkeys.shown import Attestation, encode, read_attestation
from yett.issuer.passkeys.challenge import (
    TIMEOUT_MILLISECONDS,
    Ceremony,
    is_good,
    spend_challenge,
)
from yett.issuer.passkeys.makers import maker_of
from yett.issuer.server import Server
from yett.state.accounts.notices import note_person
from yett.state.accounts.passkeys import (
    MAX_LABEL_CHARACTERS,
    MAX_PASSKEYS_PER_USER,
    Passkey,
    add_passkey,
    count_passkeys,
)
from yett.state.accounts.users import User

MIN_RSA_BITS = 2048

# In the order of preference. RS256 is all that TPMs of older Windows machines can do.
ALGORITHMS = (
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
)
# `packed` is what a browser leaves of a self attestation; other statements were not asked for.
FORMATS = ("none", "packed")


def creation_options(
    server: Server, user: User, known: list[Passkey], challenge: bytes
) -> dict[str, Any]:
    """Return what the page gives to `navigator.credentials.create`.

    Args:
        server: the relying party.
        user: whose passkey it becomes; the handle is the id, which says nothing of the person.
        known: passkeys of the user: no device makes a second one beside them.
        challenge: of this ceremony.
    """
    return {
        "rp": {"id": server.rp_id, "name": server.rp_id},
        "user": {
            "id": encode(user.id.encode()),
            "name": user.login,
            "displayName": user.name or user.login,
        },
        "challenge": encode(challenge),
        "pubKeyCredParams": [{"type": "public-key", "alg": int(one)} for one in ALGORITHMS],
        "timeout": TIMEOUT_MILLISECONDS,
        "attestation": "none",
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
        "excludeCredentials": [
            {"type": "public-key", "id": one.id, "transports": list(one.transports)}
            for one in known
        ],
    }


def register(
    server: Server,
    tx: Connection,
    text: str,
    ceremony: Ceremony,
    *,
    user: User,
    label: str,
    now: float,
) -> Passkey | str:
    """Verify what a page sent, use its challenge up, and keep the passkey.

    Args:
        server: whose origin and relying party it must be for.
        tx: a transaction that writes.
        text: JSON of the page.
        ceremony: what the challenge must be for.
        user: whose it becomes.
        label: what its owner calls it; empty for what the authenticator is called.
        now: unix seconds.

    Returns:
        The passkey, or why not: for the record, never for the person.
    """
    made = read_attestation(text)
    if isinstance(made, str):
        return made
    data = read_client_data(made.client_data, CREATE, server.origin)
    if isinstance(data, str):
        return data
    if not is_good(server, data.challenge, ceremony, now):
        return "the challenge is not of this ceremony, or has expired"
    verified = verify(server, made, data.challenge)
    if isinstance(verified, str):
        return verified
    if not spend_challenge(tx, data.challenge, now):
        return "the challenge has been used"
    if count_passkeys(tx, user.id) >= MAX_PASSKEYS_PER_USER:
        return f"nobody has more than {MAX_PASSKEYS_PER_USER} passkeys"
    passkey = _passkey(verified, made, user, label, now)
    if not add_passkey(tx, passkey):
        return "this passkey is, or was, registered"
    note_person(
        tx,
        "passkey-added",
        user.id,
        now=now,
        issuer=server.url,
        credential=passkey.id,
        text=f"aaguid {passkey.aaguid}",
    )
    return passkey


def verify(server: Server, made: Attestation, challenge: bytes) -> VerifiedRegistration | str:
    """Verify what an authenticator made, or say why not; nothing is kept."""
    try:
        if parse_attestation_object(made.attestation).fmt not in FORMATS:
            return "an attestation was sent that nobody asked for"
        verified = webauthn.verify_registration_response(
            credential=made.fields(),
            expected_challenge=challenge,
            expected_rp_id=server.rp_id,
            expected_origin=server.origin,
            require_user_verification=True,
            supported_pub_key_algs=list(ALGORITHMS),
        )
        if encode(verified.credential_id) != made.id:
            return "the passkey has another id than it says"
        return verified if _is_strong(verified) else "the key is too weak, or of another curve"
    except Exception as error:  # noqa: BLE001 - whatever a parser of strangers' bytes raises
        return f"the attestation does not verify ({type(error).__name__})"


def _is_strong(verified: VerifiedRegistration) -> bool:
    """Say whether the key is of the size and curve that its algorithm stands for (s5.8.5)."""
    decoded = decode_credential_public_key(verified.credential_public_key)
    key = decoded_public_key_to_cryptography(decoded)
    if isinstance(key, EllipticCurvePublicKey):
        return isinstance(key.curve, SECP256R1)
    if isinstance(key, RSAPublicKey):
        return key.key_size >= MIN_RSA_BITS
    return isinstance(key, Ed25519PublicKey)


def _passkey(
    verified: VerifiedRegistration, made: Attestation, user: User, label: str, now: float
) -> Passkey:
    return Passkey(
        id=made.id,
        user=user.id,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
        aaguid=verified.aaguid,
        transports=made.transports,
        backup_eligible=verified.credential_device_type == "multi_device",
        backed_up=verified.credential_backed_up,
        label=(label.strip() or maker_of(verified.aaguid))[:MAX_LABEL_CHARACTERS],
        created=now,
    )
