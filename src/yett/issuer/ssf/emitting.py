"""Puts down for receivers what ended here: read from the logs of revocations and notices.

Both are followed by number, in a transaction with what is put down, so that an event is neither
lost nor doubled. What was there before the first stream is told to nobody. CAEP 1.0 s3.1, s3.3.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, func, select

from yett.issuer.server import Server
from yett.issuer.ssf.effects import CREDENTIAL_CHANGE, SESSION_REVOKED, VERIFICATION
from yett.issuer.ssf.judging import TYPE
from yett.issuer.tokens import fresh_jti, sign
from yett.state.accounts.notices import note
from yett.state.accounts.outbox import Waiting, count_waiting, forget, put_event
from yett.state.accounts.revocations import last_number, since
from yett.state.accounts.sessions import find_session
from yett.state.accounts.streams import (
    DISABLED,
    Stream,
    change_stream,
    list_streams,
    set_told_until,
    told_until,
)
from yett.state.accounts.tables import notices
from yett.terms import Event

SUPPORTED = (SESSION_REVOKED, CREDENTIAL_CHANGE)
MAX_WAITING = 10_000  # of one stream; a receiver that takes nothing is disabled
MOST_AT_ONCE = 256
# PostgreSQL may show a notice later than one with a greater number; a transaction is over by then.
SETTLED_SECONDS = 10.0
REVOCATIONS, NOTICES = "revocations", "notices"  # the logs that are followed
# Kind of a notice -> credential_type and change_type of CAEP s3.3.
CHANGES = {
    "passkey-added": ("fido2-roaming", "create"),
    "passkey-revoked": ("fido2-roaming", "revoke"),
    "password-set": ("password", "update"),
    "password-removed": ("password", "revoke"),
    "second-factor-added": ("app", "create"),
    "second-factor-removed": ("app", "revoke"),
}


class Fact(Struct, frozen=True, kw_only=True):
    """Something to be told: an event's type, its subject (`sub_id`), and what it says."""

    kind: str
    subject: dict[str, Any]
    said: dict[str, Any]


def emit(server: Server, now: float) -> int:
    """Put down what is new; return how many events. Writes nothing where nothing is."""
    with server.store.read() as tx:
        newest = last_number(tx), _newest_notice(tx, now)
        if newest == (told_until(tx, REVOCATIONS), told_until(tx, NOTICES)):
            return 0
    return server.store.write(lambda tx: _emit(server, tx, now))


def put_down(server: Server, tx: Connection, stream: Stream, fact: Fact, now: float) -> None:
    """Put an event down for one stream, signed."""
    jti = fresh_jti()
    claims = {
        "iss": server.url,
        "aud": stream.audience,
        "iat": int(now),
        "jti": jti,
        "sub_id": fact.subject,
        "events": {fact.kind: fact.said},
    }
    token = sign(server, tx, claims, TYPE, now)
    put_event(tx, Waiting(jti=jti, stream=stream.id, token=token, created=now, due=now))


def verification(stream: Stream, state: str) -> Fact:
    """Return the event by which a receiver sees that its stream works (SSF s8.1.4)."""
    said = {"state": state} if state else {}
    return Fact(kind=VERIFICATION, subject={"format": "opaque", "id": stream.id}, said=said)


def _emit(server: Server, tx: Connection, now: float) -> int:
    streams = [one for one in list_streams(tx) if one.status != DISABLED]
    facts = [*_of_revocations(server, tx), *_of_notices(server, tx, now)]
    count = 0
    for stream in streams:
        wanted = [fact for fact in facts if fact.kind in stream.events]
        if wanted and count_waiting(tx, stream.id) + len(wanted) > MAX_WAITING:
            _give_up(tx, stream, now)
            continue
        for fact in wanted:
            put_down(server, tx, stream, fact, now)
            count += 1
    return count


def _of_revocations(server: Server, tx: Connection) -> list[Fact]:
    seen = told_until(tx, REVOCATIONS)
    if seen is None:
        set_told_until(tx, REVOCATIONS, last_number(tx))
        return []
    rows = since(tx, seen, MOST_AT_ONCE)
    if rows:
        set_told_until(tx, REVOCATIONS, rows[-1].number)
    facts = []
    for row in rows:
        said = {"event_timestamp": int(row.at), "initiating_entity": "policy"}
        if row.issuer not in ("", server.url):
            continue  # of somebody else's people it is not ours to speak
        if row.kind == "sub":
            facts.append(Fact(kind=SESSION_REVOKED, subject=_person(server, row.value), said=said))
        elif row.kind == "sid":
            session = find_session(tx, row.value)
            if session is not None:
                subject = {
                    "format": "complex",
                    "user": _person(server, session.user),
                    "session": {"format": "opaque", "id": session.id},
                }
                facts.append(Fact(kind=SESSION_REVOKED, subject=subject, said=said))
    return facts


def _of_notices(server: Server, tx: Connection, now: float) -> list[Fact]:
    newest = _newest_notice(tx, now)
    seen = told_until(tx, NOTICES)
    if seen is None:
        set_told_until(tx, NOTICES, newest)
        return []
    rows = tx.execute(
        select(notices.c.number, notices.c.kind, notices.c.event)
        .where(notices.c.number > seen, notices.c.number <= newest)
        .order_by(notices.c.number)
        .limit(MOST_AT_ONCE)
    ).all()
    if rows:
        set_told_until(tx, NOTICES, rows[-1].number)
    facts = []
    for row in rows:
        person = row.event.get("principal", "")
        if row.kind in CHANGES and person:
            type_, change = CHANGES[row.kind]
            said = {
                "event_timestamp": int(row.event["time"]),
                "credential_type": type_,
                "change_type": change,
            }
            facts.append(Fact(kind=CREDENTIAL_CHANGE, subject=_person(server, person), said=said))
    return facts


def _newest_notice(tx: Connection, now: float) -> int:
    settled = notices.c.at <= now - SETTLED_SECONDS
    return int(tx.scalar(select(func.max(notices.c.number)).where(settled)) or 0)


def _person(server: Server, id_: str) -> dict[str, str]:
    return {"format": "iss_sub", "iss": server.url, "sub": id_}


def _give_up(tx: Connection, stream: Stream, now: float) -> None:
    change_stream(tx, msgspec.structs.replace(stream, status=DISABLED))
    dropped = forget(tx, stream.id)
    text = f"stream {stream.id} is disabled, {dropped} events were not taken"
    note(tx, Event(time=now, request="", kind="ssf-stream", client=stream.client, note=text))
