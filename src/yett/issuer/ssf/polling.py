"""`/ssf/poll/{id}`: a receiver fetches what waits for it, and says what it has (RFC 8936).

Answered at once, without waiting for something to come: a receiver asks again. What it could not
use (`setErrs`) is removed as well, and recorded; sending it again would change nothing.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from yett.issuer.errors import OAuthError
from yett.issuer.http import Answer, Ask, Route, json_answer
from yett.issuer.server import Server
from yett.issuer.ssf.access import client_of, stream_of
from yett.issuer.ssf.delivery import POLL
from yett.issuer.ssf.streams import body_of
from yett.state.accounts.notices import note
from yett.state.accounts.outbox import taken, waiting_for
from yett.state.accounts.streams import ENABLED
from yett.terms import Event

MOST_AT_ONCE = 100
MAX_ACKNOWLEDGED = 1000


def poll(server: Server, ask: Ask) -> Answer:
    """Answer `POST /ssf/poll/{id}`."""
    asked = body_of(ask) if ask.body else {}
    most = asked.get("maxEvents", MOST_AT_ONCE)
    have, failed = asked.get("ack", []), asked.get("setErrs", {})
    if not _are_ids(have) or not isinstance(failed, dict) or len(failed) > MAX_ACKNOWLEDGED:
        raise OAuthError("invalid_request", "`ack` or `setErrs` cannot be read")
    if not isinstance(most, int) or isinstance(most, bool) or most < 0:
        raise OAuthError("invalid_request", "`maxEvents` is not a number")

    def work(tx: Connection) -> dict[str, Any]:
        stream = stream_of(tx, client_of(server, tx, ask), ask.arguments.get("id"))
        if stream.method != POLL:
            raise OAuthError("invalid_request", "the stream is pushed")
        taken(tx, stream.id, [*have, *failed])
        if failed:
            text = f"stream {stream.id}: the receiver could not use {len(failed)} events"
            event = Event(
                time=ask.now, request="", kind="ssf-dropped", client=stream.client, note=text
            )
            note(tx, event)
        if stream.status != ENABLED:
            return {"sets": {}}
        wanted = min(most, MOST_AT_ONCE)
        rows = waiting_for(tx, stream.id, wanted + 1)
        sets = {row.jti: row.token for row in rows[:wanted]}
        return {"sets": sets, **({"moreAvailable": True} if len(rows) > wanted else {})}

    return json_answer(server.store.write(work))


def _are_ids(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= MAX_ACKNOWLEDGED
        and all(isinstance(one, str) for one in value)
    )


ROUTES = (Route(method="POST", path="/ssf/poll/{id}", endpoint=poll),)
