"""`yett serve` as processes: shared ports, deaths, reloads, drains and refusals to start."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import os
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest
from kit.issuing import with_issuer
from kit.sensitive import make_sensitive

from yett.records.verify import verify


def pids(served, role):
    """Process ids of the children whose name begins with `yett ROLE`."""
    found = []
    for pid in served.children():
        with contextlib.suppress(FileNotFoundError):
            if Path(f"/proc/{pid}/comm").read_text().startswith(f"yett {role}"):
                found.append(pid)
    return found


def ledger_text(folder):
    return b"".join(
        segment.read_bytes() for segment in (folder.path / "var/ledger").glob("**/*.jsonl")
    )


def wait_for(condition, seconds=60):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_workers_share_the_port(serve):
    """Every worker accepts on the one port, and the ready line says what is served."""
    served = serve()
    assert served.ready["operations"] == 2
    assert served.ready["workers"] == 2
    assert served.get() == (200, b"{}")
    assert served.get("/undeclared")[0] == 404
    assert len(pids(served, "worker")) == 2
    assert len(pids(served, "recorder")) == 1
    assert served.stop() == 0


def test_a_killed_worker_under_load(serve, load, folder):
    """Kill -9 of a worker: the others answer, it is replaced, and no new connection is refused."""
    served = serve()
    with load(served.port, keep=4, fresh=2) as client:
        for count in (1, 2, 3):
            client.until(50)
            os.kill(pids(served, "worker")[0], signal.SIGKILL)
            served.wait("died", count)
            wait_for(lambda: len(pids(served, "worker")) == 2)
        client.until(50)
    assert set(client.statuses) == {200}
    # Only what the dead worker held may break, and nobody is ever refused a connection.
    assert not any("ConnectionRefused" in broken for broken in client.broken)
    assert len(client.broken) <= 3 * 6
    assert served.stop() == 0
    assert verify(folder.path / "var/ledger").ok


def test_a_killed_recorder_under_load(serve, load, folder):
    """Kill -9 of the recorder: requests go on, and every one of them is on record in the end."""
    served = serve()
    with load(served.port) as client:
        for count in (1, 2, 3):
            client.until(50)
            os.kill(pids(served, "recorder")[0], signal.SIGKILL)
            served.wait("died", count)
            wait_for(lambda: len(pids(served, "recorder")) == 1)
        client.until(50)
    assert served.stop() == 0
    assert set(client.statuses) == {200}
    assert client.broken == []
    assert verify(folder.path / "var/ledger").ok
    recorded = ledger_text(folder).count(b'"operation":"shop.op0"')
    assert recorded == client.statuses[200]


def test_no_acknowledged_sensitive_call_is_lost(serve, load, folder):
    """Whatever is killed, an answered sensitive call has intent and outcome in a whole ledger."""
    headers = {"Authorization": f"Bearer {make_sensitive(folder)}"}
    served = serve()
    with load(served.port, target="/pay", keep=4, fresh=1, headers=headers) as client:
        for count, role in enumerate(("recorder", "worker", "recorder", "worker"), 1):
            client.until(15)
            os.kill(pids(served, role)[0], signal.SIGKILL)
            served.wait("died", count)
            wait_for(lambda role=role: len(pids(served, role)) == (1 if role == "recorder" else 2))
        client.until(15)
    assert served.stop() == 0
    assert set(client.statuses) <= {200, 503}
    assert verify(folder.path / "var/ledger").ok
    records = [
        line for line in ledger_text(folder).splitlines() if b'"operation":"shop.pay"' in line
    ]
    for kind in (b'"kind":"intent"', b'"kind":"outcome"'):
        assert sum(kind in line for line in records) >= client.statuses[200]


def test_reload_under_load_loses_no_request(serve, load, folder):
    """Twenty swaps, half of them broken: every answer is 200, and each outcome is on record."""
    served = serve()
    with load(served.port) as client:
        for count in range(1, 11):
            folder.declare("/items", "/slow", f"/new{count}")
            os.kill(served.process.pid, signal.SIGHUP)
            served.wait("swapped", 2 * count)
            assert served.get(f"/new{count}")[0] == 200
            folder.write("openapi.json", '{"openapi": "3.1.0", "paths": {"/a": {"get": 7}}')
            os.kill(served.process.pid, signal.SIGHUP)
            refused = served.wait("reload-refused", count)
            assert "openapi.json" in refused["findings"][0]
            assert served.get(f"/new{count}")[0] == 200
    assert set(client.statuses) == {200}
    assert client.broken == []
    assert served.stop() == 0
    text = ledger_text(folder)
    assert text.count(b'"kind":"reload"') >= 10
    assert text.count(b'"kind":"reload-refused"') >= 10


def test_a_change_is_noticed_without_a_signal(serve, folder):
    """A new contract in the folder is taken within seconds; a broken one is named and not taken."""
    served = serve()
    folder.declare("/items", "/slow", "/fresh")
    served.wait("swapped", 2)
    assert served.get("/fresh")[0] == 200
    folder.configure(gateway="no_such_setting = 1")
    refused = served.wait("reload-refused")
    assert "no_such_setting" in refused["findings"][0]
    assert "yett.toml:" in refused["findings"][0]
    assert served.get("/fresh")[0] == 200


def test_a_worker_that_dies_after_a_reload_comes_back_with_the_new_contract(serve, folder):
    """A replacement never brings the old contract back."""
    served = serve("--workers", "1")
    folder.declare("/items", "/slow", "/fresh")
    os.kill(served.process.pid, signal.SIGHUP)
    served.wait("swapped")
    os.kill(pids(served, "worker")[0], signal.SIGKILL)
    served.wait("died")
    assert served.get("/fresh")[0] == 200


def test_what_a_reload_cannot_change_is_said(serve, folder):
    """A changed listener needs a restart, and the log names the setting."""
    served = serve()
    folder.configure(more='[store]\nledger = "var/other"')
    os.kill(served.process.pid, signal.SIGHUP)
    assert served.wait("needs-restart")["setting"] == "store"


def test_sigterm_lets_a_slow_request_end(serve, reached):
    """A request under way is answered, new connections are not taken, and the exit code is 0."""
    served = serve()
    answers = []
    thread = threading.Thread(target=lambda: answers.append(served.get("/slow")))
    arrived = reached("/slow")
    thread.start()
    arrived()
    os.kill(served.process.pid, signal.SIGTERM)
    served.wait("stopping")
    wait_for(lambda: not takes_connections(served))
    thread.join(20)
    assert answers == [(200, b"{}")]
    assert served.end() == 0


def takes_connections(served):
    try:
        socket.create_connection((served.host, served.port), 1).close()
    except OSError:
        return False
    return True


def test_a_request_that_outlasts_the_drain_is_cut(serve, folder, reached):
    """After `drain_timeout` the connection breaks, the log says so, and so does the exit code."""
    folder.write(
        "yett.toml", (folder.path / "yett.toml").read_text().replace("timeout = 5", "timeout = 0.1")
    )
    folder.declare("/held")
    served = serve()
    broken = []

    def ask():
        try:
            served.get("/held")
        except (OSError, http.client.HTTPException) as error:
            broken.append(error)

    thread = threading.Thread(target=ask)
    arrived = reached("/held")
    thread.start()
    arrived()
    assert served.stop() == 3
    thread.join(20)
    assert len(broken) == 1
    assert served.wait("cut")["connections"] == 1


def test_sigterm_to_one_worker_is_a_rolling_restart(serve, load):
    """A worker that is told to end drains and is replaced; the others go on."""
    served = serve()
    with load(served.port, keep=0, fresh=2) as client:
        os.kill(pids(served, "worker")[0], signal.SIGTERM)
        assert served.wait("left")["code"] == 0
        wait_for(lambda: len(pids(served, "worker")) == 2)
    assert set(client.statuses) == {200}


def test_a_port_in_use_is_an_outside_failure(command):
    """Exit 3, the setting and a next step; nothing is left behind."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = command("--listen", f"127.0.0.1:{port}")
    assert ended.returncode == 3
    assert f"cannot listen on `127.0.0.1:{port}`: the address is in use" in ended.stderr
    assert "hint: stop the other process, or choose another address" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_second_gateway_does_not_join_the_port(serve, command):
    """Two gateways of one user do not silently share a port."""
    served = serve()
    ended = command("--listen", f"127.0.0.1:{served.port}")
    assert ended.returncode == 3


