"""The validator decides, and explains only where explaining ends."""

from __future__ import annotations

import time

import pytest

from yett.policy.model import Fault
from yett.policy.validator import MAX_EXPLAINED_BYTES, Root, make_judge, pointer


@pytest.fixture
def root():
    made = Root()
    made.add({"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]})
    made.add({"properties": {"a": {"type": "integer"}}, "additionalProperties": False})
    made.compile({}, fancy=False)
    return made


def test_explained(root):
    """A refusal names the place and the keyword, never the value."""
    judge = make_judge(root, None, "r0", explained=True)
    assert judge({"a": 1}, 1) == ()
    assert judge({"a": "secret"}, 1) == Fault("mismatch", "/a", "type")
    assert judge({}, 1) == Fault("missing", "/a", "required")


def test_not_explained(root):
    """Where it might not end, and for big bodies, the refusal is general."""
    assert make_judge(root, None, "r0", explained=False)({"a": "x"}, 1) == Fault("mismatch")
    judge = make_judge(root, None, "r0", explained=True)
    assert judge({"a": "x"}, MAX_EXPLAINED_BYTES + 1) == Fault("mismatch")


def test_observed(root):
    """What only the closed schema refuses is observed; what both refuse is refused."""
    judge = make_judge(root, "r1", "r0", explained=True)
    assert judge({"a": 1, "b": 2}, 1) == (Fault("unknown", "/b", "additionalProperties"),)
    assert judge({"a": "x", "b": 2}, 1) == Fault("mismatch", "/a", "type")


@pytest.mark.parametrize("value", ["\ud800", {1: 2}, b"bytes", object(), {"a": {1, 2}}])
def test_whatever_the_validator_raises_refuses(root, value):
    """A value the validator chokes on is a refusal, not an exception."""
    assert isinstance(make_judge(root, "r0", None, explained=True)(value, 1), Fault)
    assert root.fits("r0")(value) is False


def test_pointers():
    """A pointer ends before the first name that is not plain: nothing unverified is said back."""
    assert pointer(["a", 0, "b-c"]) == "/a/0/b-c"
    assert pointer(["a", "<script>", "b"]) == "/a"
    assert pointer(["x" * 64] * 9).count("/") == 3


def test_recursive_errors_do_not_explode(new_body):
    """The error path of circles of alternatives, 10 s at depth 16, is never taken."""
    node = {"$ref": "#/components/schemas/N"}
    components = {
        "N": {"anyOf": [{"type": "array", "items": node}, {"type": "array", "items": node}]}
    }
    read = new_body(node, components=components)
    raw = b"[" * 40 + b"5" + b"]" * 40
    read(raw)
    start = time.thread_time()
    assert read(raw) == Fault("mismatch")
    assert time.thread_time() - start < 0.005
