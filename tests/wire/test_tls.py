"""TLS of a listener: strict, without resumption, and its certificate replaced while it serves."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import socket
import ssl
import time

import pytest
import trustme
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from yett.contract.config import TlsConfig
from yett.wire.errors import SetupError
from yett.wire.tls import HANDSHAKE_TIMEOUT_SECONDS, Tls, tls_files

CA = trustme.CA()
OTHER_CA = trustme.CA()
CONFIG = TlsConfig(cert="cert.pem", key="key.pem")
MUTUAL = TlsConfig(cert="cert.pem", key="key.pem", client_ca="ca.pem")
VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


def write(folder, leaf, client_ca=None):
    leaf.private_key_pem.write_to_path(folder / "key.pem")
    (folder / "cert.pem").write_bytes(b"".join(p.bytes() for p in leaf.cert_chain_pems))
    if client_ca:
        client_ca.cert_pem.write_to_path(folder / "ca.pem")


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


def client_context(version=None, leaf=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    CA.configure_trust(context)
    if version:
        context.minimum_version = context.maximum_version = version
    if leaf:
        leaf.configure_cert(context)
    return context


def call(port, context, session=None, name="localhost"):
    """One echo over TLS; answers (serial, reused, version, cipher, alpn, session)."""
    raw = socket.create_connection(("127.0.0.1", port), 5)
    with raw, context.wrap_socket(raw, server_hostname=name, session=session) as wrapped:
        wrapped.sendall(b"x")
        if wrapped.recv(1) != b"x":
            raise ConnectionError("refused")
        answer = {
            "serial": wrapped.getpeercert()["serialNumber"],
            "reused": wrapped.session_reused,
            "version": wrapped.version(),
            "cipher": wrapped.cipher()[0],
            "alpn": wrapped.selected_alpn_protocol(),
            "session": wrapped.session,
        }
        # Without close_notify OpenSSL would forget the session, and nothing would be proven.
        with contextlib.suppress(OSError):
            wrapped.unwrap()
        return answer


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def serve(request):
    """Run `client(port)` in a thread against an echo server that uses the context."""

    def run(tls, client):
        async def main():
            loop = asyncio.get_running_loop()
            loop.set_exception_handler(lambda *_: None)  # refused handshakes are not news here
            server = await loop.create_server(
                Echo,
                "127.0.0.1",
                0,
                ssl=tls.context,
                ssl_handshake_timeout=HANDSHAKE_TIMEOUT_SECONDS,
            )
            port = server.sockets[0].getsockname()[1]
            try:
                return await loop.run_in_executor(None, client, port)
            finally:
                server.close()

        with asyncio.Runner(loop_factory=request.param) as runner:
            return runner.run(main())

    return run


def serial(leaf):
    return f"{x509.load_pem_x509_certificate(leaf.cert_chain_pems[0].bytes()).serial_number:X}"


def test_no_ticket_is_given(tmp_path, serve):
    """Neither protocol hands out a ticket, and TLS 1.3 never resumes."""
    write(tmp_path, CA.issue_cert("localhost"))
    tls = Tls(CONFIG, tmp_path, time.time())

    def client(port):
        context, old = client_context(VERSIONS[1]), client_context(VERSIONS[0])
        first = call(port, context)
        return first, call(port, context, session=first["session"]), call(port, old)

    first, second, old = serve(tls, client)
    assert (first["reused"], second["reused"]) == (False, False)
    assert not any(answer["session"].has_ticket for answer in (first, second, old))


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_new_protocols_only(tmp_path, serve):
    """TLS 1.3 is preferred, 1.2 has forward secrecy, and 1.1 does not get in (RFC 8996)."""
    write(tmp_path, CA.issue_cert("localhost"))

    def client(port):
        best = client_context()
        best.set_alpn_protocols(["h2", "http/1.1"])
        old = client_context()
        old.set_ciphers("ALL:@SECLEVEL=0")
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        weak = client_context(ssl.TLSVersion.TLSv1_2)
        weak.set_ciphers("AES128-SHA256:AES128-GCM-SHA256")
        for refused in (old, weak):
            with pytest.raises((ssl.SSLError, OSError)):
                call(port, refused)
        return call(port, best), call(port, client_context(ssl.TLSVersion.TLSv1_2))

    best, middle = serve(Tls(CONFIG, tmp_path, time.time()), client)
    assert (best["version"], best["alpn"]) == ("TLSv1.3", "http/1.1")
    assert middle["version"] == "TLSv1.2"
    assert middle["cipher"].startswith("ECDHE-")


def test_a_new_certificate_is_served_without_a_restart(tmp_path, serve):
    """After `reload` the next handshake sees the new certificate, an open connection goes on."""
    old, new = CA.issue_cert("localhost"), CA.issue_cert("localhost", "other.test")
    write(tmp_path, old)
    tls = Tls(CONFIG, tmp_path, time.time())

    def client(port):
        context = client_context()
        raw = socket.create_connection(("127.0.0.1", port), 5)
        with raw, context.wrap_socket(raw, server_hostname="localhost") as kept:
            before = call(port, context)
            write(tmp_path, new)
            tls.reload(time.time())
            after = call(port, context)
            kept.sendall(b"y")
            return before["serial"], after["serial"], kept.recv(1)

    before, after, still = serve(tls, client)
    assert (int(before, 16), int(after, 16)) == (int(serial(old), 16), int(serial(new), 16))
    assert still == b"y"
    assert tls.leaf.names == {"localhost", "other.test"}


def test_a_client_certificate_is_required(tmp_path, serve):
    """With `client_ca` a client without a certificate, or with a stranger's, does not get in."""
    write(tmp_path, CA.issue_cert("localhost"), CA)
    tls = Tls(MUTUAL, tmp_path, time.time())
    friend, stranger = (ca.issue_cert("client@example.com") for ca in (CA, OTHER_CA))

    def client(port):
        good = client_context(leaf=friend)
        for refused in (client_context(), client_context(leaf=stranger)):
            with pytest.raises((ssl.SSLError, OSError)):
                call(port, refused)
        before = call(port, good)
        OTHER_CA.cert_pem.write_to_path(tmp_path / "ca.pem")
        tls.reload(time.time())
        with pytest.raises((ssl.SSLError, OSError)):
            call(port, good, session=before["session"])
        return before["version"], call(port, client_context(leaf=stranger))["reused"]

    assert serve(tls, client) == ("TLSv1.3", False)


