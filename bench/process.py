"""Starts, pins, watches and stops the processes of a run; nothing outlives it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


@contextlib.contextmanager
def running(
    command: Sequence[str], log: Path, port: int, env: dict[str, str] | None = None
) -> Iterator[int]:
    """Run a command in a session of its own until the block ends; wait until `port` answers."""
    with log.open("wb") as out:
        made = subprocess.Popen(
            command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True,
            env=os.environ | (env or {}),
        )  # fmt: skip
    try:
        wait_for(port, made, log)
        yield made.pid
    finally:
        _stop(made)


def wait_for(port: int, made: subprocess.Popen[bytes], log: Path, seconds: float = 30) -> None:
    """Wait until `port` accepts, or say what the process said instead."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if made.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.5):
            return
        time.sleep(0.05)
    raise SystemExit(f"{made.args} did not start:\n{log.read_text(errors='replace')[-2000:]}")


def _stop(made: subprocess.Popen[bytes]) -> None:
    for mark in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(made.pid, mark)
        with contextlib.suppress(subprocess.TimeoutExpired):
            made.wait(20)
            return


def family(pid: int) -> list[int]:
    """Return `pid` and all its descendants."""
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
    return found


def cpu_seconds(pid: int) -> float:
    """Return user and system seconds of a process and its descendants so far."""
    total = 0
    for one in family(pid):
        with contextlib.suppress(OSError, IndexError):
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
    return total / TICKS


def resident_kilobytes(pid: int) -> int:
    """Return the proportional memory of a process and its descendants."""
    total = 0
    for one in family(pid):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total


def busiest(pid: int) -> int:
    """Return the descendant that has used most CPU: the worker."""
    return max(family(pid), key=_own_ticks)


def _own_ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return -1
    return int(fields[11]) + int(fields[12])


def pin(pid: int, cores: set[int]) -> None:
    """Bind every thread of a process to `cores`."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            os.sched_setaffinity(int(task.name), cores)
