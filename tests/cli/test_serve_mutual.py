"""`yett serve` with client certificates: two listeners, revocation in place, a proxy's word."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import ssl
import time
from base64 import b64encode

import pytest
from kit import hostile
from kit.authority import DAY, SERVER, Authority

from yett.wire.certificate import thumbprint

CA, OTHER = Authority("Test CA"), Authority("Other CA")
BILLING = "uri:spiffe://example.org/billing"
NAMES = f"""
failures = "1000000/min per ip"
[[identity.issuer]]
url = "{hostile.ISSUER}"
audience = "{hostile.AUDIENCE}"
algorithms = {json.dumps(hostile.ALGORITHMS)}
jwks = "jwks.json"
[[identity.certificate]]
name = "{BILLING}"
service = "billing"
scopes = ["items:read"]
"""
TLS = '{{cert = "cert.pem", key = "key.pem", client_ca = "ca.pem"{more}}}'
LISTED = TLS.format(more=', crl = "crl.pem"')
TWO = TLS.format(more=', crl = "crl.pem", mutual = "127.0.0.1:0"')


def declare(folder):
    """`/items` is public, `/certified` for services, `/bound` for tokens, `/both` needs both."""
    fine = {"200": {"description": "fine"}}
    items = {"operationId": "items", "x-yett": {"public": True}, "responses": fine}
    certified = {
        "operationId": "certified",
        "security": [{"mtls": ["items:read"]}],
        "responses": fine,
    }
    schemes = {"mtls": {"type": "mutualTLS"}, "token": {"type": "http", "scheme": "bearer"}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "shop", "version": "1"},
        "components": {"securitySchemes": schemes},
        "paths": {
            "/items": {"get": items},
            "/certified": {"get": certified},
            "/bound": {"get": {"security": [{"token": []}], "responses": fine}},
            "/both": {"get": {"security": [{"mtls": [], "token": []}], "responses": fine}},
        },
    }
    folder.write("openapi.json", json.dumps(document))
    folder.write("jwks.json", json.dumps(hostile.JWKS))


def install(folder, *authorities, crl=None):
    CA.server().put(folder.path)
    folder.write("ca.pem", b"".join(one.pem for one in authorities or (CA,)).decode())
    folder.write("crl.pem", (crl or b"".join(o.revoke() for o in authorities or (CA,))).decode())


@pytest.fixture
def mutual(folder, serve):
    """Serve with client certificates; `tls` is the setting, `more` the rest of `[gateway]`."""

    def start(tls=LISTED, more="", crl=None, options=()):
        declare(folder)
        install(folder, crl=crl)
        folder.configure(gateway=f"tls = {tls}\n{more}", more=NAMES)
        return serve(*options)

    return start


def context(folder, leaf=None, version=None):
    return CA.client(folder.path, leaf, version)


@contextlib.contextmanager
def held(port, client):
    """A connection that is kept."""
    connection = http.client.HTTPSConnection("localhost", port, timeout=20, context=client)
    with contextlib.closing(connection):
        yield connection


def ask(connection, target="/items", **headers):
    """The status; 0 when there is no answer."""
    try:
        connection.request("GET", target, headers=headers)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        return 0
    return answer.status


def once(port, client, target="/items", **headers):
    with held(port, client) as connection:
        return ask(connection, target, **headers)


def ended(connection, seconds=10):
    """Whether the gate closes an idle connection."""
    connection.sock.settimeout(seconds)
    try:
        return connection.sock.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def test_who_is_a_service(mutual, folder):
    """The name of a certificate opens an operation; another name is a 401, no certificate nobody."""
    served = mutual()
    good = context(folder, CA.issue(BILLING))
    unknown = context(folder, CA.issue(BILLING + "/x"))
    assert once(served.port, good, "/certified") == 200
    with held(served.port, unknown) as connection:
        assert ask(connection) == 200
        connection.request("GET", "/certified")
        answer = connection.getresponse()
        problem = json.loads(answer.read())
        assert (answer.status, answer.getheader("www-authenticate")) == (401, "ClientCertificate")
        assert problem["type"].endswith("credential-invalid")
        assert "spiffe" not in json.dumps(problem)
    assert once(served.port, context(folder), "/certified") == 0


def test_who_gets_in_at_all(mutual, folder):
    """Revoked, expired, of another usage, of another authority, TLS 1.2: nobody hears an answer."""
    gone = CA.issue(BILLING)
    served = mutual(crl=CA.revoke(gone))
    for leaf in (
        gone,
        CA.issue(BILLING, begins=-2 * DAY, ends=-DAY),
        CA.issue(BILLING, usage=SERVER),
        OTHER.issue(BILLING),
    ):
        assert once(served.port, context(folder, leaf)) == 0
    old = context(folder, CA.issue(BILLING), ssl.TLSVersion.TLSv1_2)
    assert once(served.port, old) == 0
    assert once(served.port, context(folder, CA.issue(BILLING))) == 200
    served.wait("clients-refused", why="certificate revoked")
    served.wait("clients-refused", why="certificate has expired")


def test_a_revocation_ends_what_is_open(mutual, folder):
    """A new list is noticed by itself: open connections of the revoked end, nobody resumes."""
    served = mutual()
    good, gone = CA.issue(BILLING), CA.issue(BILLING)
    kept, cut = context(folder, good), context(folder, gone)
    with held(served.port, kept) as first, held(served.port, cut) as second:
        assert (ask(first, "/certified"), ask(second, "/certified")) == (200, 200)
        session = second.sock.session
        folder.write("crl.pem", CA.revoke(gone).decode())
        assert ended(second)
        assert ask(first, "/certified") == 200
    served.wait("certificate-taken", 2)
    served.wait("clients-ended", why="it was revoked", connections=1)
    assert once(served.port, cut) == 0
    with socket.create_connection(("127.0.0.1", served.port), 10) as raw:
        try:
            with cut.wrap_socket(raw, server_hostname="localhost", session=session) as resumed:
                resumed.sendall(b"GET /items HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert not resumed.session_reused
                assert resumed.recv(1) == b""
        except OSError:
            pass  # refused in the handshake already
    assert once(served.port, kept, "/certified") == 200


def test_a_list_that_is_over_or_broken_is_told(mutual, folder, command):
    """At start it is exit code 2 and a name; later the list before stays in force."""
    gone = CA.issue(BILLING)
    served = mutual(crl=CA.revoke(gone))
    over = CA.revoke(begins=-2 * DAY, ends=-DAY).decode()
    folder.write("crl.pem", over)
    told = served.wait("certificate-refused")
    assert "the list of `CN=Test CA` ended on" in told["error"]
    assert once(served.port, context(folder, gone)) == 0
    assert once(served.port, context(folder, CA.issue(BILLING))) == 200
    refused = command()
    assert refused.returncode == 2
    assert "crl.pem: the list of `CN=Test CA` ended on" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_list_that_is_due_is_told(mutual, folder):
    """In the ready line, in the journal and once."""
    served = mutual(crl=CA.revoke(begins=-DAY, ends=DAY / 24))
    assert any(line.startswith("crl: the list of `CN=Test CA`") for line in served.ready["hazards"])
    told = served.wait("crl-due", authority="CN=Test CA")
    assert told["ends"].endswith("UTC")
    folder.write("crl.pem", CA.revoke().decode())
    served.wait("certificate-taken", 2)
    assert once(served.port, context(folder, CA.issue(BILLING))) == 200


def test_two_listeners(mutual, folder, load):
    """One for everybody, one for the certified; both are announced, reloaded and drained."""
    served = mutual(TWO)
    second = int(served.ready["mutual"].rpartition(":")[2])
    assert served.ready["listen"] == [served.ready["url"], served.ready["mutual"]]
    leaf = CA.issue(BILLING)
    anybody, certified = context(folder), context(folder, leaf)
    assert once(served.port, anybody) == 200
    assert once(served.port, anybody, "/certified") == 401
    assert once(served.port, certified, "/certified") == 401  # nobody asked for it there
    assert once(second, anybody) == 0
    assert once(second, certified, "/certified") == 200
    with load(second, context=context(folder, CA.issue(BILLING)), keep=1, fresh=1) as traffic:
        os.kill(served.process.pid, signal.SIGHUP)
        served.wait("certificate-taken", 2)
        traffic.until(50)
    assert (set(traffic.statuses), traffic.broken) == ({200}, [])
    with held(second, certified) as connection:
        assert ask(connection) == 200
        assert served.stop() == 0
        assert ended(connection)


def test_two_listeners_share_the_bound_of_handshakes(mutual):
    """A source that stalls at one door finds no other."""
    served = mutual(TWO, options=("--workers", "1"))
    second = int(served.ready["mutual"].rpartition(":")[2])
    with contextlib.ExitStack() as stack:
        for _ in range(64):
            stack.enter_context(socket.create_connection(("127.0.0.1", served.port), 10))
        late = [
            stack.enter_context(socket.create_connection(("127.0.0.1", second), 10))
            for _ in range(10)  # the doors take turns: the first of these may be before those
        ]
        assert closes(late[-1])


def closes(raw):
    """Whether the other end closes before a handshake would have had to be done."""
    raw.settimeout(8)
    try:
        return raw.recv(1) == b""
    except ConnectionError:
        return True


def bearer(**claims):
    """A good token of the issuer, as a header."""
    token = hostile.Corpus(time.time()).good(**claims)
    return {"Authorization": b"Bearer " + token}


def test_a_stolen_token_is_worth_nothing(mutual, folder):
    """A token bound to a certificate is good from its holder's connections alone (RFC 8705 s3)."""
    owner, thief = CA.issue("dns:owner.example"), CA.issue("dns:thief.example")
    served = mutual(TWO)
    second = int(served.ready["mutual"].rpartition(":")[2])
    bound = bearer(cnf={"x5t#S256": thumbprint(owner.der)})
    shown = {"Client-Cert": f":{b64encode(owner.der).decode()}:"}
    holder = context(folder, owner)
    stranger = context(folder, thief)
    assert once(second, holder, "/bound", **bound) == 200
    assert once(second, stranger, "/bound", **bound) == 401
    assert once(second, stranger, "/bound", **bound, **shown) == 401
    assert once(served.port, context(folder), "/bound", **bound) == 401
    assert once(served.port, context(folder), "/bound", **bound, **shown) == 401
    assert once(second, stranger, "/bound", **bearer()) == 200  # bound to nothing
    renewed = bearer(cnf={"x5t#S256": thumbprint(owner.pem)})
    assert once(second, holder, "/bound", **renewed) == 401
    with held(second, holder) as connection:
        assert [ask(connection, "/bound", **bound) for _ in range(3)] == [200] * 3
        folder.write("crl.pem", CA.revoke(owner).decode())
        assert ended(connection)
    assert once(second, holder, "/bound", **bound) == 0


