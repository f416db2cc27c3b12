"""People in a real browser at a running gate: invited, signed in, stepped up, signed out."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from kit.browser import browser
from kit.issuing import with_issuer
from sqlalchemy import update

from yett.state.accounts import AccountStore
from yett.state.accounts.tables import sessions

__all__ = ["browser"]

SUBMIT = "form[data-passkey] button"
FRESH = {"sensitive": {"acr": "urn:yett:phishing-resistant", "max_age": 300}}


def declared(scope, **more):
    answer = {"description": "fine", "content": {"text/plain": {}}}
    return {
        "operationId": f"op{len(more)}",
        "security": [{"browser": [scope]}],
        "responses": {"200": answer},
        **more,
    }


@pytest.fixture
def shop(folder, serve):
    """A gate with the issuer, an operation that is read and one that needs a fresh passkey."""
    port, url = with_issuer(folder)
    document = {
        "openapi": "3.1.0",
        "info": {"title": "shop", "version": "1"},
        "components": {
            "securitySchemes": {
                "browser": {"type": "apiKey", "in": "cookie", "name": "yett-session"}
            }
        },
        "paths": {
            "/items": {"get": declared("items:read")},
            "/slow": {"get": declared("items:write", **{"x-yett": FRESH})},
        },
    }
    folder.write("openapi.json", json.dumps(document))
    serve("--listen", f"127.0.0.1:{port}")
    return folder, url


def invite(folder):
    command = [sys.executable, "-m", "yett.cli", "user", "add", "ana", "--name", "Ana"]
    done = subprocess.run(
        [*command, "--role", "admin", "-C", str(folder.path)],
        capture_output=True,
        text=True,
        check=True,
    )
    return re.search(r"http://\S+/enrol#\S+", done.stdout)[0]


def call(tab, path, method="GET"):
    """What a script of an application on this host gets; its own policy is not the test."""
    return tab.run(
        f"fetch('{path}', {{method: '{method}'}}).then(async (r) =>"
        " [r.status, r.headers.get('www-authenticate'), await r.text()])"
    )


def age(folder):
    """Let the sign-in have been an hour ago."""
    store = AccountStore("sqlite:///var/yett.db", folder.path)
    store.write(
        lambda tx: tx.execute(update(sessions).values(auth_time=sessions.c.auth_time - 3600))
    )
    store.close()


def test_a_person_uses_the_api_with_a_passkey(shop, browser):
    """Invitation, API, step-up and sign-out, all through the gate's one port."""
    folder, url = shop
    tab = browser.page()
    tab.authenticator()
    tab.go(invite(folder))
    tab.press()
    tab.press(SUBMIT)
    tab.arrives("/auth/account")

    app = tab.another()
    app.call("Page.setBypassCSP", enabled=True)
    app.go(url.removesuffix("/auth") + "/items")
    assert call(app, "/items")[0] == 200
    assert call(app, "/slow")[0] == 200

    age(folder)
    assert call(app, "/auth/session", "POST")[0] == 200
    status, challenge, _ = call(app, "/slow")
    assert status == 401
    assert 'error="insufficient_user_authentication"' in challenge
    assert call(app, "/items")[0] == 200

    tab.go(url + "/sign-in?to=account")
    assert "Confirm that it is you" in tab.text
    tab.press(SUBMIT)
    tab.arrives("/auth/account")
    assert call(app, "/slow")[0] == 200

    kept = app.cookies()["yett-session"]["value"]
    tab.go(url + "/end_session")
    tab.press("form[action$='/end_session/confirm'] button")
    tab.until("document.body.innerText.includes('Signed out')")
    assert call(app, "/items")[0] == 401
    # Whoever kept a copy of the cookie is out as well, within a second.
    app.run(f"document.cookie = 'yett-session={kept}; path=/'")
    app.run(
        "(async () => { while ((await fetch('/items')).status != 401)"
        " await new Promise((done) => setTimeout(done, 50)); })()"
    )
    assert "credential-revoked" in call(app, "/items")[2]
