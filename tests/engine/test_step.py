"""Observing wraps a step whatever it answers."""

from __future__ import annotations

from types import SimpleNamespace

from yett.engine.questions import ReadBody
from yett.engine.step import Ask, asking, observing
from yett.problems import BODY_INVALID, BODY_MISSING


def test_a_refusal_after_an_answer_is_observed_too():
    """A question in between does not make an observed rule enforce."""
    deep = Ask(ReadBody(1), lambda x, answer: BODY_INVALID(note=answer))
    step = observing(lambda x: Ask(ReadBody(2), lambda x, answer: deep))
    x = SimpleNamespace(observed=())
    first = step(x)
    second = first.resume(x, "a")
    assert (first.question.limit, second.question.limit) == (2, 1)
    assert second.resume(x, "b") is None
    assert [p.note for p in x.observed] == ["b"]


def test_refusals_add_up():
    """Each observed problem is kept in order."""
    x = SimpleNamespace(observed=())
    observing(lambda x: BODY_MISSING())(x)
    observing(lambda x: None)(x)
    observing(lambda x: BODY_INVALID())(x)
    assert [p.code for p in x.observed] == ["body-missing", "body-invalid"]


def test_a_step_may_be_written_as_a_generator():
    """It yields questions, is sent their answers, and returns its refusal."""

    def run(x):
        first = yield ReadBody(1)
        second = yield ReadBody(len(first))
        return BODY_INVALID(note=second) if second else None

    step = asking(run)
    x = SimpleNamespace(observed=())
    one = step(x)
    two = one.resume(x, b"abc")
    assert (one.question.limit, two.question.limit) == (1, 3)
    assert two.resume(x, "no").note == "no"
    assert step(x).resume(x, b"").resume(x, "") is None


def test_an_observed_generator_lets_go():
    """Its refusal after an answer is kept, and the request goes on."""

    def run(x):
        yield ReadBody(1)
        return BODY_MISSING()

    x = SimpleNamespace(observed=())
    assert observing(asking(run))(x).resume(x, b"") is None
    assert [p.code for p in x.observed] == ["body-missing"]
