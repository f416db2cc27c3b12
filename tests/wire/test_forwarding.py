"""What goes on from a request's fields, and who the client is."""

from __future__ import annotations

import ipaddress
from base64 import b64encode

import pytest
from kit.authority import Authority

from yett.problems import LOOP_DETECTED, MALFORMED_REQUEST
from yett.wire.certificate import read_certificate
from yett.wire.fields import read_fields
from yett.wire.forwarding import Hop, Peer, canonical_address, is_trusted, pass_fields

NAME = b"yett-0011"
TRUSTED = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::/8"))


def passed(*lines, peer="203.0.113.9", trusted=False, secure=False, client_cert=False):
    fields = read_fields(b"".join(line + b"\r\n" for line in (b"Host: api.test", *lines)))
    return pass_fields(fields, Hop(Peer(peer, secure, trusted), TRUSTED, NAME, client_cert))


def test_the_gate_speaks_for_the_client():
    """The upstream is told the peer, scheme and host by the gate alone."""
    assert passed(b"Accept: a").block == (
        b"accept: a\r\nx-forwarded-for: 203.0.113.9\r\nx-forwarded-proto: http\r\n"
        b"x-forwarded-host: api.test\r\nvia: 1.1 yett-0011\r\n"
    )
    assert b"proto: https" in passed(secure=True).block


@pytest.mark.parametrize(
    "name",
    [
        b"X-Forwarded-For",
        b"X_Forwarded_For",
        b"x-forwarded-proto",
        b"X-Forwarded-Anything",
        b"Forwarded",
        b"X-Real-IP",
        b"X_Real_IP",
        b"X-Original-URL",
        b"X-Rewrite-URL",
        b"X-HTTP-Method-Override",
        b"X-HTTP-Method",
        b"True-Client-IP",
        b"Fastly-Client-IP",
        b"X-Original-For",
        b"X_Envoy_External_Address",
        b"yett-principal",
        b"Yett_Principal",
        b"Proxy",
        b"TE",
        b"Keep-Alive",
        b"Proxy-Connection",
        b"Upgrade",
        b"Trailer",
        b"Proxy-Authorization",
    ],
)
def test_what_only_a_proxy_or_this_hop_may_say_ends_here(name):
    """Neither the upstream nor a rule sees it, trusted peer or not."""
    for trusted in (False, True):
        found = passed(name + b": 6.6.6.6", trusted=trusted, peer="10.0.0.1")
        assert name.lower() not in found.headers
        assert b"6.6.6.6" not in found.block or name == b"X-Forwarded-For"


def test_fields_named_by_connection_end_here():
    """`Connection: X-Secret` takes X-Secret off, for the rules too."""
    found = passed(b"Connection: x-secret", b"X-Secret: a")
    assert b"x-secret" not in found.headers
    assert b"x-secret" not in found.block


@pytest.mark.parametrize(
    ("hops", "source"),
    [
        (b"1.1.1.1", "1.1.1.1"),
        (b"9.9.9.9, 1.1.1.1", "1.1.1.1"),
        (b"9.9.9.9, 1.1.1.1, 10.0.0.7", "1.1.1.1"),
        (b"1.1.1.1:5000", "1.1.1.1"),
        (b"[2001:db8::1]:443", "2001:db8::1"),
        (b"2001:DB8:0::1", "2001:db8::1"),
        (b"::ffff:1.1.1.1", "1.1.1.1"),
        (b"10.0.0.3, 10.0.0.4", "10.0.0.3"),
        (b"1.1.1.1, evil", "10.0.0.1"),
        (b"1.1.1.1, unknown, 10.0.0.7", "10.0.0.7"),
        (b"", "10.0.0.1"),
    ],
)
def test_behind_a_trusted_proxy(hops, source):
    """The right-most hop that is not a trusted proxy is the client; hearsay left of it is not."""
    found = passed(b"X-Forwarded-For: " + hops, peer="10.0.0.1", trusted=True)
    assert found.source == source
    assert b"x-forwarded-for: %b\r\n" % source.encode() in found.block


def test_an_untrusted_peer_is_the_client():
    """Whatever it claims."""
    found = passed(b"X-Forwarded-For: 1.1.1.1", b"X-Forwarded-Proto: https")
    assert (found.source, found.secure) == ("203.0.113.9", False)


