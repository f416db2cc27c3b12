"""Which records a principal was shown, in memory that all workers of a host share.

An anonymous mapping made before the fork; no lock. An entry is two words, a fingerprint and the end
of its time with a checksum over both, so that writes that meet can only lose an entry: the answer
is then "not seen". Hashes are keyed per start, or ids could be chosen that share a bucket.

Nothing grows: a principal's entries live on one page, where it can push out those of the few who
share the page, and nobody else's. A gate that starts again has seen nothing.
"""

from __future__ import annotations

import copy
import mmap
import secrets
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Self

KEY_BYTES = 32
WAYS = 8  # entries of a bucket
# At most 2,048 ids a principal, 1,048,576 in all (16 MiB of which only touched parts are real):
# whoever shows themselves all ids there are spends 1/512 of the table.
BUCKETS_PER_PAGE = 256
PAGES = 512
_WORDS = 2 * WAYS
_LOW = (1 << 32) - 1
_ODD = 0x9E3779B97F4A7C15  # odd, so that two times never have the same checksum (Knuth 6.4)


class Seen:
    """What was shown to whom.

    Args:
        ttl: seconds for which an id counts as seen.
        pages: parts of the table; a principal has one.
    """

    __slots__ = ("_key", "_pages", "_words", "ttl")

    def __init__(self, ttl: float, *, pages: int = PAGES) -> None:
        self.ttl = ttl
        self._pages = pages
        self._key = secrets.token_bytes(KEY_BYTES)
        self._words = memoryview(mmap.mmap(-1, pages * BUCKETS_PER_PAGE * _WORDS * 8)).cast("Q")

    def lasting(self, ttl: float) -> Self:
        """Return the same table with another time, for after a reload."""
        again = copy.copy(self)
        again.ttl = ttl
        return again

    def __len__(self) -> int:
        """Count entries, old ones too; reads the whole table."""
        return sum(
            1
            for at in range(0, len(self._words), _WORDS)
            for end in self._words[at + WAYS : at + _WORDS]
            if end
        )

    def saw(self, principal: str, uids: tuple[str, ...], now: float) -> None:
        """Note the records that a principal was shown; the oldest of a full bucket goes."""
        words = self._words
        end = int(now + self.ttl)
        base, page = self._open(principal)
        for uid in uids:
            found, check, at = _place(base, uid, page)
            held = words[at : at + _WORDS].tolist()
            prints = held[:WAYS]
            # Ends are in the high bits and an empty place is 0: the least is the next to go.
            way = prints.index(found) if found in prints else _first(held[WAYS:])
            words[at + way] = found
            words[at + WAYS + way] = _sealed(end, check)

    def seen(self, principal: str, uid: str, now: float) -> bool:
        """Whether this principal was shown this record, by any worker, at most `ttl` ago."""
        base, page = self._open(principal)
        found, check, at = _place(base, uid, page)
        held = self._words[at : at + _WORDS].tolist()
        prints = held[:WAYS]
        if found not in prints:
            return False
        word = held[WAYS + prints.index(found)]
        end = word >> 32
        return bool(word == _sealed(end, check) and now < end <= now + self.ttl + 1)

    def _open(self, principal: str) -> tuple[blake2b, int]:
        """Start the hash of a principal's entries and find its page, as a word's index."""
        name = principal.encode("utf-8", "surrogatepass")
        # With its length before it, a name never runs into the id behind it.
        base = blake2b(b"%d:%b" % (len(name), name), digest_size=16, key=self._key)
        page = int.from_bytes(base.digest(), "little") % self._pages
        return base, page * BUCKETS_PER_PAGE * _WORDS


def _place(base: blake2b, uid: str, page: int) -> tuple[int, int, int]:
    """Return an entry's fingerprint, the secret half of its checksum, and its bucket."""
    own = base.copy()
    own.update(uid.encode("utf-8", "surrogatepass"))
    digest = own.digest()
    check = int.from_bytes(digest[8:], "little")
    bucket = check >> 32 & (BUCKETS_PER_PAGE - 1)
    return int.from_bytes(digest[:8], "little"), check & _LOW, page + bucket * _WORDS


def _sealed(end: int, check: int) -> int:
    return end << 32 | (check ^ end * _ODD & _LOW)


def _first(ends: list[int]) -> int:
    return ends.index(min(ends))