def test_both_are_needed(mutual, folder):
    """A service's certificate and a token, where the contract asks for both."""
    served = mutual()
    service, stranger = (CA.issue(name) for name in (BILLING, "dns:stranger.example"))
    known, unknown = context(folder, service), context(folder, stranger)
    assert once(served.port, known, "/both", **bearer()) == 200
    assert once(served.port, known, "/both") == 401
    assert once(served.port, unknown, "/both", **bearer()) == 401


def test_a_proxy_says_who_the_client_is(mutual, folder, upstream):
    """`Client-Cert` counts from a trusted proxy, whose own certificate counts for nobody."""
    served = mutual(LISTED, 'client_cert = true\ntrusted_proxies = ["127.0.0.1/32"]')
    proxy = context(folder, CA.issue(BILLING))
    shown = f":{b64encode(CA.issue(BILLING).der).decode()}:"
    expired = f":{b64encode(CA.issue(BILLING, begins=-2 * DAY, ends=-DAY).der).decode()}:"
    answers = {
        "shown": once(served.port, proxy, "/certified", **{"Client-Cert": shown}),
        "none": once(served.port, proxy, "/certified"),
        "expired": once(served.port, proxy, "/certified", **{"Client-Cert": expired}),
        "two": once(served.port, proxy, "/certified", **{"Client-Cert": f"{shown}, {shown}"}),
        "alias": once(served.port, proxy, "/certified", Client_Cert=shown),
        "envoy": once(served.port, proxy, "/certified", **{"X-Forwarded-Client-Cert": shown}),
    }
    assert answers == {
        "shown": 200,
        "none": 401,
        "expired": 401,
        "two": 400,
        "alias": 401,
        "envoy": 401,
    }
    assert not any(b"client-cert" in head.lower() for head in upstream[1])


def test_nobody_else_says_who_he_is(mutual, folder, upstream):
    """From a peer that is no trusted proxy the field is dust, and the service never sees it."""
    served = mutual(TWO, 'client_cert = true\ntrusted_proxies = ["192.0.2.1/32"]')
    shown = f":{b64encode(CA.issue(BILLING).der).decode()}:"
    second = int(served.ready["mutual"].rpartition(":")[2])
    stranger = context(folder, CA.issue("dns:stranger.example"))
    for name in ("Client-Cert", "Client_Cert", "X-SSL-Client-Cert", "X-Forwarded-Client-Cert"):
        assert once(served.port, context(folder), "/certified", **{name: shown}) == 401
        assert once(second, stranger, "/certified", **{name: shown}) == 401
        assert once(served.port, context(folder), "/items", **{name: shown}) == 200
    assert not any(shown.encode()[:40] in head for head in upstream[1])
