"""Remembers verified tokens by their exact bytes, so that a hit costs a lookup and not a signature.

An entry is good until the token expires. Everything that can make it bad earlier empties the memory
at once: a key that was retired, rules that changed. Revocation is asked on every request (step 5),
after this. Never a denylist: one token has several spellings (notes/identity 0.4).
"""

from __future__ import annotations

from yett.credentials.verifier import Verified
from yett.problems import Problem
from yett.state.table import Table

MAX_TOKENS = 50_000
MAX_TOKEN_BYTES_KEPT = 32 * 1024 * 1024


class RememberedTokens:
    """Verified tokens, at most `most` and about `most_bytes` of text.

    What is found may have expired: the caller compares, which spares a call on the hot path, where
    it reads `table.young` itself and calls `recall` when nothing is there.
    """

    __slots__ = ("_bytes", "_most_bytes", "table")

    def __init__(self, most: int = MAX_TOKENS, most_bytes: int = MAX_TOKEN_BYTES_KEPT) -> None:
        self.table: Table[bytes, tuple[float, Verified | Problem]] = Table(most)
        self._bytes = 0
        self._most_bytes = most_bytes // 2

    def __len__(self) -> int:
        """Count what is remembered."""
        return len(self.table)

    def recall(self, token: bytes) -> tuple[float, Verified | Problem] | None:
        """Find a token of the old generation and keep it for another one."""
        found = self.table.old.get(token)
        if found is not None:
            self.remember(token, found[1], found[0])
        return found

    def remember(self, token: bytes, verified: Verified | Problem, expires: float) -> None:
        """Keep a token that was verified just now."""
        table = self.table
        young = table.young
        table.put(token, (expires, verified))
        self._bytes += len(token)
        if table.young is young and self._bytes > self._most_bytes:
            table.turn()
        if table.young is not young:
            self._bytes = 0

    def clear(self) -> None:
        """Forget everything, because a key was retired or rules changed."""
        self.table.clear()
        self._bytes = 0
