"""Response fields as ready bytes."""

from __future__ import annotations

import re

from yett.contract.config import ApiConfig, Config, HeadersConfig
from yett.policy.headers import DROPPED_RESPONSE_FIELDS, OWN_RESPONSE_FIELDS, Blocks

API = {"api": ApiConfig(upstream="http://a", openapi="o.yaml")}
LINE = re.compile(rb"[a-z0-9-]+: [\x20-\x7e]+")


def test_every_block_is_well_formed():
    """Each line is one lower-case field with one CRLF, and no field stands twice."""
    for block in Blocks.from_config(Config(api=API)).table.values():
        lines = block.split(b"\r\n")
        assert lines.pop() == b""
        assert all(LINE.fullmatch(line) for line in lines)
        names = [line.partition(b":")[0] for line in lines]
        assert len(names) == len(set(names))


def test_hsts_can_be_switched_off():
    """An empty setting sends none, also over TLS."""
    blocks = Blocks.from_config(Config(api=API, headers=HeadersConfig(hsts="")))
    assert not any(b"strict-transport" in block for block in blocks.table.values())


def test_what_the_gate_writes_is_dropped_from_the_service():
    """The service's own copy of a field we add never makes a second one."""
    written = {
        line.partition(b":")[0]
        for block in Blocks.from_config(Config(api=API)).table.values()
        for line in block.split(b"\r\n")[:-1]
    }
    assert written - {b"cache-control"} <= OWN_RESPONSE_FIELDS
    assert {b"server", b"x-powered-by"} <= DROPPED_RESPONSE_FIELDS
    assert all(name == name.lower() for name in DROPPED_RESPONSE_FIELDS)
