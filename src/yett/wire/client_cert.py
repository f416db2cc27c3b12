"""The `Client-Cert` field: what a proxy in front says it has verified of its client's certificate.

Believed only of a trusted proxy, where `gateway.client_cert` is set (`wire.forwarding`); from
anybody else such a field is a claim about who he is (CVE-2024-10039). One value, written one way;
`Client-Cert-Chain` is not read: a path that was verified elsewhere proves nothing here. RFC 9440.
"""

from __future__ import annotations

import functools
from base64 import b64decode, b64encode
from binascii import Error

from yett.problems import MALFORMED_REQUEST, Problem
from yett.terms import Certificate
from yett.wire.certificate import CertificateError, read_certificate

CLIENT_CERT = b"client-cert"
# Clients behind a proxy repeat theirs on every request: 0.4 us instead of 30. At most some 8 MiB.
MAX_REMEMBERED = 256


@functools.lru_cache(MAX_REMEMBERED)
def read_client_cert(value: bytes) -> Certificate | Problem:
    """Read the field's value: one byte sequence (`:BASE64:`), without parameters. RFC 8941 s3.3.5.

    A value that is malformed, or repeated and so a list, refuses the request: the proxy is broken,
    or its client has found a way to speak in its name.
    """
    if len(value) < 3 or value[:1] != b":" or value[-1:] != b":":
        return _refuse("is not one byte sequence")
    try:
        der = b64decode(value[1:-1], validate=True)
    except Error:
        return _refuse("is not Base64")
    if b64encode(der) != value[1:-1]:  # bits behind the last byte: two spellings of one value
        return _refuse("is not canonical Base64")
    try:
        return read_certificate(der)
    except CertificateError as error:
        return _refuse(str(error))


def _refuse(note: str) -> Problem:
    return MALFORMED_REQUEST(
        "`client-cert` is malformed", note=f"`client-cert`: {note}", close=True
    )
