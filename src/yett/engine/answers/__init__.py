"""Step 14: what an answer must be read for, and the parts of that reading.

In goes the service's whole answer; `engine.release` decides with what is here which of its records
and fields may leave. Never changes what it was not asked to, does no I/O, raises nothing.
"""

from yett.engine.answers.checks import Checks, make_checks

__all__ = ["Checks", "make_checks"]
