"""Who gets through a handshake with a client certificate, and who no longer: real handshakes."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import time

import pytest
import uvloop
from kit.authority import DAY, SERVER, Authority

from yett.contract.config import TlsConfig
from yett.wire.certificate import read_certificate
from yett.wire.errors import SetupError
from yett.wire.tls import Tls

CA, OTHER = Authority("Test CA"), Authority("Other CA")
MUTUAL = TlsConfig(cert="cert.pem", key="key.pem", client_ca="ca.pem", crl="crl.pem")
TWO = TlsConfig(cert="cert.pem", key="key.pem", client_ca="ca.pem", mutual="127.0.0.1:0")


def put(folder, *authorities, crl=None):
    """Write what the gate reads; the server's own certificate is always of `CA`."""
    CA.server().put(folder)
    (folder / "ca.pem").write_bytes(b"".join(one.pem for one in authorities or (CA,)))
    (folder / "crl.pem").write_bytes(crl or b"".join(o.revoke() for o in authorities or (CA,)))


class Echo(asyncio.Protocol):
    """Echoes, after a look at the client as the gate takes it."""

    def __init__(self, tls):
        self.tls = tls

    def connection_made(self, transport):
        self.transport = transport
        shown = transport.get_extra_info("ssl_object")
        der = shown.getpeercert(binary_form=True)
        objection = ""
        if der:
            client = read_certificate(der)
            objection = self.tls.objection(client, shown.context, time.time())
        if objection:
            transport.abort()

    def data_received(self, data):
        self.transport.write(data)


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def serve(request):
    """Run `play(port)` in a thread against an echo server behind a listening context."""

    def run(tls, play, context=None):
        async def main():
            loop = asyncio.get_running_loop()
            loop.set_exception_handler(lambda *_: None)
            server = await loop.create_server(
                lambda: Echo(tls), "127.0.0.1", 0, ssl=context or tls.context
            )
            try:
                port = server.sockets[0].getsockname()[1]
                return await loop.run_in_executor(None, play, port)
            finally:
                server.close()

        with asyncio.Runner(loop_factory=request.param) as runner:
            return runner.run(main())

    return run


def says(port, context, session=None, name="localhost"):
    """`in` or `out`, with whether the session was resumed and the session itself."""
    if name is None:
        context.check_hostname = False
    with socket.create_connection(("127.0.0.1", port), 5) as raw:
        try:
            with context.wrap_socket(raw, server_hostname=name, session=session) as wrapped:
                wrapped.sendall(b"x")
                if wrapped.recv(1) != b"x":
                    return "out", False, None
                answer = "in", wrapped.session_reused, wrapped.session
                with contextlib.suppress(OSError):
                    wrapped.unwrap()
                return answer
        except OSError:  # SSLError, too
            return "out", False, None


def test_who_gets_in(tmp_path, serve):
    """A good certificate does; a revoked, expired, future, foreign or server's one does not."""
    good, gone = CA.issue("dns:a.example"), CA.issue("dns:b.example")
    clients = {
        "good": good,
        "without usage": CA.issue(usage=None),
        "revoked": gone,
        "expired": CA.issue(begins=-2 * DAY, ends=-DAY),
        "future": CA.issue(begins=DAY, ends=2 * DAY),
        "wrong usage": CA.issue(usage=SERVER),
        "other authority": OTHER.issue(),
        "same name, other key": Authority("Test CA").issue(),
        "none": None,
    }
    put(tmp_path, crl=CA.revoke(gone))
    contexts = {kind: CA.client(tmp_path, leaf) for kind, leaf in clients.items()}
    contexts["tls 1.2"] = CA.client(tmp_path, good, ssl.TLSVersion.TLSv1_2)
    tls = Tls(MUTUAL, tmp_path, time.time())
    answers = serve(tls, lambda port: {kind: says(port, c)[0] for kind, c in contexts.items()})
    assert [kind for kind, answer in answers.items() if answer == "in"] == ["good", "without usage"]


def test_a_chain_is_checked_whole(tmp_path, serve):
    """An intermediate needs its own list, and one that was revoked certifies nobody."""
    middle = Authority("Issuing CA", parent=CA)
    put(tmp_path, CA, middle)
    context = CA.client(tmp_path, middle.issue())
    tls = Tls(MUTUAL, tmp_path, time.time())

    def play(port):
        before = says(port, context)[0]
        (tmp_path / "crl.pem").write_bytes(CA.revoke(middle) + middle.revoke())
        tls.reload(time.time())
        return before, says(port, context)[0]

    assert serve(tls, play) == ("in", "out")


def test_an_intermediate_without_a_list_lets_nobody_in(tmp_path, serve):
    """A list that is missing is not one that is empty."""
    put(tmp_path)
    context = CA.client(tmp_path, Authority("Issuing CA", parent=CA).issue())
    tls = Tls(MUTUAL, tmp_path, time.time())
    assert serve(tls, lambda port: says(port, context)[0]) == "out"


