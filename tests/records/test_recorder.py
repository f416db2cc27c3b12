from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yett.records.frames import encode_batches
from yett.records.query import Filter, Search
from yett.records.spool import Spool
from yett.records.verify import verify


def requests(folder, **wanted):
    return [record.e.request for record in Search(folder, Filter(**wanted)).oldest()]


def kinds(folder):
    found = [record.e.kind for record in Search(folder, Filter()).oldest()]
    return [kind for kind in found if kind != "request"]


def connect(recorder):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(5)
    while True:
        try:
            client.connect(os.fspath(recorder.socket))
        except BlockingIOError:  # the backlog is full for a moment
            time.sleep(0.005)
        else:
            return client


def acknowledged(client):
    return int.from_bytes(client.recv(8, socket.MSG_WAITALL), "big")


def frame(event, first, count=1, worker="w0"):
    [(_, data)] = encode_batches(worker, first, [event(n) for n in range(first, first + count)])
    return data


def test_clean_stop_is_recorded(recorder, event):
    """SIGTERM writes what was already sent, says that recording stopped, and exits with 0."""
    client = connect(recorder)
    client.send(frame(event, 1, 100))
    assert recorder.stop() == 0
    assert acknowledged(client) == 100
    assert len(requests(recorder.folder, kind="request")) == 100
    assert kinds(recorder.folder) == ["recorder-started", "recorder-stopped"]
    assert not recorder.socket.exists()
    client.close()


def test_interrupt_does_not_stop_it(recorder, event):
    """Ctrl-C reaches the whole group; the recorder stays until the workers have drained."""
    recorder.process.send_signal(signal.SIGINT)
    with connect(recorder) as client:
        client.send(frame(event, 1))
        assert acknowledged(client) == 1


def test_acknowledged_means_on_the_disk(recorder, event):
    """When the acknowledgement is here, the record is in the file."""
    with connect(recorder) as client:
        for n in range(1, 50):
            client.send(frame(event, n))
            assert acknowledged(client) == n
            assert requests(recorder.folder, kind="request")[-1] == f"r{n}"


@pytest.mark.parametrize("seed", range(4))
async def test_killed_under_load(new_recorder, event, seed):
    """Killed (-9) at random points under load: nothing acknowledged is lost or doubled."""
    rng = random.Random(seed)
    recorder = new_recorder().start()
    spools = [Spool(recorder.socket, f"w{n}", interval=0.001, batch=20) for n in range(3)]
    sure, count = [], itertools.count()

    async def work(spool, stop):
        while not stop.is_set():
            for _ in range(rng.randrange(1, 30)):
                spool.append(event(next(count)))
            n = next(count)
            if await spool.durable(event(n), within=5):
                sure.append(f"r{n}")

    stop = asyncio.Event()
    tasks = [asyncio.ensure_future(work(spool, stop)) for spool in spools]
    for _ in range(4):
        await asyncio.sleep(rng.uniform(0.02, 0.25))
        recorder.kill()
        at_death = set(requests(recorder.folder, kind="request"))
        assert set(sure) <= at_death
        recorder.start(wait=False)
    stop.set()
    await asyncio.gather(*tasks)
    assert [await spool.close(within=10) for spool in spools] == [0, 0, 0]
    assert recorder.stop() == 0
    found = requests(recorder.folder, kind="request")
    assert len(found) == len(set(found))
    assert set(found) == {f"r{n}" for n in range(next(count))}
    assert set(sure) <= set(found)
    assert "gap" not in kinds(recorder.folder)
    assert verify(recorder.folder).ok


async def test_reading_while_it_writes(recorder, event):
    """Verification and search run beside a writing recorder and never see damage or half a line."""
    spool, count = Spool(recorder.socket, "w0", interval=0.001), itertools.count()
    seen = []
    for _ in range(30):
        for _ in range(200):
            spool.append(event(next(count)))
        await asyncio.sleep(0.002)
        report = await asyncio.to_thread(verify, recorder.folder)
        assert report.ok, report
        search = Search(recorder.folder, Filter(kind="request"))
        seen.append(sum(1 for _ in search.newest()))
        assert search.unreadable == 0
    assert await spool.close() == 0
    assert seen == sorted(seen)
    assert seen[-1] > 0


