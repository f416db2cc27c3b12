"""What security events do here: cut-offs, and never more; a transmitter disables no account.

Whatever lowers trust ends sessions, grants and tokens of its subject; whatever raises it is only
recorded. CAEP 1.0 s3, RISC 1.0 s2.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from yett.issuer import sessions
from yett.issuer.lifecycle.ending import sign_out
from yett.issuer.server import Server
from yett.issuer.ssf.subjects import About
from yett.state.accounts.revocations import revoke
from yett.state.accounts.sessions import find_session

CAEP = "https://schemas.openid.net/secevent/caep/event-type/"
RISC = "https://schemas.openid.net/secevent/risc/event-type/"
SSF = "https://schemas.openid.net/secevent/ssf/event-type/"

SESSION_REVOKED = CAEP + "session-revoked"
CREDENTIAL_CHANGE = CAEP + "credential-change"
VERIFICATION = SSF + "verification"
STREAM_UPDATED = SSF + "stream-updated"
# Tokens of an outside issuer may live for as long as it likes.
OUTSIDE_SECONDS = 366 * 86_400.0

ENDED, RECORDED, UNKNOWN = "ended", "recorded", "unknown"


def apply(
    server: Server, tx: Connection, about: About, *, kind: str, said: dict[str, Any], by: str
) -> str:
    """Do what an event asks for, and answer `ended`, `recorded` or `unknown`.

    Args:
        server: the server.
        tx: a transaction that writes.
        about: whom it is about.
        kind: the event's type.
        said: what it says.
        by: the transmitter, for the record.
    """
    if kind not in _LOWERS:
        return UNKNOWN
    if not _LOWERS[kind](said) or about.nobody:
        return RECORDED
    reason = kind.rsplit("/", 1)[-1]
    # A session alone is all that `session-revoked` names; other events are about the person.
    if about.session:
        _end_session(server, tx, about, reason, by)
    only = kind == SESSION_REVOKED and bool(about.session)
    if about.user is not None and not only:
        sign_out(server, tx, about.user, reason=reason, by=by)
    if about.subject and not only:
        now = server.clock()
        revoke(
            tx,
            "sub",
            about.subject,
            now=now,
            reason=reason,
            by=by,
            issuer=about.issuer,
            before=now,
            expires=now + OUTSIDE_SECONDS,
        )
    return ENDED


def _end_session(server: Server, tx: Connection, about: About, reason: str, by: str) -> None:
    now = server.clock()
    session = find_session(tx, about.session) if about.issuer == server.url else None
    if session is not None and about.user is not None and session.user != about.user.id:
        return  # somebody else's: the event contradicts itself
    if session is not None:
        sessions.end(server, tx, session, reason=reason, by=by, now=now)
        return
    revoke(
        tx,
        "sid",
        about.session,
        now=now,
        reason=reason,
        by=by,
        issuer=about.issuer,
        expires=now + OUTSIDE_SECONDS,
    )


def _always(_said: dict[str, Any]) -> bool:
    return True


def _never(_said: dict[str, Any]) -> bool:
    return False


# Whether an event lowers trust. What is missing or unknown counts as if it did.
_LOWERS = {
    SESSION_REVOKED: _always,
    CREDENTIAL_CHANGE: lambda said: said.get("change_type") != "create",
    CAEP + "assurance-level-change": lambda said: said.get("change_direction") != "increase",
    CAEP + "device-compliance-change": lambda said: said.get("current_status") != "compliant",
    CAEP + "token-claims-change": _always,
    RISC + "account-disabled": _always,
    RISC + "account-purged": _always,
    RISC + "account-credential-change-required": _always,
    RISC + "credential-compromise": _always,
    RISC + "account-enabled": _never,
    VERIFICATION: _never,
    STREAM_UPDATED: _never,
}
