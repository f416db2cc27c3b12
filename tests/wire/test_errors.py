"""The named error of the room says where and what next."""

from __future__ import annotations

from yett.wire.errors import SetupError


def test_the_text_starts_with_the_file():
    """Printed, the error is `path: message`, or the message alone when it is about a setting."""
    assert str(SetupError("no such file", path="tls/cert.pem")) == "tls/cert.pem: no such file"
    assert str(SetupError("`a`: wrong", hint="do b")) == "`a`: wrong"