def test_a_broken_contract_does_not_start(folder, command):
    """Exit 2 with file and line of each mistake, never a stack trace."""
    folder.configure(gateway="workerz = 3")
    ended = command()
    assert ended.returncode == 2
    assert "yett.toml:10: " in ended.stderr
    assert "`workerz`" in ended.stderr
    assert "hint: " in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_bad_listen_option_is_named(command):
    """Exit 2 and the form that would have been right."""
    ended = command("--listen", "nonsense")
    assert ended.returncode == 2
    assert "`--listen`: `nonsense` is not `host:port`" in ended.stderr


def test_a_ledger_that_is_taken_is_an_outside_failure(serve, command):
    """A second gateway on the same ledger is refused by name."""
    serve()
    ended = command()
    assert ended.returncode == 3
    assert "ledger" in ended.stderr
    assert "hint: " in ended.stderr


def told(argv):
    """What is printed until it is ready, line by line; then it is stopped."""
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("ready on "):
            break
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    process.stdout.close()
    return lines


def test_the_text_form_is_for_people(folder, argv):
    """Without `--format json` the ready line is a sentence, hazards are printed."""
    folder.configure(gateway='mode = "observe"')
    lines = told(argv)
    assert "2 operations, mode observe" in lines[0]
    assert any("hazard mode: `gateway.mode` is `observe`" in line for line in lines)


