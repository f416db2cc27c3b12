"""Pushes what waits to receivers, again and again with growing pauses (RFC 8935 s2.2).

A receiver's events go in their order: after a failure the rest wait. What was not taken within a
day or two is dropped, and recorded. A signed event is removed once the receiver has said 202. Of
several hosts one pushes it: whichever puts it off first.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import Connection

from yett.contract.addresses import is_loopback
from yett.issuer.server import Server
from yett.issuer.ssf.emitting import emit
from yett.state.accounts.notices import note
from yett.state.accounts.outbox import Waiting, claim, put_off, taken, waiting_for
from yett.state.accounts.streams import ENABLED, Stream, list_streams
from yett.state.fetch import FetchError
from yett.state.push import push
from yett.terms import Event, Secret

MOST_AT_ONCE = 32
FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 3600.0
MAX_TRIES = 40
# For so long nobody else pushes what one host is pushing. What takes longer, or was cut off by a
# crash, is pushed again under the same `jti`, by which receivers know it (RFC 8935 s2).
PUSHING_SECONDS = 60.0
ACCEPTED = (200, 202, 204)
PUSH, POLL = "push", "poll"


def tick(server: Server, now: float) -> None:
    """Put down what is new, and push what is due."""
    emit(server, now)
    with server.store.read() as tx:
        streams = [one for one in list_streams(tx) if one.method == PUSH and one.status == ENABLED]
    for stream in streams:
        _deliver(server, stream, now)


def may_be_local(server: Server) -> bool:
    """Whether receivers on this host are pushed to: where the issuer itself is on loopback."""
    return is_loopback(server.rp_id)


def pause_after(tries: int) -> float:
    """Return the seconds until the next try."""
    return float(min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(tries, 16)))


def _deliver(server: Server, stream: Stream, now: float) -> None:
    with server.store.read() as tx:
        waiting = waiting_for(tx, stream.id, MOST_AT_ONCE)
    secret = None
    if stream.bearer:
        secret = Secret(server.box.open(stream.bearer, f"stream:{stream.id}"))
    for one in waiting:
        if one.due > now:
            return  # those behind it wait for it
        if not server.store.write(partial(claim, one=one, due=now + PUSHING_SECONDS)):
            return  # another host does
        said = _push(server, stream, one, secret)
        server.store.write(partial(_settle, stream=stream, one=one, said=said, now=now))
        if said:
            return


def _push(server: Server, stream: Stream, one: Waiting, secret: Secret | None) -> str:
    """Push one; return what went wrong, empty when it was taken."""
    try:
        status = push(stream.endpoint, one.token, secret, local=may_be_local(server))
    except FetchError as error:
        return error.message
    return "" if status in ACCEPTED else f"answered {status}"


def _settle(tx: Connection, *, stream: Stream, one: Waiting, said: str, now: float) -> None:
    if not said:
        taken(tx, stream.id, [one.jti])
        return
    if one.tries + 1 < MAX_TRIES:
        put_off(tx, one.jti, now + pause_after(one.tries))
        return
    taken(tx, stream.id, [one.jti])
    text = f"stream {stream.id}: an event was dropped after {MAX_TRIES} tries, {said}"
    note(
        tx,
        Event(
            time=now,
            request="",
            kind="ssf-dropped",
            client=stream.client,
            credential=one.jti,
            note=text,
        ),
    )
