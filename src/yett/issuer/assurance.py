"""Whether a sign-in does for what is asked: `acr_values`, `max_age`, `prompt`.

One that is weaker, unknown or too old never does. See RFC 9470 s5, OpenID Connect Core s3.1.2.1.
"""

from __future__ import annotations

from yett.issuer.acr import reaches
from yett.issuer.pending import Pending
from yett.state.accounts.sessions import Session

ANEW = frozenset({"login", "select_account"})  # a `prompt` with one of these asks for a sign-in


def suffices(session: Session, pending: Pending, now: float) -> bool:
    """Whether a live sign-in is strong and recent enough for a request."""
    if not reaches(session.acr, pending.acr):
        return False
    # Who has signed in since the request was made, has: `max_age=0` would else ask for ever.
    if session.auth_time >= pending.created:
        return True
    if not ANEW.isdisjoint(pending.prompt):
        return False
    return pending.max_age is None or now - session.auth_time <= pending.max_age