@pytest.mark.parametrize("name", ["localhost", None], ids=["sni", "no sni"])
def test_a_revoked_client_neither_returns_nor_resumes(tmp_path, serve, name):
    """After the new list a full handshake fails, and so does one with the session of before."""
    leaf = CA.issue()
    put(tmp_path)
    tls, context = Tls(MUTUAL, tmp_path, time.time()), CA.client(tmp_path, leaf)

    def play(port):
        answer, _, session = says(port, context, name=name)
        again = says(port, context, session, name)
        (tmp_path / "crl.pem").write_bytes(CA.revoke(leaf))
        tls.reload(time.time())
        after = [says(port, context, each, name)[0] for each in (session, again[2], None)]
        return answer, again[:2], session.has_ticket, after

    assert serve(tls, play) == ("in", ("in", False), False, ["out"] * 3)


def test_a_revocation_is_taken_although_the_pair_is_not(tmp_path, serve):
    """A key that does not fit its certificate yet does not hold up the list beside it."""
    leaf = CA.issue()
    put(tmp_path)
    tls, context = Tls(MUTUAL, tmp_path, time.time()), CA.client(tmp_path, leaf)

    def play(port):
        before = says(port, context)[0]
        (tmp_path / "key.pem").write_bytes(CA.server().key_pem)
        (tmp_path / "crl.pem").write_bytes(CA.revoke(leaf))
        with pytest.raises(SetupError, match="not the key of the certificate"):
            tls.reload(time.time())
        return before, says(port, context)[0], tls.outdated()

    assert serve(tls, play) == ("in", "out", True)


def test_a_broken_list_holds_up_nothing_else(tmp_path, serve):
    """The old list stays in force, the new certificate is served, and the error is told."""
    good, gone = CA.issue(), CA.issue()
    put(tmp_path, crl=CA.revoke(gone))
    tls = Tls(MUTUAL, tmp_path, time.time())
    contexts = [CA.client(tmp_path, leaf) for leaf in (good, gone)]
    (tmp_path / "crl.pem").write_bytes(CA.revoke(begins=-2 * DAY, ends=-DAY))
    CA.issue("dns:localhost", "dns:new.test", usage=SERVER).put(tmp_path)
    with pytest.raises(SetupError, match="ended on"):
        tls.reload(time.time())
    assert tls.leaf.names == {"localhost", "new.test"}
    assert serve(tls, lambda port: [says(port, c)[0] for c in contexts]) == ["in", "out"]


def test_a_client_is_let_in_again(tmp_path, serve):
    """A newer list that names a certificate no longer lets its holder in (`certificateHold`)."""
    leaf = CA.issue()
    put(tmp_path, crl=CA.revoke(leaf, begins=-DAY / 2))
    tls, context = Tls(MUTUAL, tmp_path, time.time()), CA.client(tmp_path, leaf)

    def play(port):
        before = says(port, context)[0]
        (tmp_path / "crl.pem").write_bytes(CA.revoke())
        tls.reload(time.time())
        return before, says(port, context)[0]

    assert serve(tls, play) == ("out", "in")


def test_an_authority_is_exchanged(tmp_path, serve):
    """Clients of the new one come in, those of the old one neither by handshake nor by staying."""
    put(tmp_path)
    tls, old, new = Tls(MUTUAL, tmp_path, time.time()), CA.issue(), OTHER.issue()
    contexts = [CA.client(tmp_path, leaf) for leaf in (old, new)]
    held, client = tls.context, read_certificate(old.der)
    before = tls._first.current

    def play(port):
        first = [says(port, c)[0] for c in contexts]
        stays = tls.objection(client, before, time.time())
        (tmp_path / "ca.pem").write_bytes(OTHER.pem)
        (tmp_path / "crl.pem").write_bytes(OTHER.revoke())
        tls.reload(time.time())
        return first, stays, [says(port, c)[0] for c in contexts]

    assert serve(tls, play) == (["in", "out"], "", ["out", "in"])
    assert tls.context is held
    assert tls.objection(client, before, time.time()) == "an authority of its time was taken away"


def test_two_listeners_two_policies(tmp_path, serve):
    """The first asks nobody for a certificate, whatever is shown; the second everybody."""
    put(tmp_path)
    tls = Tls(TWO, tmp_path, time.time())
    good, bad = CA.issue(), CA.issue(usage=SERVER)
    contexts = [CA.client(tmp_path, leaf) for leaf in (None, bad, good)]

    def play(port):
        return [says(port, c)[0] for c in contexts]

    assert serve(tls, play) == ["in", "in", "in"]
    assert serve(tls, play, tls.mutual) == ["out", "out", "in"]
    tls.reload(time.time())
    assert serve(tls, play) == ["in", "in", "in"]
    assert serve(tls, play, tls.mutual) == ["out", "out", "in"]