def test_it_says_where_people_sign_in(folder, argv):
    """By the issuer's name: at the listener's IP address browsers make no passkeys."""
    _, url = with_issuer(folder)
    assert f"  people sign in at {url}/account\n" in told(argv)


def test_the_supervisor_has_one_thread(serve):
    """Fork is safe only from a process with one thread: no import may start another."""
    served = serve()
    assert len(list(Path(f"/proc/{served.process.pid}/task").iterdir())) == 1


def test_systemd_is_told(folder, argv, tmp_path):
    """`READY=1` goes to the socket that systemd names, once the gate serves."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(30)
        env = {**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify")}
        process = subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL)
        try:
            assert manager.recv(100) == b"READY=1"
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0


def test_a_large_contract_is_ready_soon_and_small(serve, folder):
    """GitHub's 1,223 operations: little CPU until ready, and a worker below 250 MB."""
    corpora = Path(os.environ.get("YETT_CORPORA", Path(__file__).parents[3] / "shared/corpora"))
    packed = corpora / "openapi/github.json.gz"
    if not packed.exists():
        pytest.skip(f"no {packed}")
    (folder.path / "openapi.json").write_bytes(gzip.decompress(packed.read_bytes()))
    served = serve("--workers", "1")
    assert served.ready["operations"] == 1223
    fields = Path(f"/proc/{served.process.pid}/stat").read_text().rpartition(")")[2].split()
    # CPU time: 1.3 s alone, and 1.6 s beside four busy loops, which share the caches.
    assert (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") < 2.5
    status = Path(f"/proc/{pids(served, 'worker')[0]}/status").read_text()
    kilobytes = int(status.partition("VmRSS:")[2].split()[0])
    assert kilobytes < 250 * 1024
    assert served.get("/repos/a/b")[0] in (401, 403)
    assert served.get("/no-such")[0] == 404