def test_scheme_behind_a_trusted_proxy():
    """The last value counts, an unknown one does not."""
    for value, secure in ((b"https", True), (b"https, http", False), (b"wss", False)):
        found = passed(b"X-Forwarded-Proto: " + value, peer="10.0.0.1", trusted=True)
        assert found.secure is secure


def test_a_loop_is_detected():
    """A request that passed this gate before is refused; other proxies are kept in `Via`."""
    assert passed(b"Via: 1.1 yett-0011").kind is LOOP_DETECTED
    assert b"via: 1.1 other, 1.1 yett-0011\r\n" in passed(b"Via: 1.1 other").block


def test_addresses():
    """Addresses have one spelling; trust is a matter of networks of the same family."""
    assert canonical_address("::ffff:10.1.2.3") == "10.1.2.3"
    assert canonical_address("fe80::1%eth0") == "fe80::1"
    assert canonical_address("") == "unix"
    assert is_trusted("10.1.2.3", TRUSTED)
    assert is_trusted("fd00::1", TRUSTED)
    assert not is_trusted("11.1.2.3", TRUSTED)
    assert not is_trusted("unix", TRUSTED)
    assert not is_trusted("10.1.2.3", ())


LEAF = Authority().issue("dns:a.example")
SHOWN = b"Client-Cert: :%b:" % b64encode(LEAF.der)


@pytest.mark.parametrize(
    "name",
    [
        b"Client-Cert",
        b"Client_Cert",
        b"Client-Cert-Chain",
        b"X-Forwarded-Client-Cert",
        b"X-Forwarded-Tls-Client-Cert",
        b"X-SSL-Client-Cert",
        b"X-SSL-CERT",
        b"X_Ssl_Client_Verify",
        b"SSL-Client-Cert",
        b"SSL_CLIENT_CERT",
        b"Ssl-Client-Verify",
        b"SSL-Cert-Chain-0",
        b"X-Client-Cert-Sha256",
        b"X-Client-Verify",
        b"X-Client-Dn",
        b"X-Amzn-Mtls-Clientcert-Leaf",
        b"X-ARR-ClientCert",
        b"Cf-Client-Cert-Der-Base64",
        b"X-Tls-Client-Cert",
        b"X-mTLS-Client",
    ],
)
def test_nobody_claims_a_certificate(name):
    """No field about a certificate goes on or is looked at, in any spelling (CVE-2024-10039)."""
    for trusted in (False, True):
        found = passed(name + b": subject=admin", trusted=trusted, peer="10.0.0.1")
        assert name.lower() not in found.headers
        assert b"admin" not in found.block
        assert found.certificate is None


def test_the_certificate_behind_a_trusted_proxy():
    """A trusted proxy's word counts where it is configured, and from nobody else."""
    proxy = {"peer": "10.0.0.1", "trusted": True}
    found = passed(SHOWN, **proxy, client_cert=True)
    assert found.certificate == read_certificate(LEAF.der)
    assert b"client-cert" not in found.block + b"".join(found.headers)
    assert passed(SHOWN, **proxy).certificate is None
    assert passed(SHOWN, client_cert=True).certificate is None
    assert passed(**proxy, client_cert=True).certificate is None
    alias = SHOWN.replace(b"Client-Cert", b"Client_Cert")
    assert passed(alias, **proxy, client_cert=True).certificate is None


def test_a_certificate_said_twice_refuses_the_request():
    """What a client smuggles past a proxy that only adds its own is no certificate, nor is both."""
    for lines in ((SHOWN, SHOWN), (b"Client-Cert: admin", SHOWN), (b"Client-Cert: admin",)):
        found = passed(*lines, peer="10.0.0.1", trusted=True, client_cert=True)
        assert found.kind is MALFORMED_REQUEST


def test_a_client_cannot_have_the_certificate_removed():
    """`Connection: client-cert` would let it choose to be nobody, or somebody else's next hop."""
    for name in (b"client-cert", b"x-ssl-client-cert"):
        assert passed(b"Connection: " + name).kind is MALFORMED_REQUEST
