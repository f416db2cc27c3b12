"""What a step is: a function of one exchange that lets go, refuses, or asks.

`None` means go on. A `Problem` ends the run. An `Ask` carries a question for the adapter and the
function that continues with its answer. Steps are made per operation when the policy is bound.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from msgspec import Struct

from yett.engine.exchange import Exchange
from yett.engine.questions import Question
from yett.policy.browser import Browser
from yett.policy.model import OperationPolicy, Policy
from yett.problems import Problem


class Ask(Struct, frozen=True):
    """A step's wish for an answer: the question, and what to do with the answer."""

    question: Question
    resume: Callable[[Exchange, Any], Outcome]


Outcome = Problem | Ask | None
Step = Callable[[Exchange], Outcome]
Make = Callable[[OperationPolicy, Policy, Browser], Step | None]
# A step written as a generator: yields questions, is sent their answers, returns its refusal.
Asking = Generator[Question, Any, Problem | None]


def observing(step: Step) -> Step:
    """Wrap a step so that its refusal is recorded and the request goes on."""

    def settle(x: Exchange, outcome: Outcome) -> Outcome:
        if isinstance(outcome, Ask):
            resume = outcome.resume
            return Ask(outcome.question, lambda x, answer: settle(x, resume(x, answer)))
        if outcome is not None:
            x.observed += (outcome,)
        return None

    return lambda x: settle(x, step(x))


def asking(run: Callable[[Exchange], Asking]) -> Step:
    """Make a step of a generator: each question it yields becomes an `Ask`."""

    def step(x: Exchange) -> Outcome:
        running = run(x)

        def resume(_x: Exchange, answer: Any) -> Outcome:
            try:
                return Ask(running.send(answer), resume)
            except StopIteration as stop:
                ended: Problem | None = stop.value
                return ended

        return resume(x, None)

    return step
