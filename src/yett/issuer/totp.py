"""Codes by time as a second factor (TOTP, RFC 6238): HMAC-SHA-1, six digits, 30 seconds.

What every authenticator app knows; SHA-1 is not weak inside HMAC (RFC 6194 s3.3). One step before
and after is accepted for clocks that differ (s5.2), and each step once, ever. The secret is sealed
in the store, and shown once as text and as an `otpauth:` link: no image of it is made or fetched.
It can be phished, so it never makes a sign-in phishing-resistant.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from urllib.parse import quote, urlencode

from msgspec import Struct
from sqlalchemy import Connection

from yett.issuer.server import Server
from yett.state.accounts.notices import note_person
from yett.state.accounts.totps import drop_totp, find_totp, put_totp, use_step
from yett.state.errors import StateError

SECRET_BYTES = 20  # 160 bits (RFC 4226 s4 R6)
DIGITS = 6
STEP_SECONDS = 30
WINDOW = (-1, 0, 1)
DRAFT_SECONDS = 900.0


class Draft(Struct, frozen=True, kw_only=True):
    """A secret that waits for its first code.

    Args:
        secret: base32, for a person to type.
        uri: the `otpauth:` link, for an app.
        sealed: what the page sends back with the code; opens only for this account and session.
    """

    secret: str
    uri: str
    sealed: str


def draft(server: Server, user: str, login: str, holder: str, now: float) -> Draft:
    """Make a secret; nothing is kept until a code proves that the app has it.

    Args:
        server: seals it.
        user: the account's id.
        login: shown in the app.
        holder: the session or ticket that may confirm it.
        now: unix seconds.
    """
    secret = secrets.token_bytes(SECRET_BYTES)
    until = int(now + DRAFT_SECONDS).to_bytes(8)
    sealed = server.box.seal(until + secret, _draft_name(user, holder))
    return _shown(server, secret, login, base64.urlsafe_b64encode(sealed).decode())


def redraft(
    server: Server, user: str, login: str, *, holder: str, sealed: str, now: float
) -> Draft | None:
    """Show a drafted secret again, after a mistyped code; None when it is not of this place."""
    secret = _open_draft(server, user, holder, sealed, now)
    return None if secret is None else _shown(server, secret, login, sealed)


def confirm(
    server: Server,
    tx: Connection,
    user: str,
    *,
    holder: str,
    sealed: str,
    code: str,
    now: float,
) -> bool:
    """Take a drafted secret into use if the code shows that the app has it.

    Args:
        server: opens what it sealed.
        tx: the transaction.
        user: the account's id.
        holder: as in `draft`.
        sealed: as it came back from the page.
        code: from the app; it is used up.
        now: unix seconds.
    """
    secret = _open_draft(server, user, holder, sealed, now)
    step = find_step(secret, code, now) if secret else None
    if secret is None or step is None:
        return False
    put_totp(tx, user, server.box.seal(secret, f"totp:{user}"), step, now)
    note_person(tx, "second-factor-added", user, now=now)
    return True


def verify(server: Server, tx: Connection, user: str, code: str, now: float) -> bool:
    """Use up a code of an account; False when it is wrong, used, or the account has no factor."""
    held = find_totp(tx, user)
    if held is None:
        return False
    step = find_step(server.box.open(held.secret, f"totp:{user}"), code, now)
    return step is not None and use_step(tx, user, step)


def remove(tx: Connection, user: str, now: float, by: str) -> bool:
    """Take the second factor from an account; False when it had none."""
    gone = drop_totp(tx, user)
    if gone:
        note_person(tx, "second-factor-removed", user, now=now, text=f"by {by}")
    return gone


def find_step(secret: bytes, code: str, now: float) -> int | None:
    """Return the time step of a code that is good now; all are compared, in constant time."""
    typed = code.replace(" ", "").encode("utf-8", "replace")
    found = None
    for offset in WINDOW:
        step = int(now // STEP_SECONDS) + offset
        if step > 0 and hmac.compare_digest(code_at(secret, step).encode(), typed):
            found = step
    return found


def code_at(secret: bytes, step: int, digits: int = DIGITS) -> str:
    """Return the code of a time step (RFC 4226 s5.3)."""
    mac = hmac.digest(secret, step.to_bytes(8), "sha1")
    offset = mac[-1] & 0x0F
    number = int.from_bytes(mac[offset : offset + 4]) & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def otpauth(secret: bytes, login: str, issuer: str) -> str:
    """Write the link that authenticator apps read (Key URI Format)."""
    label = f"{quote(issuer, safe='')}:{quote(login, safe='')}"
    settings = {"secret": _base32(secret), "issuer": issuer}
    fixed = {"algorithm": "SHA1", "digits": str(DIGITS), "period": str(STEP_SECONDS)}
    return f"otpauth://totp/{label}?{urlencode(settings | fixed, quote_via=quote)}"


def _shown(server: Server, secret: bytes, login: str, sealed: str) -> Draft:
    uri = otpauth(secret, login, server.rp_id)
    return Draft(secret=_base32(secret), uri=uri, sealed=sealed)


def _open_draft(server: Server, user: str, holder: str, sealed: str, now: float) -> bytes | None:
    try:
        raw = base64.urlsafe_b64decode(sealed.encode())
        plain = server.box.open(raw, _draft_name(user, holder))
    except (ValueError, StateError):
        return None
    return plain[8:] if int.from_bytes(plain[:8]) > now else None


def _draft_name(user: str, holder: str) -> str:
    return f"totp-draft:{user}:{holder}"


def _base32(secret: bytes) -> str:
    return base64.b32encode(secret).decode().rstrip("=")
