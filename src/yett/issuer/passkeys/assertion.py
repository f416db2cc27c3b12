"""A passkey that is shown: options for the browser, and whether what comes back proves a person.

`prove` is a whole ceremony in one transaction; what a signature covers is `credentials.passkeys`. A
refusal is a value, because what was found out (a copied passkey) must be committed. WebAuthn L3
s7.2; its step numbers stand in docs/conformance/webauthn.md.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from sqlalchemy import Connection

from yett.credentials.passkeys.client_data import GET, read_client_data
from yett.credentials.passkeys.shown import Assertion, encode, read_assertion
from yett.issuer.passkeys.challenge import (
    TIMEOUT_MILLISECONDS,
    Ceremony,
    is_good,
    spend_challenge,
)
from yett.issuer.server import Server
from yett.state.accounts.assertions import note_refused, see, use
from yett.state.accounts.passkeys import Passkey, find_passkey


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
        note_refused(tx, server.url, passkey, proof, now)
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
    seen = see(server.site, passkey, shown, challenge, user=user)
    if isinstance(seen, str):
        return seen
    if not spend_challenge(tx, challenge, now):
        return "the challenge has been used"
    reason = use(tx, passkey, seen, now)
    if reason:
        return reason
    kind = "swk" if seen.backup_eligible else "hwk"
    return Proof(passkey=passkey, shown=shown, amr=(kind, "user", "pop"))
