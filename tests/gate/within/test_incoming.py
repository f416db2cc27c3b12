"""What a server says of a request is read as strictly as the wire reads it."""

from __future__ import annotations

from base64 import b64encode

import pytest
from kit.adapters import compiled_once
from kit.authority import Authority
from kit.within import small_contract
from msgspec.structs import replace

from yett.gate.within.core import Core
from yett.gate.within.incoming import Heard, Incoming, read_heard, write_block
from yett.problems import Problem
from yett.wire.certificate import read_certificate

HOST = (b"host", b"shop.test")


@pytest.fixture(scope="module")
def core(tmp_path_factory):
    with compiled_once():
        return Core(small_contract(tmp_path_factory.mktemp("contract")))


def read(core, *fields, **changes):
    told = Heard("GET", b"/echo", b"", (HOST, *fields), "10.0.0.1", False)
    return read_heard(core, replace(told, **changes), "id")


def test_a_plain_request(core):
    """Path, query, source and fields come out as the wire would read them."""
    read_ = read(core, (b"X-A", b"1"), (b"x-a", b"2"), path=b"/caf%C3%A9", query=b"a=1")
    assert isinstance(read_, Incoming)
    assert read_.request.segments == ("café",)
    assert (read_.request.query, read_.request.source) == ("a=1", "10.0.0.1")
    assert read_.request.headers[b"x-a"] == b"1, 2"


@pytest.mark.parametrize(
    ("changes", "fields", "code"),
    [
        ({"method": "get"}, (), "malformed-request"),
        ({"method": "CONNECT"}, (), "malformed-request"),
        ({"method": "GET /admin"}, (), "malformed-request"),
        ({}, (HOST,), "malformed-request"),
        ({"fields": ()}, (), "malformed-request"),
        ({"fields": ((b"host", b"a,b"),)}, (), "malformed-request"),
        ({}, ((b"content-length", b"1"), (b"transfer-encoding", b"chunked")), "malformed-request"),
        ({}, ((b"content-length", b"1"), (b"content-length", b"2")), "malformed-request"),
        ({}, ((b"transfer-encoding", b"gzip"),), "malformed-request"),
        ({"minor": 0}, ((b"transfer-encoding", b"chunked"),), "malformed-request"),
        ({}, ((b"expect", b"miracles"),), "unsupported-expectation"),
        ({}, ((b"a", b"b\r\nauthorization: x"),), "malformed-request"),
        ({}, ((b"a\nb", b"c"),), "malformed-request"),
        ({}, ((b"a:b", b"c"),), "malformed-request"),
        ({}, ((b"a", b"b" * 40_000),), "head-too-large"),
        ({}, ((b"a", b"b"),) * 101, "head-too-large"),
        ({"path": b"/a%2fb"}, (), "ambiguous-target"),
        ({"path": b"/../a"}, (), "ambiguous-target"),
        ({"path": b"a"}, (), "ambiguous-target"),
        ({"query": b"a=%z"}, (), "ambiguous-target"),
        ({"path": b"/" + b"a" * 9000}, (), "target-too-long"),
    ],
)
def test_what_has_two_readings_is_refused(core, changes, fields, code):
    """A server that lets it through is not believed."""
    told = read(core, *fields, **changes) if "fields" not in changes else read(core, **changes)
    assert isinstance(told, Problem)
    assert told.code == code


def test_a_client_speaks_for_no_proxy(core):
    """`X-Forwarded-For` and its like count from trusted proxies alone, and reach nobody."""
    told = read(core, (b"x-forwarded-for", b"1.2.3.4"), (b"x-http-method-override", b"DELETE"))
    assert told.request.source == "10.0.0.1"
    assert b"x-http-method-override" not in told.request.headers
    trusted = replace(
        core.current.settings, trusted=(__import__("ipaddress").ip_network("10.0.0.0/8"),)
    )
    before, core.current = core.current, replace(core.current, settings=trusted)
    try:
        told = read(core, (b"x-forwarded-for", b"1.2.3.4"), (b"x-forwarded-proto", b"https"))
    finally:
        core.current = before
    assert (told.request.source, told.request.secure) == ("1.2.3.4", True)


def test_a_body_that_nothing_announces(core):
    """In HTTP/2 a body needs no field: its length is then unknown, not 0."""
    assert read(core).request.length == 0
    assert read(core, unframed=True).request.length is None


def test_blocks_keep_their_fields_apart():
    """Fields are written one a line, or not at all."""
    assert write_block(((b"a", b"1"), (b"b", b"2"))) == b"a: 1\r\nb: 2\r\n"
    assert isinstance(write_block(((b"a", b"1\r"),)), Problem)


LEAF = Authority().issue("dns:a.example")
SHOWN = (b"Client-Cert", b":%b:" % b64encode(LEAF.der))


@pytest.fixture(scope="module")
def behind(tmp_path_factory):
    """Behind proxies at 10.0.0.0/8, whose word on certificates counts."""
    more = 'trusted_proxies = ["10.0.0.0/8"]\nclient_cert = true\n'
    folder = small_contract(tmp_path_factory.mktemp("contract"))
    text = (folder / "yett.toml").read_text()
    (folder / "yett.toml").write_text(text.replace("[gateway]\n", "[gateway]\n" + more))
    with compiled_once():
        return Core(folder)


def test_the_certificate_of_the_handshake_is_the_clients(core):
    """What the server says counts; what the client says does not."""
    own = read_certificate(LEAF.der)
    assert read(core, certificate=own).request.certificate == own
    assert read(core, SHOWN).request.certificate is None
    assert b"client-cert" not in read(core, SHOWN).request.headers


def test_behind_a_proxy_its_word_counts_and_not_its_certificate(behind):
    """Whoever comes through it is not the proxy."""
    proxy = read_certificate(Authority().issue("dns:proxy.example").der)
    found = read(behind, SHOWN, certificate=proxy)
    assert found.request.certificate == read_certificate(LEAF.der)
    assert read(behind, certificate=proxy).request.certificate is None
    stranger = read(behind, SHOWN, certificate=proxy, address="203.0.113.9")
    assert stranger.request.certificate == proxy
    broken = read(behind, (b"Client-Cert", b"junk"))
    assert (broken.code, broken.close) == ("malformed-request", True)
