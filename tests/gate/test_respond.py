"""problem+json: what the client is told, and what it is not."""

from __future__ import annotations

import json

import pytest

from yett.gate.respond import problem_response
from yett.problems import BODY_INVALID, KINDS, QUOTA_EXCEEDED


@pytest.mark.parametrize("kind", KINDS, ids=[kind.code for kind in KINDS])
def test_each_kind_is_a_problem_document(kind):
    """RFC 9457 s3.1: type, title, status and detail, and our code and request id."""
    status, fields, body = problem_response(kind(note="SECRET", fingerprint="SECRET"), "r-1")
    found = json.loads(body)
    assert status == found["status"] == kind.status
    assert fields[0] == (b"content-type", b"application/problem+json")
    assert found["type"].startswith("https://")
    assert (found["code"], found["title"], found["request_id"]) == (kind.code, kind.title, "r-1")
    assert b"SECRET" not in body


def test_fields_pointer_and_status():
    """Fields of the problem go along, a pointer is told, the status may be the service's."""
    problem = QUOTA_EXCEEDED(headers=((b"retry-after", b"3"),))
    assert (b"retry-after", b"3") in problem_response(problem, "r")[1]
    assert json.loads(problem_response(BODY_INVALID(pointer="/a"), "r")[2])["pointer"] == "/a"
    status, _, body = problem_response(problem, "r", 503)
    assert status == json.loads(body)["status"] == 503
