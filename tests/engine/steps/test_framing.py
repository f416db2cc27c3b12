"""Step 2: what the head says about the body."""

from __future__ import annotations

import pytest
from kit.engine import ENFORCED, operation, program, request

from yett.policy.model import BodyRead
from yett.terms import Mode

GOOD = {"authorization": b"Bearer good"}


def read(raw, kind):
    return BodyRead(raw, raw)


@pytest.mark.parametrize(
    ("changes", "length", "headers", "code"),
    [
        ({}, 1, {}, "body-not-declared"),
        ({}, None, {}, "body-not-declared"),
        ({}, 0, {}, None),
        ({"body": read}, 1001, {}, "body-too-large"),
        ({"body": read}, 1000, {"content_encoding": b"gzip"}, "media-type-undeclared"),
        ({"body": read}, 1000, {"content_encoding": b"identity"}, None),
        ({"body": read}, None, {}, None),
        ({"body": read, "body_required": True}, 0, {}, "body-missing"),
        ({"body": read}, 0, {}, None),
        ({"stream_request": True}, 900, {}, None),
        ({"stream_request": True}, 1001, {}, "body-too-large"),
        ({"modes": ENFORCED | {"body": Mode.OFF}}, 5, {}, None),
        ({"modes": ENFORCED | {"body": Mode.OBSERVE}, "body_required": True}, 0, {}, None),
    ],
)
def test_the_head_decides(run, changes, length, headers, code):
    """Bodies that nobody declared, that are too long or coded never start to be read."""
    bound = program(operation("POST", **changes))
    decision, _, _ = run(bound, request(method="POST", length=length, **GOOD, **headers), b"x")
    assert (decision.problem and decision.problem.code) == code
    if code and code != "body-missing":
        assert decision.step == 2
        assert decision.problem.close
