"""Ends what an account holds: sessions, grants, tokens, API keys, service accounts.

Functions within a transaction that the caller holds. API keys live in a file beside the store, so
they are revoked in the store, where it is atomic, and marked in the file afterwards, for people.
"""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Connection

from yett.credentials.api_key import ISSUER as KEYS_ISSUER
from yett.credentials.api_key import KeyRecord
from yett.issuer import sessions
from yett.issuer.clients import disable as disable_client
from yett.issuer.enrol import PURPOSE as INVITATION
from yett.issuer.grants.issue import OUTLIVES_SECONDS, end_grant
from yett.issuer.server import Server
from yett.state.accounts.clients import list_clients
from yett.state.accounts.grants import list_grants
from yett.state.accounts.notices import note, note_person
from yett.state.accounts.passkeys import list_passkeys, revoke_passkey
from yett.state.accounts.revocations import revoke
from yett.state.accounts.sessions import list_sessions
from yett.state.accounts.tickets import end_tickets
from yett.state.accounts.users import ACTIVE, DISABLED, User, change_user, count_active
from yett.state.errors import StateError
from yett.terms import Event


class Ended(Struct, frozen=True, kw_only=True):
    """What was ended: ids, in the order in which it happened."""

    sessions: tuple[str, ...] = ()
    grants: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    passkeys: tuple[str, ...] = ()


def disable_user(
    server: Server, tx: Connection, user: User, keys: tuple[KeyRecord, ...], *, reason: str, by: str
) -> Ended:
    """Disable an account and end all that it holds.

    Args:
        server: the server.
        tx: a transaction that writes.
        user: as it was read in this transaction.
        keys: the file of API keys (`lifecycle.keys.read_keys`).
        reason: for the record.
        by: who does it: the id of a user or client, `cli:NAME`, or `yett`.

    Raises:
        StateError: it is the last administrator, or somebody changed it meanwhile.
    """
    # Of now, when all of it commits, and not of a moment before it waited for its turn.
    now = server.clock()
    keep_an_admin(server, tx, user)
    if user.status != DISABLED or user.disabled_by != by:
        fields = {"status": DISABLED, "disabled": user.disabled or now, "disabled_by": by}
        if change_user(tx, user, now=now, **fields) is None:
            raise StateError("the account was changed meanwhile", hint="try again")
    ended = end_all(server, tx, user, keys, reason=reason, by=by)
    note_user(server, tx, "account-disabled", user, now=now, text=f"{reason}, by {by}")
    return ended


def keep_an_admin(server: Server, tx: Connection, user: User) -> None:
    """Refuse to end the last active administrator.

    Raises:
        StateError: nobody else could administer.
    """
    role = server.settings.admin_role
    if user.status != ACTIVE or role not in user.roles:
        return
    if not count_active(tx, role, without=user.id):
        hint = f"give another account the role `{role}` first"
        raise StateError(f"`{user.login}` is the last administrator", hint=hint)


def end_all(
    server: Server,
    tx: Connection,
    user: User,
    keys: tuple[KeyRecord, ...],
    *,
    reason: str,
    by: str,
    passkeys: bool = False,
) -> Ended:
    """End sessions, grants, tokens, invitations, API keys and services of an account; keep it.

    Args:
        server: the server.
        tx: a transaction that writes.
        user: whose.
        keys: the file of API keys.
        reason: for the record.
        by: who does it.
        passkeys: whether its passkeys are revoked, too; their rows stay, for audit.
    """
    now = server.clock()
    ended = sign_out(server, tx, user, reason=reason, by=by)
    mine = tuple(key for key in keys if key.owner in (user.id, user.login) and not key.revoked)
    for key in mine:
        end_key(tx, key, now=now, reason=reason, by=by)
    services = [one for one in list_clients(tx) if one.owner == user.id and one.status == "active"]
    for service in services:
        disable_client(server, tx, service, now=now, by=by)
    # An invitation that lies about would let its finder in as soon as the account is enabled again.
    end_tickets(tx, user.id, INVITATION, now)
    gone = [one.id for one in list_passkeys(tx, user.id)] if passkeys else []
    for id_ in gone:
        revoke_passkey(tx, user.id, id_, now)
    return Ended(
        sessions=ended.sessions,
        grants=ended.grants,
        keys=tuple(key.id for key in mine),
        services=tuple(one.id for one in services),
        passkeys=tuple(gone),
    )


def sign_out(server: Server, tx: Connection, user: User, *, reason: str, by: str) -> Ended:
    """End sessions and grants of an account, and every token that it was issued until now.

    A token that is issued in a transaction beside this one is of a grant or session that ends here.
    """
    now = server.clock()
    live = list_sessions(tx, user.id, now)
    for session in live:
        sessions.end(server, tx, session, reason=reason, by=by, now=now)
    grants = list_grants(tx, now, user=user.id)
    for grant in grants:
        end_grant(tx, grant.id, now, reason, by)
    revoke(
        tx,
        "sub",
        user.id,
        now=now,
        reason=reason,
        by=by,
        issuer=server.url,
        before=now,
        expires=now + server.settings.session_lifetime + OUTLIVES_SECONDS,
    )
    return Ended(sessions=tuple(one.id for one in live), grants=tuple(grant.id for grant in grants))


def end_key(tx: Connection, key: KeyRecord, *, now: float, reason: str, by: str) -> None:
    """Revoke an API key in the store; `lifecycle.keys.mark_keys` marks its record afterwards."""
    revoke(
        tx,
        "key",
        key.id,
        now=now,
        reason=reason,
        by=by,
        issuer=KEYS_ISSUER,
        expires=key.expires,
    )
    note(
        tx,
        Event(
            time=now,
            request="",
            kind="key-revoked",
            principal=key.owner,
            principal_kind="key",
            issuer=KEYS_ISSUER,
            credential=key.id,
            note=f"{reason}, by {by}",
        ),
    )


def note_user(
    server: Server, tx: Connection, kind: str, user: User, *, now: float, text: str
) -> None:
    """Put down what was done to an account."""
    note_person(tx, kind, user.id, now=now, issuer=server.url, text=text)
