"""Approvals signed in a real browser at a running gate with two workers, and by attackers."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import sys
from contextlib import closing

import pytest
from kit.approvals import APPROVALS, Caller, make_approvals
from kit.browser import browser, site
from kit.issuing import free_port

from yett.records.query import Filter, Search

__all__ = ["browser"]

SUBMIT = "form[data-passkey] button"
GOOD = {"amount": 7, "to": "Bo", "pin": "1234"}

# What a script signs for: ID, digest and decision are put in, and what else is asked of the device.
SIGN = """(async () => {
  const hash = (t) => crypto.subtle.digest('SHA-256', new TextEncoder().encode(t));
  const b64 = (b) => btoa(String.fromCharCode(...new Uint8Array(b)))
    .replace(/\\+/g, '-').replace(/\\//g, '_').replace(/=+$/, '');
  const challenge = await hash('yett-approval-vote/1\\n%s\\n%s\\n%s\\n');
  try {
    const got = await navigator.credentials.get({publicKey:
      {challenge, rpId: 'localhost', userVerification: '%s'}});
    return JSON.stringify({id: got.id, rawId: b64(got.rawId), type: got.type, response: {
      clientDataJSON: b64(got.response.clientDataJSON),
      authenticatorData: b64(got.response.authenticatorData),
      signature: b64(got.response.signature)}});
  } catch (error) { return error.name; }
})()"""


class Office:
    """A gate with the issuer behind it; ada asks by tokens of an outside issuer."""

    def __init__(self, folder, serve, seen):
        self.folder, self.seen = folder, seen
        self.port, control = free_port(), free_port()
        self.origin = f"http://localhost:{self.port}"
        config = f"""
[identity.builtin]
url = "{self.origin}/auth"
audience = "{self.origin}"
listen = "127.0.0.1:{control}"
admin_role = "boss"
"""
        self.issuer = make_approvals(folder, {"approvals": 1, "within": 600}, config=config)
        self.served = serve("--listen", f"127.0.0.1:{self.port}")
        self.ada = Caller(self.port, self.issuer.token("ada", "pay"))

    def command(self, *words):
        command = [sys.executable, "-m", "yett.cli", "-C", str(self.folder.path), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def person(self, login, tab):
        """Somebody enrols in a tab: their passkey is in its authenticator."""
        done = self.command("user", "add", login, "--name", login.title(), "--role", "boss")
        assert done.returncode == 0, done.stderr
        tab.go(re.search(r"http://\S+/enrol#\S+", done.stdout)[0])
        tab.press()
        tab.press(SUBMIT)
        tab.arrives("/auth/account")

    def asked(self, **body):
        status, asked = self.ada.pay({**GOOD, **body}, target="/pay?note=a")
        assert (status, asked["code"]) == (403, "approval-needed"), asked
        return asked

    def run(self, asked):
        approval = asked["approval"]
        return self.ada.pay(GOOD, target="/pay?note=a", Yett_Approval=approval)[0]

    def ran(self):
        return sum(head.startswith(b"POST /pay") for head in self.seen)

    def vote(self, tab, asked, assertion, decision="approve", **fields):
        """A vote with the cookies of a tab, sent by whatever program; status and answer."""
        cookies = "; ".join(f"{one['name']}={one['value']}" for one in tab.cookies().values())
        body = {"decision": decision, "digest": asked["digest"]}
        if assertion:
            body["assertion"] = json.loads(assertion)
        headers = {"Cookie": cookies, "Content-Type": "application/json", **fields}
        headers["Host"] = f"localhost:{self.port}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with closing(connection):
            target = f"{APPROVALS}/{asked['approval']}"
            connection.request("POST", target, json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

    def events(self, kind):
        search = Search(self.folder.path / "var/ledger", Filter(kind=kind))
        return [record.e for record in search.oldest()]


@pytest.fixture
def office(folder, serve, upstream):
    upstream[1].clear()
    return Office(folder, serve, upstream[1])


@pytest.fixture
def tab(browser):
    made = browser.page()
    made.key = made.authenticator()
    return made


def members(tab):
    """What the page shows, by member."""
    return json.loads(
        tab.run(
            "JSON.stringify(Object.fromEntries([...document.querySelectorAll('[data-member]')]"
            ".map((one) => [one.dataset.member, one.textContent])))"
        )
    )


def signed(tab, asked, *, decision="approve", verification="required", digest=""):
    words = (asked["approval"], digest or asked["digest"], decision, verification)
    return tab.run(SIGN % words)


def loaded(tab, office, asked):
    tab.go(f"{office.origin}/auth/approvals/{asked['approval']}")
    tab.until(
        "document.querySelector('[data-state]') || document.querySelector('[role=alert]').textContent"
    )


def test_a_person_approves_with_a_passkey(office, tab):
    """Asked for over the API, seen and signed in the browser, run once, verified from the ledger."""
    asked = office.asked()
    office.person("dora", tab)
    tab.press("a[href$='/auth/approvals']")
    tab.arrives("/auth/approvals")
    tab.press("section a")
    tab.arrives(f"/auth/approvals/{asked['approval']}")
    tab.until("document.querySelector('[data-state=pending]')")
    seen = members(tab)
    assert seen["requester"] == "ada"
    assert (seen["method"], seen["target"]) == ("POST", "/pay?note=a")
    assert seen["text"] == '{"amount": 7, "to": "Bo", "pin": "***"}'
    assert seen["digest"] == asked["digest"]
    assert office.run(asked) == 403
    tab.press("button[data-decision=approve]")
    tab.until("document.querySelector('[data-state=approved]')")
    assert "Your vote counts." in tab.text
    assert "You have voted." in tab.text
    assert not tab.run("Boolean(document.querySelector('button'))")
    assert [office.run(asked), office.run(asked)] == [200, 403]
    assert office.ran() == 1
    (given,) = office.events("approval-given")
    assert given.evidence.startswith("yett-passkey/1 ")
    assert given.issuer == f"{office.origin}/auth"
    tab.go(tab.url)
    tab.until("document.querySelector('[data-state=used]')")
    assert "signed" in tab.text
    done = office.command("approval", "verify", "--format", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    (vote,) = map(json.loads, done.stdout.splitlines())
    assert (vote["result"], vote["decision"], vote["key"]) == ("good", "approve", "theirs")


def test_what_attackers_in_and_around_the_browser_get(office, tab):
    """Other pages, other origins, an unverified touch, another request: nothing is approved."""
    asked, other = office.asked(), office.asked(amount=8)
    office.person("dora", tab)
    status, said = office.vote(tab, asked, "")
    assert (status, said["code"]) == (403, "approval-invalid")
    assert f"{office.origin}/auth/approvals/{asked['approval']}" in said["detail"]
    # A signature for another request or the other decision is none for this one.
    for wrong in (signed(tab, other), signed(tab, asked, decision="refuse")):
        assert office.vote(tab, asked, wrong)[0] == 403
    # A touch without finger or PIN, which a script may ask for, and the device grants.
    tab.verified(tab.key, False)
    touched = signed(tab, asked, verification="discouraged")
    assert touched.startswith("{")
    assert office.vote(tab, asked, touched)[0] == 403
    loaded(tab, office, asked)
    tab.press("button[data-decision=approve]")
    tab.until("document.querySelector('[role=alert]').textContent.includes('cancelled')")
    tab.verified(tab.key, True)
    # Another port of this host is the same site, and the device signs there; it is another origin.
    with site({"/": "<!doctype html>hello"}) as (port, _):
        tab.go(f"http://localhost:{port}/")
        stolen = signed(tab, asked)
        assert stolen.startswith("{")
        body = json.dumps({"decision": "approve", "digest": asked["digest"], "assertion": {}})
        target = f"{office.origin}{APPROVALS}/{asked['approval']}"
        tab.run(
            f"fetch({target!r}, {{method: 'POST', mode: 'no-cors', credentials: 'include',"
            f" body: {body!r}}}).then(() => 1, () => 1)"
        )
    assert office.vote(tab, asked, stolen)[0] == 403
    # What that page sent by itself did not get past the gate's second step.
    crossed = office.vote(tab, asked, stolen, **{"Sec-Fetch-Site": "same-site"})
    assert (crossed[0], crossed[1]["code"]) == (403, "cross-site-request")
    assert office.events("approval-given") == []
    assert office.run(asked) == 403
    assert office.ran() == 0


def test_a_page_that_is_told_lies_does_not_vote(office, tab):
    """The page computes the digest itself: changed text, body or id, and there is no button."""
    asked = office.asked()
    office.person("dora", tab)
    lies = {
        "target": "one.request.target = '/pay'",
        "body": "one.body = one.body.replace('7', '1')",
        "digest": "one.digest = '0'.repeat(64)",
        "both": "one.request.shown = one.digest",
    }
    for name, lie in lies.items():
        script = f"""{{ const real = Response.prototype.json;
          Response.prototype.json = async function () {{
            const one = await real.call(this); if (one.request) {lie}; return one; }}; }}"""
        added = tab.call("Page.addScriptToEvaluateOnNewDocument", source=script)
        loaded(tab, office, asked)
        assert "Do not vote" in tab.text, name
        assert not tab.run("Boolean(document.querySelector('button'))"), name
        tab.call("Page.removeScriptToEvaluateOnNewDocument", identifier=added["identifier"])
    # The cookie for the API ran out: the page renews it while the sign-in lasts.
    tab.call("Network.deleteCookies", name="yett-session", url=office.origin)
    assert "yett-session" not in tab.cookies()
    loaded(tab, office, asked)
    tab.press("button[data-decision=refuse]")
    tab.until("document.querySelector('[data-state=refused]')")
    (refused,) = office.events("approval-refused")
    assert refused.evidence


def test_what_people_write_is_shown_as_it_is(office, tab):
    """Letters that run the other way or are not seen change nothing of what stands there."""
    office.person("dora", tab)
    token = office.issuer.token("ada<b>\u05d0\u3164", "pay")
    asked = Caller(office.port, token).pay(GOOD)[1]
    loaded(tab, office, asked)
    assert members(tab)["requester"] == "ada<b>\u05d0\\u{3164}"
    assert tab.run("getComputedStyle(document.querySelector('dd bdo')).unicodeBidi") != "normal"
    assert tab.run("document.querySelectorAll('section b').length") == 0
    # Who asked with a token of elsewhere and has an account here does not approve by signing in.
    mine = Caller(office.port, office.issuer.token("dora", "pay")).pay({"amount": 9})[1]
    loaded(tab, office, mine)
    tab.press("button[data-decision=approve]")
    tab.until("document.querySelector('[role=alert]').textContent.includes('asked for themselves')")
