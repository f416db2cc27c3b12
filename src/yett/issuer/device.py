"""The device flow: a thing without a browser shows a code, and a person allows it elsewhere.

`/device_authorization` gives the codes; at `/device` the person types the short one, then signs in
and is asked as by any other client. The short code has 34 bits and lives for ten minutes; guessing
it is slowed down by where it comes from. Polling is `grants/device_code.py`. RFC 8628.
"""

from __future__ import annotations

import secrets

from sqlalchemy import Connection

from yett.issuer import throttle
from yett.issuer.client_auth import identify
from yett.issuer.cookies import browser_of
from yett.issuer.http import Answer, Ask, Route, json_answer, redirect
from yett.issuer.pages import button, el, field, form, show, shown
from yett.issuer.pending import Pending, keep_pending
from yett.issuer.request import DEVICE_GRANT, check_audience, read_client
from yett.issuer.scopes import ask_scopes
from yett.issuer.server import Server, digest, fresh
from yett.state.accounts.clients import Client
from yett.state.accounts.devices import PENDING, Device, add_device, find_user_code

DEVICE_SECONDS = 600.0
INTERVAL_SECONDS = 5
# No vowels, so that no words come about, and nothing that looks like something else (s6.1).
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
LETTERS_IN_CODE = 8
NOT_GOOD = "this code is not good; look at your device again"


def begin_device(server: Server, ask: Ask) -> Answer:
    """Answer `POST /device_authorization`."""
    client = identify(server, ask)
    return server.store.write(lambda tx: _begin(server, tx, ask, client))


@shown
def ask_code(server: Server, ask: Ask) -> Answer:
    """Answer `GET /device`, with the code filled in where the device's link had it."""
    return _page(server, fold_code(ask.query.get("user_code", "")))


@shown
def take_code(server: Server, ask: Ask) -> Answer:
    """Answer `POST /device`: a good code goes on to the sign-in and the consent page."""
    return server.store.write(lambda tx: _take(server, tx, ask))


def fold_code(text: str) -> str:
    """Return the one spelling of a user code, empty when it is none: `wdjb-mjht` is `WDJBMJHT`."""
    code = text.upper().replace("-", "").replace(" ", "")
    good = len(code) == LETTERS_IN_CODE and set(code) <= set(LETTERS)
    return code if good else ""


def written(code: str) -> str:
    """Write a user code as people read it."""
    half = LETTERS_IN_CODE // 2
    return f"{code[:half]}-{code[half:]}" if code else ""


def _begin(server: Server, tx: Connection, ask: Ask, client: Client) -> Answer:
    read_client(tx, {"client_id": client.id}, DEVICE_GRANT)
    check_audience(server, ask.form)
    scopes = ask_scopes(server, client, ask.form.get("scope", ""))
    secret, code = fresh(), _new_code(tx)
    device = Device(
        digest=digest(secret),
        user_code=code,
        client=client.id,
        scopes=scopes,
        interval=INTERVAL_SECONDS,
        expires=ask.now + DEVICE_SECONDS,
    )
    add_device(tx, device, ask.now)
    return json_answer(
        {
            "device_code": secret,
            "user_code": written(code),
            "verification_uri": server.at("/device"),
            "verification_uri_complete": server.at(f"/device?user_code={written(code)}"),
            "expires_in": int(DEVICE_SECONDS),
            "interval": INTERVAL_SECONDS,
        }
    )


def _new_code(tx: Connection) -> str:
    code = "".join(secrets.choice(LETTERS) for _ in range(LETTERS_IN_CODE))
    # One of 25 thousand million; a code that is waited for is never given twice.
    return code if find_user_code(tx, code) is None else _new_code(tx)


def _take(server: Server, tx: Connection, ask: Ask) -> Answer:
    subject = f"user_code:{throttle.network(ask.source)}"
    wait = throttle.check(tx, subject, ask.now)
    if wait:
        raise throttle.too_many(wait)
    code = fold_code(ask.form.get("user_code", ""))
    device = find_user_code(tx, code) if code else None
    if device is None or device.status != PENDING or ask.now >= device.expires:
        throttle.failed(tx, subject, ask.now)
        return _page(server, "", NOT_GOOD)
    # Who compares the code must be who typed it: else somebody types the code of their own device,
    # and sends the link of what comes next (RFC 8628 s5.4).
    browser, headers = browser_of(server, ask)
    pending = Pending(
        client=device.client,
        scopes=device.scopes,
        device=device.digest,
        user_code=written(code),
        browser=browser,
        created=ask.now,
    )
    kept = keep_pending(tx, pending, ask.now)
    return redirect(server.at("/authorize"), {"r": kept.id}, *headers)


def _page(server: Server, code: str, trouble: str = "") -> Answer:
    said = [el("p", trouble[:1].upper() + trouble[1:] + ".", role="alert")] if trouble else []
    entry = field(
        "Code",
        "user_code",
        value=written(code),
        hint="your device shows it",
        required=True,
        maxlength=16,
        autocapitalize="characters",
        spellcheck="false",
    )
    return show(
        server,
        "Connect a device",
        *said,
        form(server, "/device", entry, button("Continue")),
        status=400 if trouble else 200,
    )


ROUTES = (
    Route(method="POST", path="/device_authorization", endpoint=begin_device, cross=True),
    Route(method="GET", path="/device", endpoint=ask_code),
    Route(method="POST", path="/device", endpoint=take_code, form=True),
)
