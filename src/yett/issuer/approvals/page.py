"""`/approvals` and `/approvals/{id}`: what waits, and one of them, to be signed with a passkey.

The page names the passkeys of who is signed in and where to ask; everything else its script takes
from the gate, and computes the digest and the challenge itself.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from sqlalchemy import Connection

from yett.issuer.account.signed_in import SignedIn, signed_in
from yett.issuer.errors import OAuthError
from yett.issuer.http import Answer, Ask, Route
from yett.issuer.pages import el, show, shown
from yett.issuer.pages.assets import APPROVALS
from yett.issuer.passkeys.challenge import TIMEOUT_MILLISECONDS
from yett.issuer.server import Server
from yett.policy.approvals import APPROVALS_PATH
from yett.state.accounts.passkeys import list_passkeys

PATH = "/approvals"
ELSEWHERE = "approvals are signed where the issuer stands on the gate's own host"
UNKNOWN = "there is no such approval"
_ID = re.compile(r"[0-9a-f]{32}\Z")


@shown
def several(server: Server, ask: Ask) -> Answer:
    """Answer `GET /approvals`."""
    _check(server)
    return server.store.write(lambda tx: _page(server, tx, ask, ""))


@shown
def one(server: Server, ask: Ask) -> Answer:
    """Answer `GET /approvals/{id}`."""
    _check(server)
    named = ask.arguments.get("id", "")
    if not _ID.match(named):
        raise OAuthError("not_found", UNKNOWN, status=404)
    return server.store.write(lambda tx: _page(server, tx, ask, named))


def _check(server: Server) -> None:
    if not server.base:
        raise OAuthError("not_found", ELSEWHERE, status=404)


def _page(server: Server, tx: Connection, ask: Ask, named: str) -> Answer:
    to = f"approval-{named}" if named else "approvals"
    who = signed_in(server, tx, ask, to)
    if isinstance(who, Answer):
        return who
    told = _told(server, tx, who, named, to)
    text, path = ("All approvals", PATH) if named else ("Your account", "/account")
    return show(
        server,
        "Approve a request" if named else "Approvals",
        el("p", "You are signed in as ", el("strong", who.user.name or who.user.login), "."),
        el("section", data_approvals=msgspec.json.encode(told).decode(), aria_live="polite"),
        el("p", role="alert"),
        el("noscript", el("p", "This page asks for a passkey, which takes its script.")),
        el("p", el("a", text, href=server.base + path)),
        module=APPROVALS,
        asks=(told["gate"], f"{told['gate']}/", told["session"]),
    )


def _told(server: Server, tx: Connection, who: SignedIn, named: str, to: str) -> dict[str, Any]:
    """Return what the script is told."""
    passkeys = list_passkeys(tx, who.user.id)
    return {
        "approval": named,
        "user": who.user.id,
        "issuer": server.url,
        "gate": server.origin + APPROVALS_PATH,
        "session": server.at("/session"),
        "pages": server.at(PATH),
        "signIn": f"{server.at('/sign-in')}?to={to}",
        "rpId": server.rp_id,
        "timeout": TIMEOUT_MILLISECONDS,
        "passkeys": [{"id": one.id, "transports": list(one.transports)} for one in passkeys],
    }


ROUTES: tuple[Route, ...] = (
    Route(method="GET", path=PATH, endpoint=several),
    Route(method="GET", path=f"{PATH}/{{id}}", endpoint=one),
)
