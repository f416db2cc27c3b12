"""Certificates, authorities and revocation lists while the gate runs: taken over, and warned about.

Looked at twice as often as the contract: a revocation is to hold within a second. What is broken is
said and not taken; what ends soon is said once, before it does.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from yett.cli.journal import Journal
from yett.cli.supervise import Supervisor
from yett.cli.worker import Setup
from yett.gate.reload import Watch
from yett.wire.errors import SetupError
from yett.wire.tls import Tls

# A change counts once it looks the same twice, so at most a second after it. The supervisor turns
# far more often when workers speak; two looks must not both fall into one slow write.
LOOK_SECONDS = 0.4


class Renewal:
    """Watches the files of the listeners, and takes the workers along.

    Args:
        supervisor: whose workers are told.
        setup: what new workers are forked with.
        journal: where outcomes are written.
        record: puts a kind and a note on record.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        setup: Setup,
        journal: Journal,
        record: Callable[[str, str], None],
    ) -> None:
        self._supervisor = supervisor
        self._tls = setup.tls
        self._journal = journal
        self._record = record
        self._watch = Watch(self._files)
        # Replaced between its reading and this look: without this it would be served until expiry.
        self._outdated = self._tls is not None and self._tls.outdated()
        self._next_look = 0.0
        self._said: tuple[str, float] = ("", 0.0)

    def hang_up(self) -> None:
        """Read everything again now."""
        self._watch.catch_up()
        if self._tls is not None:
            self._renew(self._tls)

    def tick(self) -> None:
        """Look, at most every `LOOK_SECONDS`."""
        now = time.monotonic()
        if self._tls is None or now < self._next_look:
            return
        self._next_look = now + LOOK_SECONDS
        if self._watch.changed() or self._outdated:
            self._outdated = False
            self._renew(self._tls)
        self._warn(self._tls, time.time())

    def _files(self) -> tuple[Path, ...]:
        return () if self._tls is None else self._tls.files()

    def _renew(self, tls: Tls) -> None:
        before = (tls.trust, tls.leaf)
        try:
            tls.reload(time.time())  # for the workers that will be forked
        except SetupError as error:
            self._journal.write("certificate-refused", error=str(error), hint=error.hint)
            self._record("certificate-refused", str(error))
            if (tls.trust, tls.leaf) == before:
                return  # nothing of it was good
        else:
            self._journal.write("certificate", names=sorted(tls.leaf.names))
            self._record("certificate", ", ".join(sorted(tls.leaf.names)))
        for child in self._supervisor.workers():
            child.channel.send({"do": "certificate"})

    def _warn(self, tls: Tls, now: float) -> None:
        """Say that a revocation list should have been followed by now, and that it was not."""
        revoked = tls.trust.revoked if tls.trust is not None else None
        if revoked is None or now < revoked.due:
            return
        event = "crl-due" if now < revoked.ends else "crl-over"
        if self._said == (event, revoked.ends):
            return
        self._said = (event, revoked.ends)
        ends = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(revoked.ends))
        self._journal.write(event, authority=revoked.first, ends=ends)
        self._record(event, f"{revoked.first}, ends {ends}")
