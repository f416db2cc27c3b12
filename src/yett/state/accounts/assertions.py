"""What a passkey has signed, held against the store: whose it is, its counter, its use put down.

The same for a sign-in and for a vote on an approval. Refusals are values, because what was found
out (a copied passkey) must be committed. Whether the challenge was due is for who made it.
WebAuthn L3 s7.2 steps 6, 18, 22 and 24.
"""

from __future__ import annotations

from sqlalchemy import Connection

from yett.credentials.passkeys.shown import Assertion
from yett.credentials.passkeys.signature import Seen, Site, verify
from yett.state.accounts.notices import note
from yett.state.accounts.passkeys import Passkey, use_passkey
from yett.terms import Event

COPIED = "the counter went back: the passkey may have been copied"
SOMEBODY_ELSE = "the passkey belongs to somebody else"


def see(
    site: Site, passkey: Passkey, shown: Assertion, challenge: bytes, *, user: str
) -> Seen | str:
    """Verify that a passkey's owner has signed a challenge, or say why not.

    Args:
        site: whose origin and relying party it must be for.
        passkey: by which it says it was signed.
        shown: what was signed.
        challenge: exactly what must have been signed.
        user: whose passkey it must be; empty where nobody was named, then it must name its owner.
    """
    if not _belongs(passkey, shown, user):
        return SOMEBODY_ELSE
    seen = verify(site, passkey.public_key, shown, challenge)
    if isinstance(seen, Seen) and seen.backup_eligible != passkey.backup_eligible:
        return "the passkey has changed whether it may be copied"
    return seen


def use(tx: Connection, passkey: Passkey, seen: Seen, now: float) -> str:
    """Move the counter and put the use down; answers why not, or nothing."""
    counts = seen.sign_count > 0 or passkey.sign_count > 0
    if counts and seen.sign_count <= passkey.sign_count:
        return COPIED
    used = use_passkey(tx, passkey, sign_count=seen.sign_count, backed_up=seen.backed_up, now=now)
    return "" if used else "the passkey was used elsewhere at the same time, or revoked"


def note_refused(tx: Connection, issuer: str, passkey: Passkey, reason: str, now: float) -> None:
    """Tell the ledger; of passkeys that are known only, so that strangers do not fill it.

    A counter that went back: two authenticators may hold one key (WebAuthn L3 s6.1.1).
    """
    event = Event(
        time=now,
        request="",
        kind="passkey-cloned" if reason == COPIED else "passkey-refused",
        principal=passkey.user,
        principal_kind="user",
        issuer=issuer,
        credential=passkey.id,
        verdict="refuse",
        note=reason,
    )
    note(tx, event)


def _belongs(passkey: Passkey, shown: Assertion, user: str) -> bool:
    """Compare the owner with whom it is for, and with whom the passkey names (step 6)."""
    named = shown.user == passkey.user.encode()
    return named if not user else passkey.user == user and (named or not shown.user)
