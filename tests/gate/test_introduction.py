"""The gate's word to the issuer: a secret, and the client's certificate."""

import json
from base64 import b64decode

from kit.engine import request
from msgspec.structs import replace

from yett.gate.introduction import introduce
from yett.terms import Certificate


def test_without_a_secret_nothing_is_said():
    """Where no run's secret exists, no certificate goes out that somebody might believe."""
    shown = replace(request(), certificate=Certificate(thumbprint="t"))
    assert introduce(shown, b"") == b""


def test_the_certificate_goes_with_the_secret():
    """The issuer reads back exactly what TLS has verified, in one line that nothing can break."""
    certificate = Certificate(
        thumbprint="t", names=("dn:CN=a\r\nyett-gate: x",), serial="01", expires=2e9
    )
    block = introduce(replace(request(), certificate=certificate), b"s3cret")
    first, second, rest = block.split(b"\r\n")
    assert (first, rest) == (b"yett-gate: s3cret", b"")
    name, _, value = second.partition(b": ")
    assert name == b"yett-certificate"
    assert json.loads(b64decode(value))["names"] == ["dn:CN=a\r\nyett-gate: x"]
    assert introduce(request(), b"s3cret") == b"yett-gate: s3cret\r\n"
