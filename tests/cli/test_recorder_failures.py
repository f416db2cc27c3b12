"""`yett serve` while its recorder hangs or its disk is full: refuse or count, then recover."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest
from kit.sensitive import make_sensitive

from yett.records.verify import verify

CALL = b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n"
FLOOD = 68_000  # more than a spool's 65,536 events


def child(served, role):
    for pid in served.children():
        if role in Path(f"/proc/{pid}/comm").read_text():
            return pid
    raise AssertionError(role)


def flood(served, count):
    """Pipeline many refused calls, reading the answers; statuses with their counts."""
    statuses, rest, sent = Counter(), b"", 0
    with socket.create_connection((served.host, served.port), 30) as sock:
        while sum(statuses.values()) < count:
            if sent < count:
                sock.sendall(CALL * 500)
                sent += 500
            data = rest + sock.recv(1 << 20)
            *answers, last = data.split(b"HTTP/1.1 ")
            rest = b"HTTP/1.1 " + last if answers else data
            statuses.update(int(answer[:3]) for answer in answers if answer)
            if sent >= count and rest.endswith(b"}"):
                statuses[int(last[:3])] += 1
                rest = b""
    return statuses


def records(folder):
    lines = []
    for segment in sorted((folder.path / "var/ledger").glob("**/*.jsonl")):
        lines += segment.read_bytes().splitlines()
    return lines


def until_served(served, seconds=60):
    until = time.monotonic() + seconds
    while served.get()[0] != 200:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_block_refuses_while_the_recorder_hangs_and_recovers(serve, folder):
    """A full spool is 503 `not-recorded` at once; with the recorder all is served and on record."""
    folder.configure(more='failures = "100000000/min per ip"')
    served = serve("--workers", "1")
    assert served.get()[0] == 200
    os.kill(child(served, "recorder"), signal.SIGSTOP)
    statuses = flood(served, FLOOD)
    assert set(statuses) == {404, 503}
    assert statuses[404] >= 65_000
    began = time.monotonic()
    status, body = served.get()
    assert (status, json.loads(body)["code"]) == (503, "not-recorded")
    assert time.monotonic() - began < 10  # at once: nobody waits for the recorder
    os.kill(child(served, "recorder"), signal.SIGCONT)
    until_served(served)
    assert served.stop() == 0
    assert verify(folder.path / "var/ledger").ok
    written = sum(b'"code":"undeclared-path"' in line for line in records(folder))
    assert written == statuses[404]


def test_degrade_goes_on_and_counts_what_is_lost(serve, folder):
    """Nothing is refused; what was not recorded is a number on record, and nothing is missing."""
    folder.configure(
        gateway='when_not_recorded = "degrade"', more='failures = "100000000/min per ip"'
    )
    served = serve("--workers", "1")
    assert served.get()[0] == 200
    os.kill(child(served, "recorder"), signal.SIGSTOP)
    statuses = flood(served, FLOOD)
    assert set(statuses) == {404}
    assert served.get()[0] == 200
    os.kill(child(served, "recorder"), signal.SIGCONT)
    time.sleep(1.0)
    assert served.get()[0] == 200
    assert served.stop() == 0
    assert verify(folder.path / "var/ledger").ok
    lines = records(folder)
    lost = [json.loads(line) for line in lines if b'"kind":"lost"' in line]
    missing = sum(int(find_note(row).split(" ")[0]) for row in lost)
    written = sum(b'"code":"undeclared-path"' in line for line in lines)
    written += sum(b'"operation":"shop.op0"' in line for line in lines)
    assert missing > 0
    assert written + missing == sum(statuses.values()) + 3


def find_note(row):
    """The note of a record, wherever the ledger's form puts it."""
    if isinstance(row, dict):
        if "note" in row:
            return row["note"]
        return next((found for value in row.values() if (found := find_note(value))), "")
    return ""


@pytest.fixture
def small_disk(folder):
    """A ledger folder on a file system of 2 MB of its own."""
    if os.geteuid() != 0:
        pytest.skip("mounting a tmpfs needs root")
    place = folder.path / "var/ledger"
    place.mkdir(parents=True)
    options = "size=2m,mode=0700"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"cannot mount a tmpfs: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_refuses_what_must_be_recorded_and_recovers(serve, folder, small_disk):
    """Sensitive calls are 503 within their bound while the disk is full, and 200 when there is room."""
    headers = {"Authorization": f"Bearer {make_sensitive(folder)}"}
    served = serve("--workers", "1")
    assert ask(served, headers) == 200
    filler = small_disk / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    statuses = Counter()
    began = time.monotonic()
    while statuses[503] < 3:
        assert time.monotonic() - began < 30
        statuses[ask(served, headers)] += 1
    took = time.monotonic()
    assert ask(served, headers) == 503
    assert time.monotonic() - took < 12  # 2 s, and the machine
    served.wait("log", level="error")
    filler.unlink()
    until = time.monotonic() + 60
    while ask(served, headers) != 200:
        assert time.monotonic() < until
    assert served.stop() == 0
    assert verify(small_disk).ok
    assert any(b'"kind":"recorder-resumed"' in line for line in records(folder))


def ask(served, headers):
    connection = http.client.HTTPConnection(served.host, served.port, timeout=20)
    with contextlib.closing(connection):
        connection.request("GET", "/pay", headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