def test_a_certified_client_cannot_resume(tmp_path, serve):
    """TLS 1.2, which resumes by session id, is closed where the certificate of the client counts."""
    write(tmp_path, CA.issue_cert("localhost"), CA)

    def client(port):
        with pytest.raises((ssl.SSLError, OSError)):
            call(port, client_context(VERSIONS[0], CA.issue_cert("client@example.com")))

    serve(Tls(MUTUAL, tmp_path, time.time()), client)


def test_a_stalled_handshake_is_cut(tmp_path, monkeypatch):
    """A client that connects and never speaks TLS is dropped when the handshake timer fires."""
    write(tmp_path, CA.issue_cert("localhost"))
    tls = Tls(CONFIG, tmp_path, time.time())

    async def main():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda *_: None)
        server = await loop.create_server(
            Echo, "127.0.0.1", 0, ssl=tls.context, ssl_handshake_timeout=0.2
        )
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        try:
            return await asyncio.wait_for(reader.read(), 10)
        except ConnectionError:
            return b""
        finally:
            writer.close()
            server.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(main()) == b""
    assert HANDSHAKE_TIMEOUT_SECONDS == 10.0


def refused(folder, config=CONFIG, now=None):
    with pytest.raises(SetupError) as caught:
        Tls(config, folder, now or time.time())
    assert caught.value.hint
    return str(caught.value).replace(str(folder) + "/", "")


def test_missing_files_are_named(tmp_path):
    """A file that is not there is named, whichever it is."""
    assert refused(tmp_path) == "cert.pem: no such file"
    write(tmp_path, CA.issue_cert("localhost"))
    assert refused(tmp_path, MUTUAL) == "ca.pem: no such file"
    (tmp_path / "key.pem").unlink()
    assert refused(tmp_path) == "key.pem: no such file"


