"""Step 8: faults become problems that tell where, never what."""

from __future__ import annotations

import pytest
from kit.engine import operation, program, request

from yett.policy.model import BodyRead, Fault, ParametersRead

GOOD = {"authorization": b"Bearer good"}


@pytest.mark.parametrize(
    ("fault", "code", "status"),
    [
        (Fault("missing", "query/a"), "parameter-invalid", 400),
        (Fault("unknown", "query/a"), "parameter-unknown", 400),
        (Fault("repeated", "query/a"), "parameter-invalid", 400),
        (Fault("mismatch", "path/id", "minimum"), "parameter-invalid", 400),
    ],
)
def test_parameter_faults(run, fault, code, status):
    """The client learns the place and the keyword."""
    decision, _, _ = run(program(operation(parameters=lambda *_: fault)), request(**GOOD))
    problem = decision.problem
    assert (problem.code, problem.status, problem.pointer) == (code, status, fault.where)
    assert fault.keyword in problem.detail


@pytest.mark.parametrize(
    ("fault", "code", "status"),
    [
        (Fault("media_type"), "media-type-undeclared", 415),
        (Fault("malformed"), "body-malformed", 400),
        (Fault("repeated", "/a"), "body-malformed", 400),
        (Fault("deep"), "body-too-deep", 400),
        (Fault("mismatch", "/a/b", "type"), "body-invalid", 422),
        (Fault("unknown", "/role"), "body-invalid", 422),
        (Fault("missing", "/a"), "body-invalid", 422),
    ],
)
def test_body_faults(run, fault, code, status):
    """Each fault has its stable code and status."""
    bound = program(operation("POST", body=lambda *_: fault))
    decision, _, _ = run(bound, request(method="POST", length=2, **GOOD), b"{}")
    assert (decision.problem.code, decision.problem.status) == (code, status)


@pytest.mark.parametrize(
    ("declared", "detail", "accept"),
    [
        ((), "the contract declares other types", None),
        (("application/json",), "the contract declares `application/json`", b"application/json"),
        (("a/b", "c/\n", "d/\u00e9", "e/*"), "the contract declares `a/b, e/*`", b"a/b, e/*"),
        (tuple(f"a/{n}" for n in range(99)), "a/9`", b", a/9"),
    ],
)
def test_another_media_type_is_told_which(run, declared, detail, accept):
    """A 415 says what would have done; no line feed of a document gets into a field."""
    bound = program(operation("POST", body=lambda *_: Fault("media_type"), media_types=declared))
    decision, _, _ = run(bound, request(method="POST", length=2, **GOOD), b"{}")
    assert decision.problem.detail.endswith(detail)
    fields = dict(decision.problem.headers)
    assert fields.get(b"accept", b"").endswith(accept or b"")
    assert bool(fields) is bool(accept)


def test_an_empty_chunked_body_counts_as_missing(run):
    """A chunked body of no bytes does not pass for a required one."""
    bound = program(operation("POST", body=lambda *_: pytest.fail("read"), body_required=True))
    decision, _, _ = run(bound, request(method="POST", length=None, **GOOD), b"")
    assert decision.problem.code == "body-missing"


def test_what_would_have_been_refused_is_observed(run):
    """Unknown names that are let by go on record by their place, and the request goes on."""
    stranger = (Fault("unknown", "query/x"),)
    read = ParametersRead({"query": {}}, "x=1", stranger)
    decision, x, _ = run(program(operation(parameters=lambda *_: read)), request(**GOOD))
    assert decision.problem is None
    assert [(p.code, p.pointer) for p in x.observed] == [("parameter-unknown", "query/x")]
    body = BodyRead({"x": 1}, b'{"x":1}', (Fault("unknown", "/x"),))
    bound = program(operation("POST", body=lambda *_: body))
    decision, x, _ = run(bound, request(method="POST", length=7, **GOOD), b'{"x":1}')
    assert decision.problem is None
    assert [(p.code, p.pointer) for p in x.observed] == [("body-invalid", "/x")]
