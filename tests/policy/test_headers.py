"""Response fields as ready bytes."""

from __future__ import annotations

import re

from yett.contract.config import ApiConfig, Config, HeadersConfig
from yett.policy.headers import CORS_FIELDS, Blocks, dropped_response_fields
from yett.terms import Mode

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
    dropped = dropped_response_fields(Config(api=API))
    assert written - {b"cache-control"} <= dropped
    assert {b"server", b"x-powered-by"} <= dropped
    assert all(name == name.lower() for name in dropped)


def test_what_only_observes_changes_nothing():
    """In `observe` the service's own headers go on, and none is added beside them."""
    config = Config(api=API, rules={"cors": Mode.OBSERVE, "response_headers": Mode.OBSERVE})
    dropped = dropped_response_fields(config)
    assert not dropped & (CORS_FIELDS | {b"server", b"content-security-policy"})
    assert b"yett-request-id" in dropped
    assert set(Blocks.from_config(config).table.values()) == {b""}
