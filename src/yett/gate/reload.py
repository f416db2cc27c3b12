"""A new contract while the gate is open: noticed, loaded and checked aside, swapped whole.

`Watch` notices that files changed, `prepare` makes a program of a folder or raises, `swap_aside`
does so beside a running loop. A broken contract never replaces a working one, because nothing here
touches the running program before the new one has passed its self-check.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from yett.contract.files import POLICIES_NAME, policy_paths
from yett.contract.load import load
from yett.engine.program import Program, build
from yett.gate.selfcheck import check_program
from yett.policy.compile import compile_policy
from yett.policy.model import Policy

# The compiling thread gives the interpreter lock back this often, so that the loop goes on between.
# GitHub's 1,223 operations, four clients: p99 1.9 ms while a worker reloads, 10.8 ms with the
# default of 5 ms, 0.6 ms without a reload. The longest answer is 60 ms either way: one parse of
# 13 MB of JSON holds the lock.
SWITCH_SECONDS = 0.0005
_Stamp = tuple[int, int, int]


class Watch:
    """Notices changes of a set of files by looking, which works on every file system.

    A look costs one `stat` a file; contents are hashed only when a stamp moved. A change counts
    once it has been the same for two looks, so that a file is not read half written.

    Args:
        files: answers the files to look at, each time.
    """

    def __init__(self, files: Callable[[], tuple[Path, ...]]) -> None:
        self._files = files
        self._stamps: dict[Path, _Stamp | None] = self._look()
        self._digest = self._hash()
        self._moving = False

    def changed(self) -> bool:
        """Whether the contents differ from those of the last time it was True (or of the start)."""
        stamps = self._look()
        if stamps != self._stamps:
            self._stamps = stamps
            self._moving = True
            return False
        if not self._moving:
            return False
        self._moving = False
        before, self._digest = self._digest, self._hash()
        return before != self._digest

    def newer(self, when: float) -> bool:
        """Whether a file was changed, put in place or taken away after `when` (unix seconds)."""
        for path in self._files():
            try:
                # The change time: a renamed file keeps its modification time.
                if path.stat().st_ctime >= when:
                    return True
            except FileNotFoundError:
                return True  # it was there to be read, or nobody would watch it
        return False

    def catch_up(self) -> None:
        """Take what is there now as seen; for who is about to read the files anyway."""
        self._stamps, self._digest = self._look(), self._hash()
        self._moving = False

    def _look(self) -> dict[Path, _Stamp | None]:
        return {path: _stamp(path) for path in self._files()}

    def _hash(self) -> bytes:
        whole = hashlib.sha256()
        for path in self._files():
            try:
                content = path.read_bytes()
            except OSError:
                content = b""  # also of a folder: its files are looked at themselves
            whole.update(f"{path.name}:".encode())
            whole.update(hashlib.sha256(content).digest())
        return whole.digest()


def contract_files(folder: Path, policy: Policy) -> tuple[Path, ...]:
    """The files that `policy` was read from, and the Cedar files that are there now.

    The folder `policies` is among them: a file taken away moves its time of change, and a folder
    taken away whole is missed only where policies were read from it.
    """
    apis = policy.config.api.values()
    named = [name for api in apis for name in (api.openapi, api.overlay) if name]
    listed = policy_paths(folder)
    if listed or _has_policies(policy) or (folder / POLICIES_NAME).exists():
        listed.insert(0, folder / POLICIES_NAME)
    return (folder / "yett.toml", *(folder / name for name in named), *listed)


def _has_policies(policy: Policy) -> bool:
    """Whether a Cedar file was read, as against rules that the contract itself implies."""
    slices = policy.authz.slices.values() if policy.authz is not None else ()
    return any(not rule.generated for one in slices for rule in one.rules)


def prepare(folder: Path) -> Program:
    """Load, compile and self-check the contract of a folder.

    Raises:
        ContractError: it cannot be used; the findings say where and why.
    """
    with paused_collector():
        program = build(compile_policy(load(folder)))
        check_program(program)
    return program


async def prepare_aside(folder: Path) -> Program:
    """Do what `prepare` does in a thread, while the running loop goes on.

    Raises:
        ContractError: as `prepare`.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        return await asyncio.to_thread(prepare, folder)
    finally:
        sys.setswitchinterval(before)


@contextmanager
def paused_collector() -> Iterator[None]:
    """Pause the cyclic collector while a contract is compiled: it would only walk what stays."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def settle(*, thorough: bool) -> None:
    """Move all that lives now out of the collector's sight: a compiled contract stays for good.

    Otherwise each full collection walks the whole contract, and after a fork copies its pages.

    Args:
        thorough: first collect what is garbage by now. It holds the interpreter for 65-100 ms with
            GitHub's contract; left out, 1.2 MB of that contract's cycles stay at each reload.
    """
    if thorough:
        gc.unfreeze()
        gc.collect()
    gc.freeze()


def _stamp(path: Path) -> _Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
