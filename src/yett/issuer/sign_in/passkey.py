"""`/sign-in/passkey`: takes what a passkey has signed, and signs its owner in.

Nobody types a name: the passkey says whose it is. In a step-up it must be that of who is signed in.
"""

from __future__ import annotations

from sqlalchemy import Connection

from yett.issuer.acr import PHISHING_RESISTANT
from yett.issuer.cookies import known_browser
from yett.issuer.errors import OAuthError
from yett.issuer.http import Answer, Ask, Route
from yett.issuer.pages import shown
from yett.issuer.pages.trouble import trouble
from yett.issuer.passkeys import prove
from yett.issuer.server import Server
from yett.issuer.sign_in.finish import finish, refused
from yett.issuer.sign_in.waiting import Waiting, read_waiting
from yett.state.accounts.users import find_user

NOT_ACCEPTED = "the passkey was not accepted"


@shown
def take_passkey(server: Server, ask: Ask) -> Answer:
    """Answer `POST /sign-in/passkey`."""
    return server.store.write(lambda tx: _take(server, tx, ask))


def _take(server: Server, tx: Connection, ask: Ask) -> Answer:
    waiting = read_waiting(server, tx, ask, ask.form)
    proof = prove(
        server,
        tx,
        ask.form.get("credential", ""),
        waiting.ceremony(known_browser(server, ask)),
        now=ask.now,
        user=waiting.user.id if waiting.user else "",
    )
    if isinstance(proof, str):
        return _refuse(server, waiting, proof)
    user = find_user(tx, proof.passkey.user)
    if user is None:
        return trouble(server, refused(None))
    return finish(
        server, ask, tx, user, acr=PHISHING_RESISTANT, amr=proof.amr, ticket=waiting.ticket()
    )


def _refuse(server: Server, waiting: Waiting, reason: str) -> Answer:
    """Show that it failed, not why; returned, not raised: what was found out is committed."""
    error = OAuthError("access_denied", NOT_ACCEPTED, status=403, note=reason)
    return trouble(server, error, again=waiting.link("/sign-in"))


ROUTES: tuple[Route, ...] = (
    Route(method="POST", path="/sign-in/passkey", endpoint=take_passkey, form=True),
)
