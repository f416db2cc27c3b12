"""Which schema of an answer counts, and what is told of what it leaves out."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from yett.engine.answers.undeclared import MAX_TOLD_CHARACTERS, keeper, leave_out, told
from yett.policy.model import Declared
from yett.terms import Mode


def keep(value):
    return value, tuple(f"/{name}" for name in list(value) if value.pop(name) is not None)


@pytest.mark.parametrize(
    ("status", "chosen"), [(200, "exact"), (201, "range"), (404, "default"), (500, "default")]
)
def test_the_status_chooses(status, chosen):
    """Itself before its class before the default."""
    declared = Declared({"200": "exact", "2XX": "range", "default": "default"})
    assert keeper(declared, status) == chosen
    assert keeper(Declared({"200": "exact"}), 201) is None


@pytest.mark.parametrize(
    ("mode", "changed", "noted"), [(Mode.ENFORCE, True, 0), (Mode.OBSERVE, False, 1)]
)
def test_a_mode_decides_whether_it_counts(mode, changed, noted):
    """Observed, it is noted and the answer stays; enforced, the answer is another."""
    x = SimpleNamespace(observed=(), why=())
    checks = SimpleNamespace(declared=Declared({"200": keep}), undeclared=mode)
    assert leave_out(x, checks, 200, {"a": 1}) is changed
    assert len(x.observed) == noted
    assert x.why == (("left out as undeclared: /a",) if changed else ())
    assert leave_out(x, checks, 200, {}) is False
    assert leave_out(x, checks, 404, {"a": 1}) is False


def test_names_that_are_not_plain_are_not_told():
    """A member's name may be a client's own words: no line break, no control, no end."""
    assert told(("/a", "/*/b_c", "/x\n1", "/ü", "/a")) == "/a, /*/b_c, …"
    assert len(told(tuple(f"/{'x' * 90}{n}" for n in range(50)))) <= MAX_TOLD_CHARACTERS
