"""Decisions taken aside, to be compared with cedarpy off the path: one of `every`.

The queue is short and never waits: while it is full, samples are not taken. What differs is named
by the ids of its rules; no attribute of anybody enters a divergence.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from msgspec import Struct

from yett.policy.cedar.model import Decided, Inputs, Slice
from yett.policy.cedar.settle import agree
from yett.policy.cedar.slices import WRONG_TYPE

MAX_SAMPLES = 64

Ask = Callable[[Slice, Inputs], Decided]


class Sample(Struct, frozen=True):
    """One decision that was made."""

    slice: Slice
    inputs: Inputs
    decided: Decided


class Divergence(Struct, frozen=True):
    """A decision that the two engines do not agree on: the gate's own, and cedarpy's."""

    action: str
    ours: Decided
    theirs: Decided

    def __str__(self) -> str:
        return f"`{self.action}` is {_told(self.ours)} compiled and {_told(self.theirs)} in cedarpy"


class Samples:
    """A queue of samples.

    Args:
        every: take one of so many decisions; 0 for none.
        most: samples that wait.
    """

    __slots__ = ("_left", "_waiting", "every", "most")

    def __init__(self, every: int, most: int = MAX_SAMPLES) -> None:
        self.every = every
        self.most = most
        self._left = every
        self._waiting: deque[Sample] = deque()

    def __len__(self) -> int:
        """Count what waits."""
        return len(self._waiting)

    def sample(self, slice_: Slice, inputs: Inputs, decided: Decided) -> None:
        """Count a decision, and keep it when its turn has come."""
        self._left -= 1
        if self._left:
            return
        self._left = self.every
        if len(self._waiting) < self.most:
            # The caller goes on with these for the next item of a list.
            kept = Inputs(inputs.principal, inputs.resource, inputs.context, {**inputs.entities})
            self._waiting.append(Sample(slice_, kept, decided))

    def take(self) -> list[Sample]:
        """Take out everything that waits."""
        taken = []
        while self._waiting:
            taken.append(self._waiting.popleft())
        return taken


def compare(samples: list[Sample], ask: Ask) -> list[Divergence]:
    """Ask cedarpy for each sample; return those that it decides otherwise.

    Args:
        samples: decisions that were made.
        ask: the other engine, strict about `forbid` as ours (policy.cedar.oracle).
    """
    found = []
    for one in samples:
        if WRONG_TYPE in one.decided.errors:
            continue  # denied before any rule is asked, which cedarpy does not know of
        theirs = ask(one.slice, one.inputs)
        if not agree(one.decided, theirs):
            found.append(Divergence(one.slice.action, one.decided, theirs))
    return found


def _told(decided: Decided) -> str:
    ids = ", ".join(decided.ids) or "no rule"
    errors = f", errors in {', '.join(decided.errors)}" if decided.errors else ""
    return f"{'allowed' if decided.allow else 'denied'} by {ids}{errors}"
