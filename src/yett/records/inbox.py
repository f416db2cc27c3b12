"""What arrived since the last commit: duplicates out, gaps noted, the rest in order.

A batch that is sent again after a reconnect is recognised by its worker's sequence, also across a
restart of the recorder, because sequences are in the records. A sequence that jumps means that
records which were acknowledged are no longer in the ledger; that is written down as a `gap`.
"""

from __future__ import annotations

import secrets
import time

from yett.records.frames import Batch
from yett.records.ledger import Entry, Ledger
from yett.records.peer import Peer
from yett.terms import Event


class Inbox:
    """Entries for the next commit and who waits for them.

    Args:
        ledger: where to commit.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._entries: list[Entry] = []
        self._latest: dict[str, int] = {}
        self._waiting: dict[Peer, int] = {}
        self._own = f"recorder-{secrets.token_hex(8)}"

    def take(self, peer: Peer, batch: Batch) -> None:
        """Add what is new of a batch; its peer is acknowledged after the commit either way."""
        worker = batch.worker
        seen = self._seen(worker)
        if batch.first > seen + 1:
            self.note(_gap(worker, seen + 1, batch.first - 1))
        events = batch.events[max(0, seen + 1 - batch.first) :]
        start = max(batch.first, seen + 1)
        self._entries += [Entry(worker, at, event) for at, event in enumerate(events, start)]
        self._latest[worker] = max(seen, batch.last)
        self._waiting[peer] = batch.last

    def note(self, event: Event) -> None:
        """Add an event of the recorder itself."""
        sequence = self._seen(self._own) + 1
        self._latest[self._own] = sequence
        self._entries.append(Entry(self._own, sequence, event))

    def commit(self) -> dict[Peer, int]:
        """Write the entries; return the durable sequence of each peer that waits.

        Raises:
            NotWrittenError: when nothing was written; everything stays here for another try.
        """
        if self._entries:
            self._ledger.append(self._entries)
        done = self._waiting
        self._entries, self._latest, self._waiting = [], {}, {}
        return done

    def _seen(self, worker: str) -> int:
        return self._latest.get(worker) or self._ledger.last_sequence(worker)


def _gap(worker: str, first: int, last: int) -> Event:
    note = f"records {first} to {last} of worker `{worker}` were acknowledged and are not here"
    return Event(time=time.time(), request="", kind="gap", note=note)
