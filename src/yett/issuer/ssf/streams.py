"""The stream configuration API, and the transmitter's metadata (OpenID SSF 1.0 s7 and s8.1).

Each client manages its own streams and sees no other's. The value of `authorization_header` is
sealed and never told again. Streams carry all subjects; single ones cannot be added or removed.
"""

from __future__ import annotations

import secrets
from typing import Any

import msgspec
from sqlalchemy import Connection

from yett.credentials.strict_json import read_object
from yett.issuer.errors import OAuthError
from yett.issuer.http import NO_STORE, Answer, Ask, Route, json_answer
from yett.issuer.server import Server
from yett.issuer.ssf.access import client_of, stream_of
from yett.issuer.ssf.delivery import POLL, PUSH, may_be_local
from yett.issuer.ssf.emitting import SUPPORTED, put_down, verification
from yett.state.accounts.outbox import forget
from yett.state.accounts.streams import (
    DISABLED,
    ENABLED,
    PAUSED,
    Stream,
    add_stream,
    change_stream,
    drop_stream,
    list_streams,
)
from yett.state.fetch import FetchError
from yett.state.push import check_receiver

PUSH_URN, POLL_URN = "urn:ietf:rfc:8935", "urn:ietf:rfc:8936"
METHODS = {PUSH_URN: PUSH, POLL_URN: POLL}
MAX_STREAMS = 4
MAX_EVENTS = 64
MAX_STATE_CHARACTERS = 1024
VERIFY_SECONDS = 10
ID_BYTES = 16


def metadata(server: Server, ask: Ask) -> Answer:
    """Answer `GET /.well-known/ssf-configuration`."""
    del ask
    return json_answer(
        {
            "spec_version": "1_0",
            "issuer": server.url,
            "jwks_uri": server.at("/jwks"),
            "delivery_methods_supported": [PUSH_URN, POLL_URN],
            "configuration_endpoint": server.at("/ssf/streams"),
            "status_endpoint": server.at("/ssf/status"),
            "verification_endpoint": server.at("/ssf/verify"),
            "authorization_schemes": [{"spec_urn": "urn:ietf:rfc:6749"}],
            "default_subjects": "ALL",
        }
    )


def create(server: Server, ask: Ask) -> Answer:
    """Answer `POST /ssf/streams`."""
    asked = body_of(ask)

    def work(tx: Connection) -> Stream:
        client = client_of(server, tx, ask)
        if len(list_streams(tx, client)) >= MAX_STREAMS:
            raise OAuthError("conflict", f"a client has {MAX_STREAMS} streams at most", status=409)
        fresh = Stream(
            id=secrets.token_urlsafe(ID_BYTES),
            client=client,
            audience=client,
            method=POLL,
            created=ask.now,
        )
        stream = _configured(server, fresh, asked, whole=True)
        add_stream(tx, stream)
        return stream

    return json_answer(_shown(server, server.store.write(work)), 201)


def read(server: Server, ask: Ask) -> Answer:
    """Answer `GET /ssf/streams`, of one stream or all of the client's."""
    with server.store.read() as tx:
        client = client_of(server, tx, ask)
        if "stream_id" in ask.query:
            return json_answer(_shown(server, stream_of(tx, client, ask.query["stream_id"])))
        return json_answer([_shown(server, one) for one in list_streams(tx, client)])


def update(server: Server, ask: Ask) -> Answer:
    """Answer `PATCH /ssf/streams` (what is named changes) and `PUT` (the rest is as if new)."""
    asked = body_of(ask)

    def work(tx: Connection) -> Stream:
        held = stream_of(tx, client_of(server, tx, ask), asked.get("stream_id"))
        stream = _configured(server, held, asked, whole=ask.method == "PUT")
        change_stream(tx, stream)
        return stream

    return json_answer(_shown(server, server.store.write(work)))


def remove(server: Server, ask: Ask) -> Answer:
    """Answer `DELETE /ssf/streams`."""

    def work(tx: Connection) -> None:
        stream = stream_of(tx, client_of(server, tx, ask), ask.query.get("stream_id"))
        drop_stream(tx, stream.id)
        forget(tx, stream.id)

    server.store.write(work)
    return Answer(status=204, headers=(NO_STORE,))


def status(server: Server, ask: Ask) -> Answer:
    """Answer `GET /ssf/status`."""
    with server.store.read() as tx:
        stream = stream_of(tx, client_of(server, tx, ask), ask.query.get("stream_id"))
    return json_answer({"stream_id": stream.id, "status": stream.status})


