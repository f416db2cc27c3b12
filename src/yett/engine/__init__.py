"""The engine: one request in, one decision out, by numbered steps.

In go a bound policy (`Program`), a `Request`, an in-memory `View` of state and the clock's value;
questions go out as values; out comes a `Decision`. It never does I/O, never awaits, never reads a
clock. Steps: docs/life-of-a-request.md.
"""

from yett.engine.decide import decide
from yett.engine.exchange import Exchange
from yett.engine.program import Program, build
from yett.engine.questions import Question

__all__ = ["Exchange", "Program", "Question", "build", "decide"]
