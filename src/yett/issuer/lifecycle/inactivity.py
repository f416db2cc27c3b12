"""What nobody uses is warned of, then disabled; run once an hour by the control process.

A sign-in, a token or a call counts as use. Accounts, service accounts and API keys are judged
alike; the last administrator is warned and kept. Passkeys of a disabled account are kept for audit:
they open nothing. API keys and service accounts whose owner is disabled end, whenever that was.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from sqlalchemy import Connection

from yett.contract.identity_settings import InactivityConfig
from yett.credentials.api_key import KeyRecord
from yett.issuer.clients import disable as disable_client
from yett.issuer.lifecycle.ending import disable_user, end_key, keep_an_admin, note_user
from yett.issuer.lifecycle.keys import mark_keys, read_keys
from yett.issuer.people import everybody
from yett.issuer.server import Server
from yett.state.accounts.activity import last_uses
from yett.state.accounts.clients import Client, change_client, find_client, list_clients
from yett.state.accounts.notices import note
from yett.state.accounts.revocations import prune
from yett.state.accounts.users import (
    ACTIVE,
    DISABLED,
    User,
    find_login,
    find_user,
    warned_user,
)
from yett.state.errors import StateError
from yett.terms import Event

DAY_SECONDS = 86_400.0
BY = "yett"
REASON = "inactive"

Verdict = Literal["fine", "warn", "disable"]


def tick(server: Server, now: float) -> None:
    """Judge everybody once, each in a transaction of its own, and prune ended revocations.

    Raises:
        StateError: the store or the file of API keys cannot be used.
    """
    keys = read_keys(server)
    policy = server.settings.inactivity
    if policy is not None:
        for user in list(everybody(server)):
            _judge_user(server, policy, user, keys, now)
        for client in _clients(server):
            _judge_client(server, policy, client, now)
    _end_keys(server, policy, keys, now)
    server.store.write(lambda tx: prune(tx, now))


def judge(policy: InactivityConfig, *, used: float, warned: float, now: float) -> Verdict:
    """Judge something by when it was last used and warned of (unix seconds, 0 for never).

    Nothing is disabled that was not warned of, and the warning was as long ago as it promised: an
    account that was idle for years before the policy came has its days, too.
    """
    idle = now - used
    if idle < policy.warn * DAY_SECONDS:
        return "fine"
    if not warned:
        return "warn"
    grace = max(0, policy.disable - policy.warn) * DAY_SECONDS
    due = idle >= policy.disable * DAY_SECONDS and now - warned >= grace
    return "disable" if due else "fine"


def _judge_user(
    server: Server,
    policy: InactivityConfig,
    seen: User,
    keys: tuple[KeyRecord, ...],
    now: float,
) -> None:
    used = max(seen.active, seen.created)
    if seen.status != ACTIVE or judge(policy, used=used, warned=seen.warned, now=now) == "fine":
        return  # nearly all: no transaction that writes

    def work(tx: Connection) -> tuple[str, ...]:
        user = find_user(tx, seen.id)  # again: a call may have come meanwhile
        if user is None or user.status != ACTIVE:
            return ()
        used = max(user.active, user.created)
        verdict = judge(policy, used=used, warned=user.warned, now=now)
        if verdict == "warn":
            warned_user(tx, user.id, now)
            days = int((now - used) / DAY_SECONDS)
            note_user(server, tx, "account-idle", user, now=now, text=f"for {days} days")
        if verdict != "disable":
            return ()
        try:
            keep_an_admin(server, tx, user)
        except StateError:
            return ()  # said at the warning; somebody has to be able to sign in
        return disable_user(server, tx, user, keys, reason=REASON, by=BY).keys

    mark_keys(server, server.store.write(work), now)


def _judge_client(server: Server, policy: InactivityConfig, seen: Client, now: float) -> None:
    if seen.status != "active":
        return

    def work(tx: Connection) -> None:
        client = find_client(tx, seen.id)
        if client is None or client.status != "active":
            return
        owner = find_user(tx, client.owner) if client.owner else None
        if owner is not None and owner.status == DISABLED:
            disable_client(server, tx, client, now=server.clock(), by=BY)
            return
        used = max(client.active, client.created)
        verdict = judge(policy, used=used, warned=client.warned, now=now)
        if verdict == "warn":
            change_client(tx, msgspec.structs.replace(client, warned=now))
            text = f"for {int((now - used) / DAY_SECONDS)} days"
            event = Event(
                time=now,
                request="",
                kind="client-idle",
                principal=client.owner,
                issuer=server.url,
                client=client.id,
                note=text,
            )
            note(tx, event)
        elif verdict == "disable":
            disable_client(server, tx, client, now=server.clock(), by=BY)

    server.store.write(work)


def _end_keys(
    server: Server, policy: InactivityConfig | None, keys: tuple[KeyRecord, ...], now: float
) -> None:
    """End API keys of disabled owners, and idle ones where there is a policy."""
    good = [key for key in keys if not key.revoked and key.expires > now]

    def work(tx: Connection) -> tuple[str, ...]:
        uses = last_uses(tx, [key.id for key in good]) if good else {}
        ended = []
        for key in good:
            reason = _why(tx, policy, key, max(uses.get(key.id, 0.0), key.created), now)
            if reason:
                end_key(tx, key, now=now, reason=reason, by=BY)
                ended.append(key.id)
        return tuple(ended)

    mark_keys(server, server.store.write(work), now)


def _why(
    tx: Connection, policy: InactivityConfig | None, key: KeyRecord, used: float, now: float
) -> str:
    owner = find_user(tx, key.owner) or find_login(tx, key.owner)
    if owner is not None and owner.status == DISABLED:
        return "owner-disabled"
    # A key has no row to put a warning in, and an expiry of its own: it ends with the days.
    if policy is not None and now - used >= policy.disable * DAY_SECONDS:
        return REASON
    return ""


def _clients(server: Server) -> list[Client]:
    with server.store.read() as tx:
        return list_clients(tx)