def test_torn_tail_is_said(recorder, event, new_recorder):
    """A recorder that cut a torn tail says so in its first record."""
    with connect(recorder) as client:
        client.send(frame(event, 1, 10))
        acknowledged(client)
    recorder.kill()
    [path] = recorder.folder.glob("*.jsonl")
    with path.open("ab") as file:
        file.write(b'{"i":11,"w":"w0","s":11,"e":{"ti')
    again = new_recorder().start()
    assert again.stop() == 0
    notes = [r.e.note for r in Search(again.folder, Filter(kind="recorder-started")).oldest()]
    assert notes == ["", "cut 32 torn bytes off the last segment; kept beside it"]
    assert verify(again.folder).ok


def test_client_killed_in_the_middle_of_a_frame(recorder, event):
    """Half a frame is no record, and other connections do not notice."""
    data = frame(event, 1, 50)
    code = (
        "import os,socket,sys,time;s=socket.socket(socket.AF_UNIX);s.connect(sys.argv[1]);"
        "s.send(sys.stdin.buffer.read());print('sent',flush=True);time.sleep(60)"
    )
    with connect(recorder) as client:
        child = subprocess.Popen(
            [sys.executable, "-c", code, str(recorder.socket)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        child.stdin.write(data[: len(data) // 2])
        child.stdin.close()
        assert child.stdout.readline() == b"sent\n"
        child.kill()
        child.wait()
        child.stdout.close()
        client.send(frame(event, 1, worker="w1"))
        assert acknowledged(client) == 1
    assert requests(recorder.folder, kind="request") == ["r1"]


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    junk=st.one_of(
        st.binary(max_size=300),
        st.binary(max_size=80).map(lambda b: len(b).to_bytes(4, "big") + b),
        st.just(b"\xff" * 100_000),
        st.just(b"\x00\x10\x00\x00" + b"\x91" * (1 << 20)),
    )
)
def test_hostile_bytes(recorder, event, junk):
    """Garbage closes its own connection at the most; the recorder goes on for all others."""
    with connect(recorder) as hostile:
        with contextlib.suppress(OSError):
            hostile.sendall(junk)
        with connect(recorder) as client:
            client.send(frame(event, 1))
            assert acknowledged(client) == 1
    assert requests(recorder.folder, kind="request") == ["r1"]


def test_garbage_is_said_with_its_worker(recorder, event):
    """A connection that is closed for garbage leaves a line on stderr, without the garbage."""
    with connect(recorder) as client:
        client.send(frame(event, 1) + b"\xff\xff\xff\xffSECRET")
        assert acknowledged(client) in (0, 1)
        assert client.recv(1) == b""
    recorder.stop()
    assert "closed the connection of worker `w0`" in recorder.errors
    assert "SECRET" not in recorder.errors


def test_many_connections(recorder, event):
    """More connections than the bound are refused, those within it go on."""
    kept = [connect(recorder) for _ in range(600)]
    kept[0].send(frame(event, 1))
    assert acknowledged(kept[0]) == 1
    for client in kept:
        client.close()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        with connect(recorder) as client, contextlib.suppress(OSError):
            client.send(frame(event, 2))
            if acknowledged(client) == 2:
                return
    pytest.fail("the recorder does not take connections any more")


def test_second_recorder_is_refused(recorder, home, new_recorder):
    """Two recorders on one folder: the second ends with a sentence that names the first."""
    other = new_recorder()
    other.socket = home / "run" / "other.sock"
    other.start(wait=False)
    other.process.wait(20)
    assert other.kill() == 3
    assert f"process {recorder.process.pid} already writes this ledger" in other.errors
    assert "Traceback" not in other.errors


@pytest.fixture
def small_disk(home):
    """A file system of 2 MiB at the ledger's place."""
    folder = home / "ledger"
    folder.mkdir(mode=0o700)
    command = ["mount", "-t", "tmpfs", "-o", "size=2m,mode=0700", "tmpfs", str(folder)]
    if os.geteuid() or not shutil.which("mount") or subprocess.run(command, check=False).returncode:
        pytest.skip("a small tmpfs can be mounted by root only")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_full_disk(small_disk, new_recorder, event):
    """On a full disk nothing is acknowledged and nothing lost; with room again it goes on."""
    recorder = new_recorder().start()
    ballast = small_disk / "ballast"
    spool = Spool(recorder.socket, "w0")
    assert await spool.durable(event(0))
    ballast.write_bytes(b"x" * 1_800_000)
    for n in range(1, 3_000):
        spool.append(event(n))
    assert await spool.durable(event(3_000), within=0.7) is False
    assert verify(small_disk).damage is None
    ballast.unlink()
    assert await spool.close(within=10) == 0
    assert recorder.stop() == 0
    assert "no space left on device; trying again" in recorder.errors
    assert verify(small_disk).ok
    assert requests(small_disk, kind="request") == [f"r{n}" for n in range(3_001)]
    assert kinds(small_disk) == ["recorder-started", "recorder-resumed", "recorder-stopped"]


async def test_file_size_limit_is_lifted(new_recorder, event):
    """Writing that fails for a while (here RLIMIT_FSIZE) goes on when it can, and is recorded."""
    recorder = new_recorder(
        prelude="import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    )
    recorder.start()
    spool = Spool(recorder.socket, "w0")
    assert await spool.durable(event(0))
    pid = recorder.process.pid
    _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (2_000, most))
    for n in range(1, 500):
        spool.append(event(n))
    assert await spool.durable(event(500), within=0.3) is False
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))
    assert await spool.close(within=10) == 0
    assert recorder.stop() == 0
    assert requests(recorder.folder, kind="request") == [f"r{n}" for n in range(501)]
    assert kinds(recorder.folder) == ["recorder-started", "recorder-resumed", "recorder-stopped"]
    assert verify(recorder.folder).ok


async def test_start_on_a_full_disk(new_recorder, event):
    """A recorder that starts when nothing can be written waits for room, and loses nothing."""
    nothing = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    limit = "resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))\n"
    recorder = new_recorder(prelude=nothing + limit).start()
    spool = Spool(recorder.socket, "w0")
    assert await spool.durable(event(0), within=0.2) is False
    pid = recorder.process.pid
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert await spool.close(within=10) == 0
    assert recorder.stop() == 0
    assert requests(recorder.folder, kind="request") == ["r0"]
    assert kinds(recorder.folder) == ["recorder-started", "recorder-resumed", "recorder-stopped"]


def test_stop_while_the_disk_is_full(new_recorder, event):
    """SIGTERM also ends a recorder that cannot write; what it held was not acknowledged."""
    recorder = new_recorder(
        prelude="import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    )
    recorder.start()
    pid = recorder.process.pid
    _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    with connect(recorder) as client:
        client.send(frame(event, 1))
        assert acknowledged(client) == 1
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (100, most))
        client.send(frame(event, 2, 100))
        client.settimeout(0.3)
        with pytest.raises(TimeoutError):
            acknowledged(client)
        assert recorder.stop() == 0
    assert requests(recorder.folder, kind="request") == ["r1"]
    assert verify(recorder.folder).ok


def test_orphan_ends(home):
    """A recorder whose parent died ends by itself, so that a new start finds the folder free."""
    code = (
        "import os,sys;from pathlib import Path;from yett.records.recorder import run\n"
        "pid=os.fork()\n"
        "if pid: print(pid,flush=True); import time; time.sleep(1); os._exit(0)\n"
        "run(Path(sys.argv[1]),Path(sys.argv[2]))"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(home / "ledger"), str(home / "run" / "r.sock")],
        stdout=subprocess.PIPE,
    )
    pid = int(parent.stdout.readline())
    parent.stdout.close()
    parent.wait(20)
    status = Path(f"/proc/{pid}/stat")
    until = time.monotonic() + 10
    # Gone, or a zombie that nobody collects: the init of a container may not.
    while status.exists() and ") Z " not in status.read_text():
        assert time.monotonic() < until
        time.sleep(0.05)
    assert kinds(home / "ledger")[-1] == "recorder-stopped"
