"""A passkey that is shown: options for the browser, and whether what comes back proves a person.

`verify` is the signature and what it covers, also for approvals; `prove` is a whole ceremony in one
transaction. A refusal is a value, because what was found out (a copied passkey) must be committed.
WebAuthn L3 s7.2; its step numbers stand in docs/conformance/webauthn.md.
"""

from __future__ import annotations

import hmac
from typing import Any

import webauthn
from msgspec import Struct
from sqlalchemy import Connection

from yett.issuer.passkeys.challenge import Ceremony, is_good, spend_challenge
from yett.issuer.passkeys.client_data import GET, read_client_data
from yett.issuer.passkeys.shown import Assertion, encode, read_assertion
from yett.issuer.server import Server
from yett.state.accounts.notices import note
from yett.state.accounts.passkeys import Passkey, find_passkey, use_passkey
from yett.terms import Event

TIMEOUT_MILLISECONDS = 300_000
COPIED = "the counter went back: the passkey may have been copied"


class Proof(Struct, frozen=True, kw_only=True):
    """What a ceremony has shown.

    Args:
        passkey: with which, as it was before.
        shown: what was signed, for evidence.
        amr: RFC 8176: `hwk` for one that stays on its device, `swk` for one that is copied.
    """

    passkey: Passkey
    shown: Assertion
    amr: tuple[str, ...]


class Seen(Struct, frozen=True):
    """What the authenticator says under its signature."""

    sign_count: int
    backup_eligible: bool
    backed_up: bool


def request_options(
    server: Server, challenge: bytes, passkeys: list[Passkey] | None = None
) -> dict[str, Any]:
    """Return what the page gives to `navigator.credentials.get`.

    Without `passkeys` any discoverable one of this site does: nobody types a name, and the page
    does not tell whose passkeys there are (WebAuthn L3 s14.6.2).
    """
    listed = [
        {"type": "public-key", "id": one.id, "transports": list(one.transports)}
        for one in passkeys or ()
    ]
    return {
        "challenge": encode(challenge),
        "rpId": server.rp_id,
        "timeout": TIMEOUT_MILLISECONDS,
        "userVerification": "required",
        "allowCredentials": listed,
    }


def prove(
    server: Server,
    tx: Connection,
    text: str,
    ceremony: Ceremony,
    *,
    now: float,
    user: str = "",
) -> Proof | str:
    """Verify what a page sent, use its challenge up, and move the passkey's counter.

    Args:
        server: whose origin and relying party it must be for.
        tx: a transaction that writes, and is committed also when this refuses.
        text: JSON of the page.
        ceremony: what the challenge must be for.
        now: unix seconds.
        user: whose passkey it must be; empty where nobody was named, then it must name its owner.

    Returns:
        The proof, or why not: for the record, never for the person.
    """
    shown = read_assertion(text)
    if isinstance(shown, str):
        return shown
    data = read_client_data(shown.client_data, GET, server.origin)
    if isinstance(data, str):
        return data
    if not is_good(server, data.challenge, ceremony, now):
        return "the challenge is not of this ceremony, or has expired"
    passkey = find_passkey(tx, shown.id)
    if passkey is None or passkey.revoked:
        return "the passkey is not known, or revoked"
    proof = _prove(server, tx, passkey, shown, data.challenge, now=now, user=user)
    if isinstance(proof, str):
        _note_refused(server, tx, passkey, proof, now)
    return proof


def _prove(
    server: Server,
    tx: Connection,
    passkey: Passkey,
    shown: Assertion,
    challenge: bytes,
    *,
    now: float,
    user: str,
) -> Proof | str:
    if not _belongs(passkey, shown, user):
        return "the passkey belongs to somebody else"
    seen = verify(server, passkey, shown, challenge)
    if isinstance(seen, str):
        return seen
    if not spend_challenge(tx, challenge, now):
        return "the challenge has been used"
    return _use(tx, passkey, shown, seen, now)


def verify(server: Server, passkey: Passkey, shown: Assertion, challenge: bytes) -> Seen | str:
    """Verify a signature and everything it covers but the counter; or say why not.

    Args:
        server: whose origin and relying party it must be for.
        passkey: whose key must have signed.
        shown: what was signed.
        challenge: exactly what must have been signed, such as the digest of an approval.
    """
    data = read_client_data(shown.client_data, GET, server.origin)
    if isinstance(data, str):
        return data
    if not hmac.compare_digest(data.challenge, challenge):
        return "the challenge is another one"
    try:
        verified = webauthn.verify_authentication_response(
            credential=shown.fields(),
            expected_challenge=challenge,
            expected_rp_id=server.rp_id,
            expected_origin=server.origin,
            credential_public_key=passkey.public_key,
            # Compared in `_use`, after the signature: a forgery must not look like a copied key.
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except Exception as error:  # noqa: BLE001 - whatever a parser of strangers' bytes raises
        return f"the assertion does not verify ({type(error).__name__})"
    eligible = verified.credential_device_type == "multi_device"
    if eligible != passkey.backup_eligible:
        return "the passkey has changed whether it may be copied"
    return Seen(verified.new_sign_count, eligible, verified.credential_backed_up)


def _belongs(passkey: Passkey, shown: Assertion, user: str) -> bool:
    """Compare the owner with whom the ceremony is for, and with whom the passkey names (step 6)."""
    named = shown.user == passkey.user.encode()
    return named if not user else passkey.user == user and (named or not shown.user)


def _use(tx: Connection, passkey: Passkey, shown: Assertion, seen: Seen, now: float) -> Proof | str:
    counts = seen.sign_count > 0 or passkey.sign_count > 0
    if counts and seen.sign_count <= passkey.sign_count:
        return COPIED
    used = use_passkey(tx, passkey, sign_count=seen.sign_count, backed_up=seen.backed_up, now=now)
    if not used:
        return "the passkey was used elsewhere at the same time, or revoked"
    kind = "swk" if seen.backup_eligible else "hwk"
    return Proof(passkey=passkey, shown=shown, amr=(kind, "user", "pop"))


def _note_refused(
    server: Server, tx: Connection, passkey: Passkey, reason: str, now: float
) -> None:
    """Tell the ledger; of passkeys that are known only, so that strangers do not fill it.

    A counter that went back: two authenticators may hold one key (WebAuthn L3 s6.1.1).
    """
    event = Event(
        time=now,
        request="",
        kind="passkey-cloned" if reason == COPIED else "passkey-refused",
        principal=passkey.user,
        principal_kind="user",
        issuer=server.url,
        credential=passkey.id,
        verdict="refuse",
        note=reason,
    )
    note(tx, event)
