"""A worker on its own: without its supervisor, without an issuer, with a hook for what breaks."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

from yett.cli.worker import served_operations
from yett.gate.reload import prepare


def gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_an_orphan_ends_in_order(serve):
    """Kill -9 of the supervisor: a request under way is answered, and no process stays behind."""
    served = serve()
    children = served.children()
    answers = []
    thread = threading.Thread(target=lambda: answers.append(served.get("/slow")))
    thread.start()
    time.sleep(0.2)
    os.kill(served.process.pid, signal.SIGKILL)
    thread.join(20)
    assert answers == [(200, b"{}")]
    until = time.monotonic() + 20
    while not all(gone(pid) for pid in children):
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_dead_issuer_does_not_keep_the_gate_shut(serve, folder):
    """An issuer that cannot be reached is asked again later; public operations are served."""
    folder.configure(
        more="""
[[identity.issuer]]
url = "https://issuer.invalid"
audience = "https://api.example.com"
algorithms = ["ES256"]
jwks = "http://127.0.0.1:9/jwks.json"
"""
    )
    assert serve("--workers", "1").get() == (200, b"{}")


def test_fallbacks_are_no_operations(folder):
    """What answers for undeclared paths in mode `observe` is not counted as declared."""
    folder.configure(gateway='mode = "observe"')
    program = prepare(folder.path)
    assert served_operations(program) == 2
    assert len(program.policy.operations) > 2
