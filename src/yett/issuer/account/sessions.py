"""A person's sessions: one ended, or all but the one at hand. Ending needs no fresh sign-in."""

from __future__ import annotations

from sqlalchemy import Connection

from yett.issuer.account.signed_in import signed_in
from yett.issuer.http import Answer, Ask, Route, redirect
from yett.issuer.pages import shown
from yett.issuer.server import Server
from yett.issuer.sessions import cleared, end
from yett.state.accounts.sessions import list_sessions

OTHERS = "others"


@shown
def end_sessions(server: Server, ask: Ask) -> Answer:
    """Answer `POST /account/sessions/end`: `id` is a session's, or `others`."""
    return server.store.write(lambda tx: _end(server, tx, ask))


def _end(server: Server, tx: Connection, ask: Ask) -> Answer:
    who = signed_in(server, tx, ask, "account")
    if isinstance(who, Answer):
        return who
    named = ask.form.get("id", "")
    mine = who.session.id
    # Only this person's own are looked through, so that no other id names anything.
    for session in list_sessions(tx, who.user.id, ask.now):
        if session.id == named or (named == OTHERS and session.id != mine):
            end(server, tx, session, reason="ended by its owner", by=who.user.id, now=ask.now)
    return redirect(server.at("/account"), None, *(cleared(server) if named == mine else ()))


ROUTES: tuple[Route, ...] = (
    Route(method="POST", path="/account/sessions/end", endpoint=end_sessions, form=True),
)
