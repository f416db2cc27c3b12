"""The pages in a real chromium with a virtual authenticator: people at them, and attackers."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from kit.browser import browser, over_http, site

from yett.issuer import enrol
from yett.issuer.http import Answer, Route
from yett.issuer.pending import Pending, keep_pending
from yett.state.accounts.clients import Client, add_client
from yett.state.accounts.notices import untold
from yett.state.accounts.passkeys import list_passkeys
from yett.state.accounts.sessions import list_sessions
from yett.state.accounts.users import INVITED, add_user, find_user

__all__ = ["browser"]

SUBMIT = "form[data-passkey] button"
REFUSED = "The passkey was not accepted."

# A page of our own host that may be framed, and asks for a passkey when its parent says so: what an
# injected or forgotten page would be.
FRAMED = """<!doctype html><script>
onmessage = async (event) => {
  try {
    const bytes = (t) => Uint8Array.from(atob(t.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
    const options = event.data;
    const got = await navigator.credentials.get({publicKey: {...options, challenge: bytes(options.challenge), allowCredentials: []}});
    event.source.postMessage(JSON.stringify(got.toJSON()), '*');
  } catch (error) { event.source.postMessage(error.name, '*'); }
};
</script>"""


def framed(server, ask):
    return Answer(
        headers=(
            ("content-type", "text/html"),
            ("content-security-policy", "script-src 'unsafe-inline'"),
            ("x-frame-options", ""),
        ),
        body=FRAMED.encode(),
    )


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """An issuer over http on loopback, which browsers take for a secure context."""
    route = Route(method="GET", path="/framed", endpoint=framed)
    with over_http(tmp_path_factory.mktemp("issuer"), routes=(route,)) as made:
        yield made


@pytest.fixture
def somebody(server):
    """An invited person, new for each test."""
    login = f"user-{secrets.token_hex(4)}"
    return server.store.write(
        lambda tx: add_user(
            tx, login=login, name="Ada L", status=INVITED, roles=("manager",), now=time.time()
        )
    )


@pytest.fixture
def tab(browser):
    """A fresh profile with an authenticator in it."""
    made = browser.page()
    made.key = made.authenticator()
    return made


@pytest.fixture
def ada(server, somebody, tab):
    """Enrolled, and signed in in `tab`."""
    now = time.time()
    link = server.store.write(lambda tx: enrol.invite(server, tx, somebody, now=now, by="cli:root"))
    tab.go(link)
    tab.press()
    tab.press(SUBMIT)
    tab.arrives("/auth/account")
    return somebody


def kinds(server, person):
    with server.store.read() as tx:
        return [event.kind for _, event in untold(tx) if event.principal == person.id]


def live(server, person):
    with server.store.read() as tx:
        return list_sessions(tx, person.id, time.time())


def pending(server, **more):
    """A client waits for a sign-in."""
    now = time.time()
    client = Client(
        id=secrets.token_hex(4),
        name="Orders",
        kind="public",
        auth="none",
        grants=("authorization_code",),
        redirects=("http://127.0.0.1:9/cb",),
        scopes=("orders:read",),
    )
    asked = Pending(
        client=client.id,
        redirect=client.redirects[0],
        challenge="c" * 43,
        created=now,
        **more,
    )

    def keep(tx):
        add_client(tx, client)
        return keep_pending(tx, asked, now)

    return server.store.write(keep).id


def forget(tab):
    """Take the sign-in from the browser, as time would."""
    tab.call("Network.clearBrowserCookies")


def caught(tab):
    """Press the button, keep what the passkey signed, and send nothing."""
    tab.run(
        "HTMLFormElement.prototype.submit = function () { window.caught = this.credential.value; }"
    )
    tab.press(SUBMIT)
    return tab.until("window.caught") and tab.run("window.caught")


def send(tab, credential):
    """Send a credential by the form of the page, as a script in the page would."""
    value = json.dumps(credential)
    tab.run(
        f"(() => {{ const form = document.querySelector('form[data-passkey]');"
        f" form.elements.namedItem('credential').value = {value};"
        " HTMLFormElement.prototype.submit.call(form); })()"
    )
    tab.until(f"document.body.innerText.includes({json.dumps('did not work')})")
    return tab.text


def test_an_invitation_becomes_a_passkey(server, ada, tab):
    """The link, one press, a passkey in the device and the account; the address bar has no secret."""
    (made,) = tab.credentials(tab.key)
    assert made["isResidentCredential"]
    assert made["rpId"] == "localhost"
    with server.store.read() as tx:
        (passkey,) = list_passkeys(tx, ada.id)
        assert find_user(tx, ada.id).status == "active"
    assert (
        base64.urlsafe_b64encode(base64.b64decode(made["credentialId"])).rstrip(b"=").decode()
        == passkey.id
    )
    assert "Ada L" in tab.text


def test_the_secret_of_an_invitation_leaves_the_address(server, somebody, tab):
    """Neither history nor the address bar keep it, and the server is told by the form alone."""
    now = time.time()
    link = server.store.write(lambda tx: enrol.invite(server, tx, somebody, now=now, by="t"))
    tab.go(link)
    assert tab.url == server.at("/enrol")
    secret = link.partition("#")[2]
    assert tab.run("document.querySelector('[name=ticket]').value") == secret


def test_a_person_signs_in_without_a_name(server, ada, tab):
    """One press; the session is phishing-resistant, its cookies are not for scripts."""
    forget(tab)
    tab.go(server.at("/sign-in"))
    assert "Sign in" in tab.text
    tab.press(SUBMIT)
    tab.arrives("/auth/account")
    session = live(server, ada)[0]
    assert session.acr == "urn:yett:phishing-resistant"
    cookies = tab.cookies()
    assert cookies["yett-sign-in"]["httpOnly"]
    assert cookies["yett-sign-in"]["sameSite"] == "Lax"
    assert cookies["yett-session"]["sameSite"] == "Strict"
    assert tab.run("document.cookie") == ""


def test_a_step_up_shows_what_is_confirmed(server, ada, tab):
    """The operation stands on the page; afterwards the session is fresh, under another cookie."""
    before = tab.cookies()["yett-sign-in"]["value"]
    (first,) = live(server, ada)
    detail = {"type": "urn:yett:operation", "operation": "payOut", "digest": "ab" * 32}
    r = pending(
        server,
        acr=("urn:yett:phishing-resistant",),
        max_age=0.0,
        prompt=("login",),
        details=(detail,),
    )
    tab.go(server.at(f"/sign-in?r={r}"))
    assert "Confirm that it is you" in tab.text
    assert "call payOut once" in tab.text
    assert "Orders asks you to sign in." in tab.text
    tab.press(SUBMIT)
    tab.arrives("/auth/consent")
    (second,) = live(server, ada)
    assert second.id == first.id
    assert second.auth_time > first.auth_time
    assert tab.cookies()["yett-sign-in"]["value"] != before


def test_a_client_gets_its_code_after_sign_in_and_consent(server, ada, tab):
    """The whole way: authorize, passkey, consent, and back to another origin with a code."""
    forget(tab)
    verifier = secrets.token_urlsafe(32)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
    with site({}) as (port, seen):
        redirect = f"http://127.0.0.1:{port}/cb"
        client = Client(
            id=secrets.token_hex(4),
            name="Orders",
            kind="public",
            auth="none",
            grants=("authorization_code",),
            redirects=(redirect,),
            scopes=("orders:read",),
        )
        server.store.write(lambda tx: add_client(tx, client))
        query = {
            "response_type": "code",
            "client_id": client.id,
            "redirect_uri": redirect,
            "scope": "orders:read",
            "state": "s",
            "code_challenge": challenge.rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        tab.go(server.at("/authorize?" + urlencode(query)))
        tab.arrives("/auth/sign-in")
        tab.press(SUBMIT)
        tab.arrives("/auth/consent")
        tab.press("button[value=allow]")
        tab.arrives("/cb")
    (said,) = [parse_qs(urlsplit(path).query) for path in seen if path.startswith("/cb?")]
    assert said["state"] == ["s"]
    assert said["iss"] == [server.url]
    assert len(said["code"][0]) >= 43


def test_a_trusted_client_gets_its_code_from_the_form_of_the_sign_in(server, ada, tab):
    """No consent page: the redirect follows the passkey's form, and `form-action` lets it through."""
    forget(tab)
    with site({}) as (port, _seen):
        client = Client(
            id=secrets.token_hex(4),
            name="Own",
            kind="confidential",
            auth="client_secret_basic",
            grants=("authorization_code",),
            redirects=(f"http://127.0.0.1:{port}/cb",),
            scopes=("orders:read",),
            trusted=True,
        )
        now = time.time()
        asked = Pending(
            client=client.id,
            redirect=client.redirects[0],
            scopes=("orders:read",),
            challenge="c" * 43,
            created=now,
        )

        def keep(tx):
            add_client(tx, client)
            return keep_pending(tx, asked, now)

        r = server.store.write(keep).id
        tab.go(server.at(f"/sign-in?r={r}"))
        tab.press(SUBMIT)
        tab.arrives("/cb")
        assert "code=" in tab.url


def test_a_second_passkey_is_added_and_the_first_revoked(server, ada, tab):
    """The account page in its owner's hands: add, rename, revoke."""
    tab.authenticator(transport="usb")
    tab.go(server.at("/account/passkeys/new"))
    tab.run("document.querySelector('[name=label]').value = 'Spare'")
    tab.press(SUBMIT)
    tab.arrives("/auth/account")
    assert "Spare" in tab.text
    assert "You have one way in" not in tab.text
    tab.press("form[action$='/account/passkeys/revoke'] button")
    tab.until("document.querySelectorAll('form[action$=\"/revoke\"]').length == 1")
    with server.store.read() as tx:
        assert [one.label for one in list_passkeys(tx, ada.id)] == ["Spare"]


def test_one_device_makes_one_passkey(server, ada, tab):
    """The options exclude what the device has; the page says so in words."""
    tab.go(server.at("/account/passkeys/new"))
    tab.press(SUBMIT)
    tab.until("document.querySelector('form [role=alert]').textContent")
    assert "This device has a passkey for this account already." in tab.text


def test_signing_out_ends_the_session(server, ada, tab):
    """By the page's own form; the cookies are gone, and so is the session."""
    tab.go(server.at("/end_session"))
    tab.press("form[action$='/end_session/confirm'] button")
    tab.until("document.body.innerText.includes('Signed out')")
    assert live(server, ada) == []
    assert not {"yett-sign-in", "yett-session"} & set(tab.cookies())


def test_the_api_cookie_is_renewed_by_a_page_of_this_host(server, ada, tab):
    """A script of the application, on the same origin, may call `/session`."""
    tab.go(server.at("/framed"))
    before = tab.cookies()["yett-session"]["value"]
    said = tab.run("fetch('/auth/session', {method: 'POST'}).then((r) => r.json())")
    assert said["sub"] == ada.id
    assert tab.cookies()["yett-session"]["value"] != before


def test_a_replay_is_refused(server, ada, tab):
    """What signed in once does not sign in again, in the very same browser."""
    tab.go(server.at("/sign-in?other=1"))
    credential = caught(tab)
    tab.run(
        "(() => { const form = document.querySelector('form[data-passkey]');"
        " const fresh = document.createElement('iframe'); document.body.append(fresh);"
        " fresh.contentWindow.HTMLFormElement.prototype.submit.call(form); })()"
    )
    tab.arrives("/auth/account")
    tab.go(server.at("/sign-in?other=1"))
    assert REFUSED in send(tab, credential)


def test_another_browser_cannot_use_it(server, browser, ada, tab):
    """A credential that was caught on its way is good in no other browser."""
    tab.go(server.at("/sign-in?other=1"))
    credential = caught(tab)
    thief = browser.page()
    thief.go(server.at("/sign-in"))
    assert REFUSED in send(thief, credential)
    assert "yett-sign-in" not in thief.cookies()
    assert "passkey-refused" not in kinds(server, ada)  # the challenge alone refuses it


def test_a_host_that_looks_alike_gets_nothing(server, ada, tab):
    """On another name, or the raw address, the browser itself refuses our passkey."""
    port = urlsplit(server.url).port
    ask = (
        "navigator.credentials.get({publicKey: {challenge: new Uint8Array(32), rpId: 'localhost',"
        " userVerification: 'required'}}).then(() => 'signed', (error) => error.name)"
    )
    for host in (f"phish.localhost:{port}", f"127.0.0.1:{port}"):
        tab.go(f"http://{host}/auth/framed")
        assert tab.run(ask) == "SecurityError"


def test_another_port_of_this_host_is_refused(server, ada, tab):
    """The browser lets any port use the passkey; the exact origin is ours to compare."""
    forget(tab)
    tab.go(server.at("/sign-in"))
    options = tab.run("document.querySelector('form[data-passkey]').dataset.options")
    with site({}) as (port, _seen):
        other = tab.another()
        _lend(tab, other)
        other.go(f"http://localhost:{port}/")
        credential = other.run(
            f"(async () => {{ const options = {options};"
            " const made = PublicKeyCredential.parseRequestOptionsFromJSON(options);"
            " return JSON.stringify((await navigator.credentials.get({publicKey: made})).toJSON()); })()"
        )
    said = json.loads(
        base64.urlsafe_b64decode(json.loads(credential)["response"]["clientDataJSON"] + "==")
    )
    assert said["origin"] == f"http://localhost:{port}"
    assert REFUSED in send(tab, _plain(credential))


def test_a_frame_in_another_site_is_refused(server, ada, tab):
    """Even a page of ours that may be framed gets a signature that says `crossOrigin`."""
    forget(tab)
    tab.go(server.at("/sign-in"))
    options = tab.run("document.querySelector('form[data-passkey]').dataset.options")
    outer = (
        "<!doctype html><iframe allow='publickey-credentials-get *' src='"
        + server.at("/framed")
        + "'></iframe>"
    )
    with site({"/": outer}) as (port, _seen):
        evil = tab.another()
        _lend(tab, evil)
        evil.go(f"http://phish.localhost:{port}/")
        said = evil.run(
            f"new Promise((done) => {{ onmessage = (event) => done(event.data);"
            f" document.querySelector('iframe').contentWindow.postMessage({options}, '*'); }})"
        )
    data = json.loads(
        base64.urlsafe_b64decode(json.loads(said)["response"]["clientDataJSON"] + "==")
    )
    assert data["crossOrigin"] is True
    assert data["origin"] == server.origin
    assert REFUSED in send(tab, _plain(said))


def test_our_pages_cannot_be_framed(server, tab):
    """Clickjacking: the frame stays empty (CWE-1021)."""
    outer = f"<!doctype html><iframe src='{server.at('/sign-in')}'></iframe>"
    with site({"/": outer}) as (port, _seen):
        tab.go(f"http://phish.localhost:{port}/")
        tree = tab.call("Page.getFrameTree")["frameTree"]
        urls = [child["frame"]["url"] for child in tree.get("childFrames", [])]
    assert all("sign-in" not in url for url in urls)
    assert "yett-browser" not in tab.cookies()


def test_without_user_verification_the_browser_refuses(server, ada, tab):
    """A device whose owner does not show finger or PIN signs nothing."""
    forget(tab)
    tab.verified(tab.key, False)
    tab.go(server.at("/sign-in"))
    tab.press(SUBMIT)
    tab.until("document.querySelector('form [role=alert]').textContent")
    assert "That was cancelled" in tab.text
    assert "yett-sign-in" not in tab.cookies()


def test_without_user_verification_the_server_refuses(server, ada, tab):
    """A page that was tampered with asks for less; what comes back is not accepted."""
    forget(tab)
    tab.verified(tab.key, False)
    tab.go(server.at("/sign-in"))
    tab.run(
        "(() => { const form = document.querySelector('form[data-passkey]');"
        " const options = JSON.parse(form.dataset.options);"
        " options.userVerification = 'discouraged';"
        " form.dataset.options = JSON.stringify(options); })()"
    )
    tab.press(SUBMIT)
    tab.until("document.body.innerText.includes('did not work')")
    assert REFUSED in tab.text
    assert "passkey-refused" in kinds(server, ada)


def test_a_form_of_another_site_is_refused(server, ada, tab):
    """Cross-site forms end no session and sign nobody in, whatever cookies come along."""
    action = server.at("/account/sessions/end")
    page = f"<!doctype html><form method=post action='{action}'><input name=id value=others><button>x</button></form>"
    with site({"/": page}) as (port, _seen):
        tab.go(f"http://phish.localhost:{port}/")
        tab.press("button")
        tab.until("document.body.innerText.includes('access_denied')")
        tab.go(f"http://localhost:{port}/")
        tab.press("button")
        tab.until("document.body.innerText.includes('access_denied')")
    assert len(live(server, ada)) == 1


INJECTIONS = {
    "inline script": "const s = document.createElement('script'); s.textContent = 'window.ran = 1';"
    " document.body.append(s)",
    "a script of elsewhere": "const s = document.createElement('script'); s.src = '/auth/jwks';"
    " document.body.append(s)",
    "a handler": "document.body.setAttribute('onclick', 'window.ran = 1')",
    "markup": "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=window.ran=1>')",
    "code": "(0, eval)('window.ran = 1')",
    "a request": "await fetch('/auth/session', {method: 'POST'})",
    "a style": "const s = document.createElement('style'); s.textContent = 'a{color:red}';"
    " document.head.append(s)",
    "a frame": "const f = document.createElement('iframe'); f.src = '/auth/account';"
    " document.body.append(f)",
}


@pytest.mark.parametrize("injected", INJECTIONS.values(), ids=INJECTIONS.keys())
def test_what_is_injected_does_nothing(server, tab, injected):
    """Script, handlers, markup, requests and frames are closed by the policy, each reported."""
    tab.go(server.at("/sign-in"))
    said = tab.run(
        "(async () => { let reported = '';"
        " document.addEventListener('securitypolicyviolation',"
        " (e) => { reported = e.violatedDirective; });"
        f" try {{ {injected}; }} catch (error) {{ reported ||= error.name; }}"
        " await new Promise((done) => setTimeout(done, 50));"
        " return [window.ran || 0, reported]; })()"
    )
    assert said[0] == 0
    assert said[1]


def _lend(tab, other):
    """Put the passkeys of one tab into an authenticator of another, as a phone would be."""
    key = other.authenticator()
    for made in tab.credentials(tab.key):
        other.call("WebAuthn.addCredential", authenticatorId=key, credential=made)


def _plain(credential):
    """The credential as our script writes it."""
    value = json.loads(credential)
    wanted = ("clientDataJSON", "authenticatorData", "signature", "userHandle")
    response = {name: value["response"].get(name, "") for name in wanted}
    said = {"id": value["id"], "rawId": value["rawId"], "type": value["type"], "response": response}
    return json.dumps(said)
