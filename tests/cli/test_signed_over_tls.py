"""Signed votes over TLS: the `__Host-` cookie of a sign-in opens the gate's own operations, from here."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from contextlib import closing

import pytest
import trustme
from kit.approvals import APPROVALS, IDENTITY, SCOPES, make_approvals
from kit.issuing import free_port
from kit.signing import Signer

from yett.cli.account_place import opened
from yett.issuer.http import Ask
from yett.issuer.sessions import begin

CA = trustme.CA()
STRONG = "urn:yett:phishing-resistant"


class Secure:
    """A gate over TLS, two workers; dora has an account, a passkey and a browser's cookie."""

    def __init__(self, folder, serve):
        self.port, control = free_port(), free_port()
        self.url = f"https://localhost:{self.port}/auth"
        leaf = CA.issue_cert("localhost")
        folder.write("cert.pem", b"".join(p.bytes() for p in leaf.cert_chain_pems).decode())
        folder.write("key.pem", leaf.private_key_pem.bytes().decode())
        builtin = f"""
[identity.builtin]
url = "{self.url}"
audience = "https://localhost:{self.port}"
listen = "127.0.0.1:{control}"
admin_role = "boss"
"""
        self.issuer = make_approvals(folder, {"approvals": 1, "within": 600})
        tls = 'tls = {cert = "cert.pem", key = "key.pem"}'
        folder.configure(gateway=tls, more=IDENTITY + SCOPES + builtin)
        serve("--listen", f"127.0.0.1:{self.port}")
        with opened(folder.path) as server:
            self.dora = Signer(server.store, "dora", issuer=self.url, roles=("boss",))
            ask = Ask(method="POST", path="/sign-in", now=time.time())
            _, headers = server.store.write(
                lambda tx: begin(server, tx, ask, self.dora.user, acr=STRONG, amr=("hwk", "user"))
            )
        cookies = [value.partition(";")[0] for name, value in headers if name == "set-cookie"]
        self.cookie = next(one for one in cookies if one.startswith("__Host-yett-session="))

    def send(self, method, target, body=None, **fields):
        context = ssl.create_default_context()
        CA.configure_trust(context)
        connection = http.client.HTTPSConnection(
            "localhost", self.port, timeout=20, context=context
        )
        headers = {name.replace("_", "-"): value for name, value in fields.items()}
        with closing(connection):
            raw = None if body is None else json.dumps(body)
            connection.request(method, target, raw, {"Content-Type": "application/json", **headers})
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else None


@pytest.fixture
def secure(folder, serve):
    return Secure(folder, serve)


def test_the_cookie_of_a_sign_in_votes_from_this_origin_alone(secure):
    """Every worker takes it, from our own pages; signed, once."""
    token = f"Bearer {secure.issuer.token('ada', 'pay')}"
    pay = ("POST", "/pay", {"amount": 7})
    _, asked = secure.send(*pay, Authorization=token)
    assert asked["page"] == f"{secure.url}/approvals/{asked['approval']}"
    target = f"{APPROVALS}/{asked['approval']}"
    for _ in range(8):  # of two workers each hears about half
        status, shown = secure.send("GET", target, Cookie=secure.cookie)
        assert (status, shown["state"]) == (200, "pending")
    plain = secure.cookie.removeprefix("__Host-")
    assert secure.send("GET", target, Cookie=plain)[0] == 401
    vote = secure.dora.vote(asked)
    for origin in ("https://evil.example", f"https://localhost:{secure.port + 1}", "null"):
        status, said = secure.send("POST", target, vote, Cookie=secure.cookie, Origin=origin)
        assert (status, said["code"]) == (403, "cross-site-request")
    own = f"https://localhost:{secure.port}"
    status, shown = secure.send("POST", target, vote, Cookie=secure.cookie, Origin=own)
    assert (status, shown["state"]) == (200, "approved")
    again = secure.send("POST", target, vote, Cookie=secure.cookie, Origin=own)
    assert (again[0], again[1]["code"]) == (403, "approval-invalid")
    used = {"Authorization": token, "Yett_Approval": asked["approval"]}
    assert [secure.send(*pay, **used)[0] for _ in range(2)] == [200, 403]