def test_a_pair_that_does_not_match_is_named(tmp_path):
    """A key of another certificate is a named error."""
    write(tmp_path, CA.issue_cert("localhost"))
    CA.issue_cert("localhost").private_key_pem.write_to_path(tmp_path / "key.pem")
    assert refused(tmp_path) == "key.pem: the key is not the key of the certificate `cert.pem`"


def test_dates_are_checked(tmp_path):
    """An expired certificate, and one of the future, are refused by name."""
    then = dt.datetime(2020, 1, 2, tzinfo=dt.UTC)
    write(tmp_path, CA.issue_cert("localhost", not_after=then))
    assert refused(tmp_path) == "cert.pem: the certificate expired on 2020-01-02"
    write(tmp_path, CA.issue_cert("localhost"))
    early = refused(tmp_path, now=1.0)
    assert early.startswith("cert.pem: the certificate is not valid before 2")


@pytest.mark.parametrize("broken", ["cert.pem", "key.pem", "ca.pem"])
@pytest.mark.parametrize("text", [b"", b"\xff\x00", b"-----BEGIN CERTIFICATE-----\nAA\n"])
def test_a_file_that_is_no_pem_is_named(tmp_path, broken, text):
    """Garbage in any of the files is a named error, never a stack trace of OpenSSL."""
    write(tmp_path, CA.issue_cert("localhost"), CA)
    (tmp_path / broken).write_bytes(text)
    assert refused(tmp_path, MUTUAL).startswith(f"{broken}: ")


def test_an_encrypted_key_does_not_ask_the_terminal(tmp_path):
    """A passphrase is never asked for: a service would hang at start."""
    leaf = CA.issue_cert("localhost")
    write(tmp_path, leaf)
    key = form.load_pem_private_key(leaf.private_key_pem.bytes(), None)
    locked = form.BestAvailableEncryption(b"long enough")
    pem = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, locked)
    (tmp_path / "key.pem").write_bytes(pem)
    assert refused(tmp_path) == "key.pem: the key is encrypted"


def test_a_weak_key_is_refused(tmp_path):
    """RSA below 2048 bits does not start (RFC 9325 s4.5)."""
    key = rsa.generate_private_key(65537, 1024)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (tmp_path / "cert.pem").write_bytes(certificate.public_bytes(form.Encoding.PEM))
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    )
    assert refused(tmp_path) == "cert.pem: the key or its signature is too weak"


def test_a_broken_file_leaves_the_old_certificate(tmp_path, serve):
    """A reload that fails changes nothing: the old pair goes on being served."""
    leaf = CA.issue_cert("localhost")
    write(tmp_path, leaf)
    tls = Tls(CONFIG, tmp_path, time.time())

    def client(port):
        (tmp_path / "cert.pem").write_bytes(b"half a file")
        with pytest.raises(SetupError):
            tls.reload(time.time())
        return call(port, client_context())["serial"]

    assert int(serve(tls, client), 16) == int(serial(leaf), 16)


def test_files_that_were_replaced_since_are_told(tmp_path):
    """Whoever begins to watch late learns that what is served is not what is there."""
    write(tmp_path, CA.issue_cert("localhost"))
    tls = Tls(CONFIG, tmp_path, time.time())
    assert not tls.outdated()
    write(tmp_path, CA.issue_cert("localhost"))
    assert tls.outdated()
    tls.reload(time.time())
    assert not tls.outdated()
    (tmp_path / "key.pem").write_bytes(b"broken")
    with pytest.raises(SetupError):
        tls.reload(time.time())
    assert tls.outdated(), "what was not taken is not seen as read"


def test_the_files_to_watch(tmp_path):
    """The files whose change matters are the three that are named, absolute ones as they are."""
    config = TlsConfig(cert="a.pem", key="/etc/b.pem")
    assert [str(p) for p in tls_files(config, tmp_path)] == [f"{tmp_path}/a.pem", "/etc/b.pem"]
