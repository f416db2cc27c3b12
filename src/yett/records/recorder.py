"""The recorder: the one process of a host that writes the ledger.

Takes batches from the workers' spools over a unix socket, appends all that arrived together with
one fsync (group commit), then acknowledges. What cannot be written is not acknowledged; it is kept
and tried again while nothing more is read, so that the spools fill and the gate does what
`when_not_recorded` says. Never decides anything, never drops an event. Spec: ledger.md s7.
"""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import socket
import time
from pathlib import Path

from yett.records import door, stop
from yett.records.errors import NotWrittenError
from yett.records.inbox import Inbox
from yett.records.ledger import ChainLedger, Ledger
from yett.records.peer import Peer, PeerGoneError
from yett.terms import Event

# Below the usual limit of 1,024 open files, so that accept(2) does not fail and spin.
MAX_CONNECTIONS = 512
RETRY_SECONDS = 0.5
# How often a recorder without work looks whether it was asked to stop or was orphaned.
_TICK_SECONDS = 1.0
# What a stopping recorder still reads: 64 rounds of at most 256 KiB a worker.
_LAST_ROUNDS = 64

_log = logging.getLogger("yett.records")


def run(folder: Path, socket_path: Path) -> None:
    """Record until SIGTERM; then read what was already sent, write it and return.

    SIGINT is ignored: a terminal sends it to the whole group, and the workers still have to drain.
    A recorder whose parent died ends when its last worker has left.

    Args:
        folder: the ledger.
        socket_path: the unix socket to listen at, in a private folder.

    Raises:
        LedgerError: when the ledger or the socket cannot be used.
    """
    with ChainLedger(folder) as ledger:
        listener = door.listen(socket_path)
        try:
            with stop.asked() as woken:
                Recorder(ledger, listener, woken).serve()
        finally:
            listener.close()
            with contextlib.suppress(OSError):
                socket_path.unlink()


class Recorder:
    """The loop of the recorder.

    Args:
        ledger: where to write.
        listener: a listening, non-blocking unix socket.
        woken: a socket that becomes readable when the recorder is to stop.
    """

    def __init__(self, ledger: Ledger, listener: socket.socket, woken: socket.socket) -> None:
        self._ledger = ledger
        self._inbox = Inbox(ledger)
        self._listener = listener
        self._woken = woken
        self._selector = selectors.DefaultSelector()
        self._peers: dict[int, Peer] = {}
        self._failing_since = 0.0
        self._parent = os.getppid()

    def serve(self) -> None:
        """Serve until woken or orphaned."""
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._say("recorder-started", self._start_note())
        self._commit()
        try:
            while self._turn():
                pass
            self._finish()
        finally:
            for peer in list(self._peers.values()):
                self._drop(peer, "")
            self._selector.close()

    def _turn(self) -> bool:
        """Wait, read what came, write it; answer whether to go on."""
        if self._failing_since:
            return self._retry()
        ready = self._selector.select(_TICK_SECONDS)
        if any(key.fileobj is self._woken for key, _ in ready):
            return False
        self._serve_ready(ready)
        self._commit()
        return bool(ready or self._peers) or os.getppid() == self._parent

    def _serve_ready(self, ready: list[tuple[selectors.SelectorKey, int]]) -> None:
        for key, events in ready:
            if key.fileobj is self._listener:
                self._accept()
            else:
                self._exchange(key.data, events)

    def _retry(self) -> bool:
        """Try again to write what is held. Nothing is read meanwhile; the spools hold the rest."""
        self._woken.settimeout(RETRY_SECONDS)
        with contextlib.suppress(TimeoutError):
            return not self._woken.recv(1)
        self._commit()
        return os.getppid() == self._parent

    def _finish(self) -> None:
        """Read what was sent before the stop, also by who is not accepted yet, and write it."""
        self._selector.unregister(self._woken)
        for _ in range(_LAST_ROUNDS):
            ready = self._selector.select(0)
            if not ready or self._failing_since:
                break
            self._serve_ready(ready)
            self._commit()
        self._say("recorder-stopped", "")
        self._commit()

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        uid = door.peer_uid(connection)
        if uid != os.geteuid():
            _log.warning("refused a connection of user %d: the recorder serves its own user", uid)
            connection.close()
            return
        if len(self._peers) >= MAX_CONNECTIONS:
            _log.warning("refused a connection: %d are open", MAX_CONNECTIONS)
            connection.close()
            return
        connection.setblocking(False)
        peer = Peer(connection)
        self._peers[connection.fileno()] = peer
        self._selector.register(connection, selectors.EVENT_READ, peer)

    def _exchange(self, peer: Peer, events: int) -> None:
        try:
            if events & selectors.EVENT_WRITE:
                peer.send()
            if events & selectors.EVENT_READ:
                for batch in peer.receive():
                    self._inbox.take(peer, batch)
        except PeerGoneError as gone:
            self._drop(peer, str(gone))

    def _commit(self) -> None:
        """Write what the inbox holds and acknowledge it; on failure keep it."""
        try:
            done = self._inbox.commit()
        except NotWrittenError as error:
            if not self._failing_since:
                self._failing_since = time.monotonic()
                _log.error("%s; trying again every %.1f s, nothing is lost", error, RETRY_SECONDS)
            return
        if self._failing_since:
            seconds = time.monotonic() - self._failing_since
            self._failing_since = 0.0
            _log.warning("the ledger is written again after %.1f s", seconds)
            self._say("recorder-resumed", f"the ledger could not be written for {seconds:.1f} s")
        for peer, sequence in done.items():
            self._acknowledge(peer, sequence)

    def _acknowledge(self, peer: Peer, sequence: int) -> None:
        if peer.connection.fileno() < 0:
            return
        try:
            peer.acknowledge(sequence)
        except PeerGoneError as gone:
            self._drop(peer, str(gone))
            return
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if peer.waiting else 0)
        self._selector.modify(peer.connection, wanted, peer)

    def _drop(self, peer: Peer, why: str) -> None:
        if why:
            _log.warning("closed the connection of worker `%s`: %s", peer.worker or "unknown", why)
        self._selector.unregister(peer.connection)
        del self._peers[peer.connection.fileno()]
        peer.connection.close()

    def _start_note(self) -> str:
        if not self._ledger.torn:
            return ""
        return f"cut {self._ledger.torn} torn bytes off the last segment; kept beside it"

    def _say(self, kind: str, note: str) -> None:
        self._inbox.note(Event(time=time.time(), request="", kind=kind, note=note))
