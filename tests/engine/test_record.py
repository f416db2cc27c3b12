"""The event of one request."""

from __future__ import annotations

import msgspec
from kit.engine import BEARER, need, operation, program, request

from yett.credentials.verifier import Verified
from yett.engine import record
from yett.policy.model import Fault
from yett.terms import Mode, Principal

NUMBERS = {"status": 200, "upstream_status": 201, "bytes_in": 1, "bytes_out": 2, "seconds": 0.0015}


def test_it_says_who_what_and_why(run):
    """A refusal's record names the operation, the principal, the step and the code."""
    bound = program(operation(parameters=lambda *_: Fault("mismatch", "path/id", "minimum")))
    decision, x, _ = run(bound, request(authorization=b"Bearer good"))
    event = record.event(x, decision, **NUMBERS | {"status": 400})
    assert (event.verdict, event.step, event.code) == ("refuse", 8, "parameter-invalid")
    assert (event.principal, event.operation) == ("alice", "api.GET /things/{id}")
    assert event.note == "mismatch minimum"
    assert event.milliseconds == 1.5
    assert event.policy == "d" * 16


def test_every_field_is_where_its_name_says(run, view):
    """The record is built by place, so each place is checked by name."""
    known = {
        "id": "alice",
        "kind": "user",
        "issuer": "iss",
        "client": "app",
        "tenant": "t1",
        "credential": "jti-1",
    }
    view.tokens[b"good"] = Verified(
        Principal(**known, scopes=frozenset({"read"}), scheme="jwt", expires=2e9)
    )
    trace = b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01"
    bound = program(operation(text=lambda *_: ("query/q", "s&1c", Mode.OBSERVE)))
    decision, x, _ = run(bound, request(authorization=b"Bearer good", traceparent=trace))
    event = record.event(x, decision, **NUMBERS)
    assert {name: getattr(event, name) for name in event.__struct_fields__} == {
        "time": 1000.0,
        "request": "r1",
        "kind": "request",
        "method": "GET",
        "path": "/things/7",
        "operation": "api.GET /things/{id}",
        "api": "api",
        "source": "203.0.113.9",
        "principal": "alice",
        "principal_kind": "user",
        "issuer": "iss",
        "client": "app",
        "tenant": "t1",
        "credential": "jti-1",
        "verdict": "allow",
        "step": 13,
        "code": "",
        "note": event.note,
        "observed": ("injection-suspected",),
        "fingerprint": "s&1c",
        "status": 200,
        "upstream_status": 201,
        "bytes_in": 1,
        "bytes_out": 2,
        "milliseconds": 1.5,
        "policy": "d" * 16,
        "trace": "a" * 32,
        "resources": (),
        "policies": (),
        "why": (),
        "evidence": "",
    }


def test_no_secret_enters_an_event(run):
    """Neither the credential nor the query nor a header value is in the record's bytes."""
    bound = program(operation())
    wanted = request("/things/7?token=hunter2", authorization=b"Bearer good", cookie=b"sid=hunter3")
    decision, x, _ = run(bound, wanted)
    written = msgspec.json.encode(record.event(x, decision, **NUMBERS))
    for secret in (b"good", b"hunter2", b"hunter3"):
        assert secret not in written


def test_only_a_well_formed_trace_id_is_kept():
    """A trace header is hexadecimal or it is nothing."""
    good = b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01"
    assert record.trace_id(good) == "a" * 32
    for bad in (None, b"", good + b"\n", good.upper(), b"00-x", good[:-1]):
        assert record.trace_id(bad) == ""


def test_what_was_observed_is_named(run):
    """Rules that only observe leave their codes in the record."""
    modes = {**operation().modes, "scopes": Mode.OBSERVE}
    decision, x, _ = run(
        program(operation(modes=modes, security=need(BEARER, "admin"))),
        request(authorization=b"Bearer good"),
    )
    event = record.event(x, decision, **NUMBERS)
    assert (event.verdict, event.observed) == ("allow", ("scope-missing",))
    assert event.note == "scope-missing: wanted `admin`"
