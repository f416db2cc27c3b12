"""`yett serve` over TLS: certificates replaced under load, clients certified, HTTP sent to HTTPS."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import ssl
import subprocess
import time

import pytest
import trustme

CA = trustme.CA()
STRANGER = trustme.CA()
TLS = '{cert = "cert.pem", key = "key.pem"%s}'


def install(folder, leaf):
    """Replace the files one after the other, as `certbot` and operators do."""
    folder.write("cert.pem", b"".join(p.bytes() for p in leaf.cert_chain_pems).decode())
    folder.write("key.pem", leaf.private_key_pem.bytes().decode())


def client(leaf=None, version=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    CA.configure_trust(context)
    if leaf:
        leaf.configure_cert(context)
    if version:
        context.minimum_version = context.maximum_version = version
    return context


def serial(port):
    with (
        socket.create_connection(("127.0.0.1", port), 10) as raw,
        client().wrap_socket(raw, server_hostname="localhost") as wrapped,
    ):
        return wrapped.getpeercert()["serialNumber"]


@pytest.fixture
def secure(folder, serve):
    """Serve with TLS; `more` is added to `gateway.tls`."""

    def start(more=""):
        install(folder, CA.issue_cert("localhost"))
        folder.configure(gateway=f"tls = {TLS % more}")
        return serve()

    return start


def test_a_certificate_is_replaced_under_load(secure, load, folder):
    """Six new certificates under load: each is served, no request is lost, a broken one is not."""
    served = secure()
    broken = f"{folder.path}/cert.pem: the file holds no readable certificate"
    with load(served.port, context=client(), keep=2, fresh=1) as traffic:
        seen = {serial(served.port)}
        for _ in range(6):
            install(folder, CA.issue_cert("localhost"))
            os.kill(served.process.pid, signal.SIGHUP)
            until = time.monotonic() + 20
            while (new := serial(served.port)) in seen:
                assert time.monotonic() < until
            seen.add(new)
        folder.write("cert.pem", "half a file")
        os.kill(served.process.pid, signal.SIGHUP)
        served.wait("certificate-refused", error=broken)
        assert serial(served.port) in seen
    assert set(traffic.statuses) == {200}
    assert traffic.broken == []


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_old_protocols_and_resumption_are_out(secure):
    """TLS 1.1 is refused; OpenSSL's own client gets no ticket, and resumes nothing over TLS 1.3."""
    served = secure()
    old = client()
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, OSError)):
        served.get(context=old)
    for version in ("-tls1_2", "-tls1_3"):
        told = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{served.port}", version, "-reconnect"],
            input=b"",
            capture_output=True,
            timeout=30,
            check=False,
        ).stdout
        assert b"\nNew, TLSv1." in told
        assert b"session ticket" not in told
        # TLS 1.2 resumes by session id; where clients are certified it is closed, see below.
        assert version == "-tls1_2" or b"\nReused, " not in told


def test_clients_are_certified(secure, folder):
    """With `client_ca` only a client with a certificate of that authority is answered."""
    CA.cert_pem.write_to_path(folder.path / "ca.pem")
    served = secure(', client_ca = "ca.pem"')
    assert served.get(context=client(CA.issue_cert("a@example.com"))) == (200, b"{}")
    resuming = client(CA.issue_cert("a@example.com"), ssl.TLSVersion.TLSv1_2)
    for refused in (client(), client(STRANGER.issue_cert("a@example.com")), resuming):
        with pytest.raises((ssl.SSLError, OSError, http.client.HTTPException)):
            served.get(context=refused)


def test_http_is_sent_to_https(secure):
    """The plain listener redirects to the name of the certificate and to no other."""
    served = secure(', redirect = "127.0.0.1:0"')
    plain = served.ready["listen"][1]
    assert plain.startswith("http://127.0.0.1:")
    port = int(plain.rpartition(":")[2])
    answers = {}
    for host in ("localhost", "evil.example"):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/items?a=b", headers={"Host": host})
        answer = connection.getresponse()
        answers[host] = (answer.status, answer.getheader("location"))
        connection.close()
    assert answers == {
        "localhost": (308, f"https://localhost:{served.port}/items?a=b"),
        "evil.example": (421, None),
    }


def test_a_worker_restarts_with_the_last_good_certificate(secure, folder):
    """A broken file on disk does not keep a replacement from serving."""
    served = secure()
    before = serial(served.port)
    (folder.path / "key.pem").unlink()
    for pid in served.children():
        os.kill(pid, signal.SIGKILL)
    served.wait("died", 3)
    assert serial(served.port) == before


def test_a_certificate_that_does_not_fit_does_not_start(folder, command):
    """Exit 2 and the file, when the key is another certificate's."""
    install(folder, CA.issue_cert("localhost"))
    CA.issue_cert("localhost").private_key_pem.write_to_path(folder.path / "key.pem")
    folder.configure(gateway=f"tls = {TLS % ''}")
    ended = command()
    assert ended.returncode == 2
    assert "the key is not the key of the certificate" in ended.stderr
    assert "Traceback" not in ended.stderr
