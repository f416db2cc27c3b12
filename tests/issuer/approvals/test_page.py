"""The pages of approvals: for who is signed in, with their own passkeys, and fenced."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest
from kit.accounts import NOW, make_server, person, server
from kit.visiting import Visitor

from yett.issuer.approvals.page import one, several
from yett.issuer.errors import OAuthError
from yett.issuer.http import Ask
from yett.issuer.sign_in.finish import place_of
from yett.state.accounts.passkeys import Passkey, add_passkey, revoke_passkey
from yett.state.accounts.users import add_user

__all__ = ["person", "server"]

ID = "0dbb08204805213623ac0f6716168c96"


@pytest.fixture
def ada(server, person):
    """Ada's browser, signed in."""
    made = Visitor(server)
    made.sign_in(person)
    return made


def page(visitor, named="", endpoint=None):
    ask = Ask(
        method="GET",
        path=f"/approvals/{named}" if named else "/approvals",
        now=NOW,
        cookies=dict(visitor.cookies),
        arguments={"id": named} if named else {},
    )
    return (endpoint or (one if named else several))(visitor.server, ask)


def told(answer):
    found = re.search(rb'data-approvals="([^"]*)"', answer.body)
    return json.loads(unescape(found[1].decode()))


def test_the_script_is_told_where_to_ask_and_whose_passkeys(server, person, ada):
    """The gate on this origin; live passkeys of this person alone."""
    bob = server.store.write(lambda tx: add_user(tx, login="bob", now=NOW))
    for key, owner in (("YQ", person), ("Yg", person), ("Yw", bob)):
        row = Passkey(id=key, user=owner.id, public_key=b"k", transports=("internal",))
        server.store.write(lambda tx, row=row: add_passkey(tx, row))
    server.store.write(lambda tx: revoke_passkey(tx, person.id, "Yg", NOW))
    said = told(page(ada, ID))
    assert said["passkeys"] == [{"id": "YQ", "transports": ["internal"]}]
    assert said["gate"] == "https://api.example.com/.well-known/yett/approvals"
    assert (said["approval"], said["rpId"]) == (ID, "api.example.com")
    assert told(page(ada))["approval"] == ""


@pytest.mark.parametrize("named", ["", ID])
def test_the_page_may_ask_the_gate_and_nobody_else(ada, named):
    """Its policy names the approvals and the renewal of the session, and one script."""
    answer = page(ada, named)
    rule = dict(answer.headers)["content-security-policy"]
    gate = "https://api.example.com/.well-known/yett/approvals"
    session = "https://api.example.com/auth/session"
    assert f"connect-src {gate} {gate}/ {session};" in rule
    assert "script-src https://api.example.com/auth/static/approvals.js;" in rule
    assert "frame-ancestors 'none'" in rule
    assert dict(answer.headers)["cache-control"] == "no-store"


def test_nobody_is_sent_to_sign_in_and_back(server):
    """A link to one approval survives the sign-in."""
    stranger = Visitor(server)
    for named, to in (("", "approvals"), (ID, f"approval-{ID}")):
        answer = page(stranger, named)
        place = f"https://api.example.com/auth/sign-in?to={to}"
        assert (answer.status, dict(answer.headers)["location"]) == (303, place)
        assert place_of(to) == f"/approvals/{named}".rstrip("/")


@pytest.mark.parametrize("named", ["x", ID.upper(), f"{ID}0", f"{ID}\n", "../account", "%2e"])
def test_what_is_no_approval_has_no_page(ada, named):
    """Nothing that was sent gets into the page or the way back to it."""
    assert page(ada, named).status == 404
    assert place_of(f"approval-{named}") == ""


def test_an_issuer_elsewhere_has_no_such_pages(tmp_path):
    """On a host of its own no cookie of it reaches the gate."""
    away = make_server(tmp_path, url="https://login.example.com")
    try:
        assert page(Visitor(away)).status == 404
        with pytest.raises(OAuthError):
            several.__wrapped__(away, Ask(method="GET", path="/approvals", now=NOW))
    finally:
        away.store.close()


def test_the_account_leads_here(ada):
    """From the page that everybody knows."""
    assert b'href="/auth/approvals"' in ada.get("/account").body
