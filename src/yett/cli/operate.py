"""Reload: what the supervisor does when files change, and what it tells the workers.

A change is loaded and checked in a child process first, so that not even a contract that kills its
compiler reaches the gate. Then the supervisor takes it, for the workers it will fork, and the
workers swap one after the other. A change of what only a start can apply is named, not ignored.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from yett.cli.children import Channel, Child, Message
from yett.cli.journal import Journal, place
from yett.cli.renewal import Renewal
from yett.cli.supervise import Supervisor
from yett.cli.worker import Setup, load_view, served_operations
from yett.contract.config import Config
from yett.contract.errors import ContractError, describe
from yett.gate.approvals import open_desk
from yett.gate.reload import Watch, contract_files, prepare, settle
from yett.state.errors import StateError
from yett.terms import Finding

POLL_SECONDS = 1.0
# A worker that has not swapped after this long is not waited for; it may be compiling Stripe's file
# on a busy machine.
SWAP_SECONDS = 60.0
MAX_FINDINGS = 3
# File times come from a clock that ticks every 4 to 10 ms.
CLOCK_SECONDS = 0.1


class Operator:
    """Watches the contract, and takes the workers along.

    Args:
        supervisor: whose workers are told.
        setup: what new workers are forked with; its program is replaced.
        journal: where outcomes are written.
        since: unix seconds when the contract was about to be read; a file that changed after it
            is looked at again.
    """

    def __init__(
        self, supervisor: Supervisor, setup: Setup, journal: Journal, since: float
    ) -> None:
        self._supervisor = supervisor
        self._setup = setup
        self._journal = journal
        self._contract = Watch(lambda: contract_files(setup.folder, self._setup.program.policy))
        self._renewal = Renewal(supervisor, setup, journal, self._record)
        self._next_look = 0.0
        self._checker: Child | None = None
        self._asked = False
        self._again = self._contract.newer(since - CLOCK_SECONDS)
        self._verdict: Message = {}
        self._waiting: list[Child] = []
        self._swapping: Child | None = None
        self._swap_by = 0.0

    @property
    def _config(self) -> Config:
        return self._setup.program.policy.config

    @property
    def _digest(self) -> str:
        return self._setup.program.policy.digest

    def hang_up(self) -> None:
        """Look again now: a SIGHUP reloads even what seems unchanged."""
        self._asked = True
        self._contract.catch_up()
        self._renewal.hang_up()
        self._check()

    def tick(self) -> None:
        """Look at the files once a second, and go on with a swap that is under way."""
        now = time.monotonic()
        self._renewal.tick()
        if now >= self._next_look:
            self._next_look = now + POLL_SECONDS
            self._setup.view.reload_files()  # what the next worker is forked with
            if self._contract.changed() or self._again:
                self._again = False
                self._check()
        if self._swapping and now > self._swap_by:
            self._journal.write("swap-late", child=self._swapping.role)
            self._swapping.channel.send({"do": "drain"})
            self._swap_next()

    def heard(self, child: Child, message: Message) -> None:
        """Take the checker's verdict, or a worker's answer."""
        if child is self._checker:
            self._verdict = message
        elif "swapped" in message:
            self._journal.write("swapped", child=child.role, seconds=message["seconds"])
        elif "kept" in message:
            # The checker found it good and the worker did not: the files moved between the two.
            # Its replacement is forked with what was checked, so the workers always come together.
            self._journal.write("kept", child=child.role, why=message["kept"])
            child.channel.send({"do": "drain"})
            self._again = True
        if child is self._swapping:
            self._swap_next()

    def ended(self, child: Child) -> None:
        """Act on the checker's verdict, or go on without a worker that died."""
        if child is self._checker:
            self._checker = None
            self._judge(self._verdict)
        elif child is self._swapping:
            self._swap_next()

    def _check(self) -> None:
        if self._checker is not None or self._swapping is not None:
            self._again = True  # one at a time; look once more when it is done
            return
        self._verdict = {"refused": ["the check itself was killed"]}
        setup = self._setup
        self._checker = self._supervisor.spawn("checker", lambda line: check(setup, line))

    def _judge(self, verdict: Message) -> None:
        refused = verdict.get("refused")
        if refused:
            self._refuse(refused)
        elif verdict["digest"] != self._digest or self._asked:
            self._take()
        else:  # a mistake that was mended: who mended it waits for a word
            self._journal.write("reload-same", policy=self._digest[:16])
        self._asked = False

    def _take(self) -> None:
        try:
            program = prepare(self._setup.folder)
            view = load_view(self._setup, program, self._setup.view)
        except (ContractError, StateError, OSError):
            self._again = True  # broken since the check: look again
            return
        old, self._setup.program, self._setup.view = self._config, program, view
        settle(thorough=True)  # nobody waits for the supervisor
        self._supervisor.drain_seconds = self._config.gateway.drain_timeout
        self._journal.write(
            "reload", policy=self._digest[:16], operations=served_operations(program)
        )
        self._record("reload", f"policy {self._digest[:16]}")
        for setting in needs_restart(old, self._config):
            self._journal.write("needs-restart", setting=setting)
        self._waiting = list(self._supervisor.workers())
        self._swap_next()

    def _swap_next(self) -> None:
        """One worker at a time: while it compiles, the others answer at full speed."""
        self._swapping = self._waiting.pop(0) if self._waiting else None
        if self._swapping is None:
            return
        self._swap_by = time.monotonic() + SWAP_SECONDS
        if not self._swapping.channel.send({"do": "reload", "digest": self._digest}):
            self._swap_next()

    def _refuse(self, findings: list[str]) -> None:
        self._journal.write("reload-refused", findings=findings, kept=self._digest[:16])
        self._record("reload-refused", "; ".join(findings))

    def _record(self, kind: str, note: str) -> None:
        """Have one worker put it on record: only workers have a line to the recorder."""
        for child in self._supervisor.workers():
            if child.channel.send({"do": "record", "kind": kind, "note": note[:2000]}):
                return


def check(setup: Setup, line: Channel) -> int:
    """Run in a child: load and check, say the digest or what is wrong."""
    try:
        program = prepare(setup.folder)
        load_view(setup, program, None)
        open_desk(program, setup.folder)
    except ContractError as error:
        errors = [finding for finding in error.findings if finding.severity == "error"]
        line.send({"refused": [_short(finding) for finding in errors[:MAX_FINDINGS]]})
        return 2
    except StateError as error:
        line.send({"refused": [str(error)[:500]]})
        return 2
    except Exception as error:  # noqa: BLE001 — a bug in the compiler refuses the contract, too
        line.send({"refused": [f"{type(error).__name__} at {place(error)}"]})
        return 3
    line.send({"digest": program.policy.digest})
    return 0


def needs_restart(old: Config, new: Config) -> tuple[str, ...]:
    """Name the settings that differ and that a reload does not apply."""
    readings: dict[str, Callable[[Config], object]] = {
        "gateway.listen": lambda config: config.gateway.listen,
        "gateway.workers": lambda config: config.gateway.workers,
        "gateway.tls": lambda config: config.gateway.tls,
        "identity.builtin.listen": _issuer_listens,
        "store": lambda config: config.store,
    }
    return tuple(name for name, read in readings.items() if read(old) != read(new))


def _issuer_listens(config: Config) -> str:
    return config.identity.builtin.listen if config.identity.builtin else ""


def _short(finding: Finding) -> str:
    return describe(finding)[:500]
