"""`/ssf/events`: configured transmitters push security events here (RFC 8935).

A transmitter is known by its bearer token, compared in constant time; the event must be its own.
An event counts once: its second coming is answered like the first and does nothing. What it does
commits together with the memory that it was done.
"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection

from yett.issuer.http import NO_STORE, Answer, Ask, Route
from yett.issuer.server import Server
from yett.issuer.ssf.effects import apply
from yett.issuer.ssf.judging import MAX_AGE_SECONDS, REQUEST, SKEW_SECONDS, Refused, Told, judge
from yett.issuer.ssf.subjects import find_about
from yett.state.accounts.notices import note
from yett.state.accounts.uses import use_once
from yett.state.errors import StateError
from yett.state.transmitters import Transmitter
from yett.terms import Event

MEDIA_TYPE = "application/secevent+jwt"
AUTHENTICATION = "authentication_failed"


def receive(server: Server, ask: Ask) -> Answer:
    """Answer `POST /ssf/events`."""
    transmitter = _who(server, ask)
    if transmitter is None:
        return _refuse(AUTHENTICATION, "no transmitter has this bearer token", 401)
    if ask.headers.get("content-type", "").partition(";")[0].strip().lower() != MEDIA_TYPE:
        return _refuse(REQUEST, f"the body is not `{MEDIA_TYPE}`")
    told = judge(ask.body.strip(), transmitter, ask.now)
    if isinstance(told, Refused):
        server.store.write(lambda tx: _note(tx, transmitter, ask, "ssf-refused", text=told.text))
        return _refuse(told.code, told.text)
    server.store.write(lambda tx: _take(server, tx, transmitter, told, ask))
    return Answer(status=202, headers=(NO_STORE,))


def _take(server: Server, tx: Connection, transmitter: Transmitter, told: Told, ask: Ask) -> None:
    url = transmitter.config.url
    until = told.at + MAX_AGE_SECONDS + 2 * SKEW_SECONDS
    if not use_once(tx, f"set:{url}", told.jti, until):
        return
    about = find_about(server, tx, transmitter.config, told.subject)
    for kind, said in told.events.items():
        done = apply(server, tx, about, kind=kind, said=said, by=url)
        name = kind.rsplit("/", 1)[-1][:64]
        who = about.user.id if about.user is not None else about.subject
        subject = who or about.session or "nobody that is known"
        text = f"{name} of {subject}: {done}"
        _note(tx, transmitter, ask, "ssf-received", text=text, jti=told.jti)


def _who(server: Server, ask: Ask) -> Transmitter | None:
    """Find the transmitter by its token; each is compared, so that time tells nothing."""
    scheme, _, token = ask.headers.get("authorization", "").partition(" ")
    shown = token.strip().encode("utf-8", "replace")
    found = None
    for transmitter in server.transmitters:
        try:
            matches = transmitter.bearer().matches(shown)
        except StateError:
            continue  # its file is gone: it cannot push until it is back
        if matches and scheme.lower() == "bearer":
            found = transmitter
    return found


def _refuse(code: str, text: str, status: int = 400) -> Answer:
    """Answer an error (RFC 8935 s2.3 and s2.4)."""
    body: dict[str, Any] = {"err": code, "description": text}
    headers = [("content-type", "application/json"), ("content-language", "en"), NO_STORE]
    if status == 401:
        headers.append(("www-authenticate", "Bearer"))
    return Answer(status=status, headers=tuple(headers), body=msgspec.json.encode(body))


def _note(
    tx: Connection, transmitter: Transmitter, ask: Ask, kind: str, *, text: str, jti: str = ""
) -> None:
    note(
        tx,
        Event(
            time=ask.now,
            request="",
            kind=kind,
            source=ask.source,
            issuer=transmitter.config.url,
            credential=jti,
            note=text,
        ),
    )


ROUTES = (Route(method="POST", path="/ssf/events", endpoint=receive),)