def set_status(server: Server, ask: Ask) -> Answer:
    """Answer `POST /ssf/status`."""
    asked = body_of(ask)
    wanted = asked.get("status")
    if wanted not in (ENABLED, PAUSED, DISABLED):
        raise OAuthError("invalid_request", "`status` is enabled, paused or disabled")

    def work(tx: Connection) -> Stream:
        held = stream_of(tx, client_of(server, tx, ask), asked.get("stream_id"))
        stream = msgspec.structs.replace(held, status=str(wanted))
        change_stream(tx, stream)
        if stream.status == DISABLED:
            forget(tx, stream.id)
        return stream

    stream = server.store.write(work)
    return json_answer({"stream_id": stream.id, "status": stream.status})


def verify(server: Server, ask: Ask) -> Answer:
    """Answer `POST /ssf/verify`: an event that shows that the stream works."""
    asked = body_of(ask)
    state = asked.get("state", "")
    if not isinstance(state, str) or len(state) > MAX_STATE_CHARACTERS:
        raise OAuthError("invalid_request", "`state` is not a short string")

    def work(tx: Connection) -> None:
        stream = stream_of(tx, client_of(server, tx, ask), asked.get("stream_id"))
        if stream.status == DISABLED:
            raise OAuthError("invalid_request", "the stream is disabled")
        put_down(server, tx, stream, verification(stream, state), ask.now)

    server.store.write(work)
    return Answer(status=204, headers=(NO_STORE,))


def body_of(ask: Ask) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        OAuthError: it is none.
    """
    found = read_object(ask.body)
    if isinstance(found, str):
        raise OAuthError("invalid_request", f"the body {found}")
    return found


def _configured(server: Server, held: Stream, asked: dict[str, Any], *, whole: bool) -> Stream:
    """Apply what a receiver may set; what only the transmitter sets is not looked at."""
    stream = held
    if whole or "events_requested" in asked:
        events = asked.get("events_requested", list(SUPPORTED))
        if not isinstance(events, list) or not all(isinstance(one, str) for one in events):
            raise OAuthError("invalid_request", "`events_requested` is not a list of types")
        # Bounded, and kept as asked: what is supported later is delivered then.
        stream = msgspec.structs.replace(stream, events=tuple(events[:MAX_EVENTS]))
    if whole or "delivery" in asked:
        stream = _delivered(server, stream, asked.get("delivery", {"method": POLL_URN}))
    return stream


def _delivered(server: Server, stream: Stream, delivery: object) -> Stream:
    method = METHODS.get(str(delivery.get("method"))) if isinstance(delivery, dict) else None
    if method is None or not isinstance(delivery, dict):
        raise OAuthError("invalid_request", "`delivery.method` is none of those supported")
    if method == POLL:
        return msgspec.structs.replace(stream, method=POLL, endpoint="", bearer=b"")
    endpoint, header = delivery.get("endpoint_url"), delivery.get("authorization_header", "")
    if not isinstance(endpoint, str) or not isinstance(header, str) or not _is_field(header):
        raise OAuthError("invalid_request", "`delivery` needs an `endpoint_url`")
    try:
        check_receiver(endpoint, local=may_be_local(server))
    except FetchError as error:
        raise OAuthError("invalid_request", error.message) from None
    sealed = server.box.seal(header.encode(), f"stream:{stream.id}") if header else b""
    return msgspec.structs.replace(stream, method=PUSH, endpoint=endpoint, bearer=sealed)


def _is_field(value: str) -> bool:
    """Whether a field can carry it: no line ends, which would begin another field (CWE-113)."""
    return value.isascii() and (not value or value.isprintable()) and len(value) <= 8192


def _shown(server: Server, stream: Stream) -> dict[str, Any]:
    push = stream.method == PUSH
    endpoint = stream.endpoint if push else server.at(f"/ssf/poll/{stream.id}")
    return {
        "stream_id": stream.id,
        "iss": server.url,
        "aud": stream.audience,
        "events_supported": list(SUPPORTED),
        "events_requested": list(stream.events),
        "events_delivered": [one for one in stream.events if one in SUPPORTED],
        "delivery": {"method": PUSH_URN if push else POLL_URN, "endpoint_url": endpoint},
        "min_verification_interval": VERIFY_SECONDS,
    }


ROUTES = (
    Route(method="GET", path="/.well-known/ssf-configuration", endpoint=metadata, root=True),
    Route(method="POST", path="/ssf/streams", endpoint=create),
    Route(method="GET", path="/ssf/streams", endpoint=read),
    Route(method="PATCH", path="/ssf/streams", endpoint=update),
    Route(method="PUT", path="/ssf/streams", endpoint=update),
    Route(method="DELETE", path="/ssf/streams", endpoint=remove),
    Route(method="GET", path="/ssf/status", endpoint=status),
    Route(method="POST", path="/ssf/status", endpoint=set_status),
    Route(method="POST", path="/ssf/verify", endpoint=verify),
)
