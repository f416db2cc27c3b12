"""What a sign-in is for: the request that waits or a page of ours, and who is signed in already.

Read anew from the store at every step; the pages carry only `r`, `to` and `other`.
"""

from __future__ import annotations

from urllib.parse import urlencode

from msgspec import Struct
from sqlalchemy import Connection

from yett.issuer.errors import OAuthError
from yett.issuer.http import Ask
from yett.issuer.passkeys.challenge import Ceremony
from yett.issuer.pending import Pending, read_pending
from yett.issuer.server import Server
from yett.issuer.sessions import current
from yett.issuer.sign_in.finish import place_of
from yett.state.accounts.sessions import Session
from yett.state.accounts.tickets import Ticket
from yett.state.accounts.users import User, find_user

SIGN_IN, STEP_UP = "sign-in", "step-up"


class Waiting(Struct, frozen=True, kw_only=True):
    """A sign-in under way.

    Args:
        r: id of the request that waits; empty for none.
        to: name of a place (`finish.place_of`); empty for none.
        other: whether somebody else than who is signed in wants to sign in.
        pending: what `r` names.
        session, user: who is signed in, and confirms to be that person; None for nobody.
    """

    r: str = ""
    to: str = ""
    other: bool = False
    pending: Pending | None = None
    session: Session | None = None
    user: User | None = None

    @property
    def data(self) -> dict[str, str]:
        """What is carried from page to page, and in tickets."""
        parts = {"r": self.r, "to": self.to, "other": "1" if self.other else ""}
        return {name: value for name, value in parts.items() if value}

    def link(self, path: str, **more: str) -> str:
        """Return one of our paths with what is carried."""
        query = urlencode(self.data | more)
        return f"{path}?{query}" if query else path

    def ceremony(self, holder: str) -> Ceremony:
        """Return what a challenge of this sign-in is good for."""
        who = self.user.id if self.user else ""
        purpose = STEP_UP if self.user else SIGN_IN
        return Ceremony(purpose=purpose, holder=holder, context=f"{who}/{self.to}/{self.r}")

    def ticket(self) -> Ticket:
        """Return it as `finish` takes it, where nothing had to be kept."""
        return Ticket(digest="", purpose=SIGN_IN, data=self.data)


def read_waiting(server: Server, tx: Connection, ask: Ask, said: dict[str, str]) -> Waiting:
    """Read what a sign-in is for.

    Args:
        server: the server.
        tx: a transaction.
        ask: says which browser it is.
        said: query or form.

    Raises:
        OAuthError: the request is over, or never was.
    """
    r, to, other = said.get("r", ""), said.get("to", ""), bool(said.get("other"))
    pending = read_pending(tx, r, ask.now) if r else None
    if r and pending is None:
        text = "this sign-in is over; go back to where you came from and begin again"
        raise OAuthError("invalid_request", text)
    session = None if other else current(server, tx, ask)
    user = find_user(tx, session.user) if session is not None else None
    return Waiting(
        r=r,
        to=to if place_of(to) else "",
        other=other,
        pending=pending,
        session=session,
        user=user,
    )
