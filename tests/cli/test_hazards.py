"""Dangerous choices are named at start."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from yett.cli.hazards import hazards
from yett.contract.config import (
    ApiConfig,
    Config,
    GatewayConfig,
    IdentityConfig,
    IssuerConfig,
    TlsConfig,
)
from yett.contract.identity_settings import CertificateConfig
from yett.terms import Mode
from yett.wire.client_trust import Trust
from yett.wire.crl import Revoked
from yett.wire.listen import Address

LOCAL = Address("127.0.0.1", 8080)
PUBLIC = Address("0.0.0.0", 8080)


def names(folder, address=LOCAL, tls=None, **settings):
    api = {"a": ApiConfig(upstream="http://127.0.0.1:1")}
    operations = settings.pop("operations", ())
    config = Config(**{"api": api, **settings})
    policy = SimpleNamespace(config=config, operations=operations)
    found = hazards(policy, address, tls, folder, 0.0)
    return [line.partition(":")[0] for line in found if not line.startswith("root:")]


def test_the_defaults_are_no_hazard(tmp_path):
    """Enforcing on loopback before a loopback service has nothing to report."""
    assert names(tmp_path) == []


def test_plain_http_outside_is_named(tmp_path):
    """Plain HTTP on an address that others reach is a hazard."""
    assert names(tmp_path, PUBLIC) == ["plain-http"]


def operation(security, *, public=False):
    return SimpleNamespace(security=security, public=public)


def test_a_gate_that_lets_nobody_in_says_so(tmp_path):
    """An operation without `security`, and credentials that nothing can verify, are named."""
    need = ((SimpleNamespace(scheme=SimpleNamespace(type="oauth2")),),)
    assert names(tmp_path, operations=(operation(None), operation(None))) == ["unguarded"]
    assert names(tmp_path, operations=(operation(need),)) == ["unverifiable"]
    keys = IdentityConfig(keys="keys.json")
    assert names(tmp_path, operations=(operation(need),), identity=keys) == []
    fine = (operation(None, public=True), operation(((),)))
    assert names(tmp_path, operations=fine) == []


def test_certificates_and_keys_are_looked_at(tmp_path):
    """A certificate that ends soon and a key that others can read are hazards."""
    key = tmp_path / "key.pem"
    key.write_bytes(b"")
    gateway = GatewayConfig(tls=TlsConfig(cert="cert.pem", key="key.pem"))
    soon, late = (
        SimpleNamespace(leaf=SimpleNamespace(expires=days * 86400), trust=None) for days in (3, 300)
    )
    key.chmod(0o600)
    assert names(tmp_path, PUBLIC, late, gateway=gateway) == []
    assert names(tmp_path, PUBLIC, soon, gateway=gateway) == ["certificate"]
    key.chmod(0o640)
    assert names(tmp_path, PUBLIC, late, gateway=gateway) == ["key-readable"]


@pytest.mark.parametrize("mode", [Mode.OBSERVE, Mode.OFF])
def test_every_loosened_rule_is_named(tmp_path, mode):
    """A mode below `enforce` is a hazard wherever it is set."""
    assert names(tmp_path, gateway=GatewayConfig(mode=mode)) == ["mode"]
    assert names(tmp_path, rules={"injection": mode, "body": Mode.ENFORCE}) == ["rule"]
    api = ApiConfig(upstream="http://[::1]:1", unknown_fields=mode, unknown_query=mode)
    assert names(tmp_path, api={"a": api}) == ["rule", "rule"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://10.0.0.1:80", ["plain-upstream"]),
        ("http://shop.internal", ["plain-upstream"]),
        ("https://shop.internal", []),
        ("http://localhost:8000", []),
        ("http://127.9.9.9:8000", []),
    ],
)
def test_plain_http_to_another_host_is_named(tmp_path, url, expected):
    """What leaves the machine unencrypted is a hazard; what stays on it is not."""
    assert names(tmp_path, api={"a": ApiConfig(upstream=url)}) == expected


def test_keys_fetched_in_the_clear_are_named(tmp_path):
    """Verification keys over plain HTTP let whoever sits between make tokens."""
    issuer = IssuerConfig(url="https://id.test", audience="a", algorithms=("ES256",))
    plain = IssuerConfig(
        url="https://id.test", audience="a", algorithms=("ES256",), jwks="http://id.test/jwks"
    )
    identity = IdentityConfig(issuer=(issuer, plain))
    assert names(tmp_path, identity=identity) == ["plain-keys"]


def test_degrading_and_root_are_named(tmp_path, monkeypatch):
    """Unrecorded requests are a choice, and so is running as root."""
    assert names(tmp_path, gateway=GatewayConfig(when_not_recorded="degrade")) == ["degrade"]
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    policy = SimpleNamespace(config=Config(api={}), operations=())
    assert hazards(policy, LOCAL, None, tmp_path, 0.0)[0].startswith("root: ")


def lists(**changes):
    """Authorities that last, and a list of which half the time is over at 0."""
    revoked = Revoked(frozenset(), -100.0, 100.0, "CN=Test CA")
    return Trust(
        pem="",
        authorities=frozenset(),
        serials=frozenset(),
        expires=1e9,
        crl=b"",
        revoked=replace(revoked, **changes),
    )


@pytest.mark.parametrize(
    ("trust", "found"),
    [
        (None, []),
        (lists(), []),
        (lists(begins=-1000.0), ["crl"]),
        (replace(lists(), revoked=None), ["no-crl"]),
        (replace(lists(), expires=86_400.0), ["client-ca"]),
    ],
)
def test_what_clients_are_checked_against_is_looked_at(tmp_path, trust, found):
    """No list, one that is due, and an authority that ends soon are named."""
    (tmp_path / "key.pem").touch(0o600)
    tls = SimpleNamespace(leaf=SimpleNamespace(expires=1e9), trust=trust)
    gateway = GatewayConfig(tls=TlsConfig(cert="c.pem", key="key.pem"))
    assert names(tmp_path, tls=tls, gateway=gateway) == found


def test_certificates_that_nobody_asks_for_are_named(tmp_path):
    """An operation that only a certificate opens is closed where no listener asks for one."""
    certified = ((SimpleNamespace(scheme=SimpleNamespace(type="mutualTLS")),),)
    either = (*certified, (SimpleNamespace(scheme=SimpleNamespace(type="oauth2")),))
    known = IdentityConfig(certificate=(CertificateConfig(name="dns:a.example", service="a"),))
    needing = {"identity": known, "operations": (operation(certified),)}
    assert names(tmp_path, **needing) == ["no-client-certificate"]
    assert names(tmp_path, identity=known, operations=(operation(either),)) == []
    proxied = GatewayConfig(client_cert=True, trusted_proxies=("10.0.0.0/8",))
    assert names(tmp_path, **needing, gateway=proxied) == []
    plain = ["plain-http", "client-cert"]
    assert names(tmp_path, PUBLIC, **needing, gateway=proxied) == plain
