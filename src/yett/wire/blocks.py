"""Header blocks read before: clients repeat theirs, byte for byte, on one connection or on many.

Reading a block is a pure function of its bytes and of the hop it came over, so the answer may be
kept for exactly that pair: 1 us instead of 8 for five fields (bench: /GET in bench/RESULTS.md).
Bounded in entries and bytes; a stranger who fills it makes others pay what they paid without it.
Refusals are not kept. It never looks at a request line.
"""

from __future__ import annotations

from yett.problems import Problem
from yett.wire.fields import Fields, read_fields
from yett.wire.forwarding import Hop, Passed, pass_fields

MAX_BLOCKS = 1024
# A longer block is read each time, so that the memory stays under about 8 MB.
MAX_BLOCK_BYTES = 2 * 1024


class Blocks:
    """What was read, by the block's bytes; shared by the connections of one gate."""

    __slots__ = ("_read",)

    def __init__(self) -> None:
        self._read: dict[bytes, tuple[Hop, Fields, Passed]] = {}

    def read(self, block: bytes, hop: Hop) -> tuple[Fields, Passed] | Problem:
        """Read a block, or return what the same block over the same kind of hop was."""
        known = self._read.get(block)
        # The hop decides whose word counts and who the source is: never lent to another peer.
        if known is not None and (known[0] is hop or known[0] == hop):
            return known[1], known[2]
        fields = read_fields(block)
        if isinstance(fields, Problem):
            return fields
        passed = pass_fields(fields, hop)
        if isinstance(passed, Problem):
            return passed
        # One with a proof of possession is good once, and would drive out those that come back.
        if len(block) <= MAX_BLOCK_BYTES and b"dpop" not in passed.headers:
            self._keep(block, hop, fields, passed)
        return fields, passed

    def _keep(self, block: bytes, hop: Hop, fields: Fields, passed: Passed) -> None:
        read = self._read
        if len(read) >= MAX_BLOCKS and block not in read:
            del read[next(iter(read))]  # the oldest; one that is still in use comes back
        read[block] = hop, fields, passed
