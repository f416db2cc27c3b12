"""`/session`: renews the API's cookie while somebody is signed in, and says who that is.

Called by the pages of an application that stands on the same host, every few minutes; never by
another site (`Route.form`: Fetch Metadata, CWE-352). Use through it keeps a session from idling
out; it never moves the time of the sign-in.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from yett.issuer.http import Answer, Ask, Route, json_answer
from yett.issuer.server import Server
from yett.issuer.sessions import api_cookie, cleared, current
from yett.state.accounts.sessions import hold_session
from yett.state.accounts.users import find_user, saw_user


def renew(server: Server, ask: Ask) -> Answer:
    """Answer `POST /session`: 200 with who is signed in, or 401 and no cookies any more."""
    return server.store.write(lambda tx: _renew(server, tx, ask))


def _renew(server: Server, tx: Connection, ask: Ask) -> Answer:
    session = current(server, tx, ask)
    user = find_user(tx, session.user) if session is not None else None
    # Both rows are written: whoever ends the session, or takes a role, at this moment comes before
    # or after, on PostgreSQL too (CWE-362).
    if session is None or user is None or not hold_session(tx, session.id, ask.now):
        return json_answer({"error": "login_required"}, 401, *cleared(server))
    saw_user(tx, user.id, ask.now)
    said: dict[str, Any] = {
        "sub": user.id,
        "name": user.name or user.login,
        "acr": session.acr,
        "auth_time": int(session.auth_time),
        "expires": int(session.expires),
    }
    return json_answer(said, 200, *api_cookie(server, tx, session, user, ask.now))


ROUTES: tuple[Route, ...] = (Route(method="POST", path="/session", endpoint=renew, form=True),)
