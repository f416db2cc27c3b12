"""Kill -9 of everything that can be killed, under load: nothing orphaned, nothing told is lost."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from pathlib import Path

from kit.origin import Origin
from kit.sensitive import make_sensitive
from kit.waiting import until

from yett.records.verify import verify


def named(served, role):
    found = []
    for pid in served.children():
        with contextlib.suppress(FileNotFoundError):
            if Path(f"/proc/{pid}/comm").read_text().startswith(f"yett {role}"):
                found.append(pid)
    return found


def gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def count(folder, *marks):
    lines = []
    for segment in (folder.path / "var/ledger").glob("**/*.jsonl"):
        lines += segment.read_bytes().splitlines()
    return sum(all(mark in line for mark in marks) for line in lines)


def test_worker_and_recorder_at_once(serve, load, folder):
    """Both are killed in one moment, three times: each answered sensitive call is on record twice."""
    headers = {"Authorization": f"Bearer {make_sensitive(folder)}"}
    served = serve()
    with load(served.port, target="/pay", keep=4, fresh=1, headers=headers) as client:
        for _ in range(3):
            time.sleep(0.5)
            for pid in (*named(served, "worker"), *named(served, "recorder")):
                os.kill(pid, signal.SIGKILL)
            until(lambda: len(named(served, "worker")) == 2 and named(served, "recorder"))
        until(lambda: served.get("/nowhere")[0] == 404)
        time.sleep(0.5)
    assert served.stop() == 0
    assert client.statuses[200] > 50
    assert not any("Refused" in broken for broken in client.broken)
    assert verify(folder.path / "var/ledger").ok
    for kind in (b'"kind":"intent"', b'"kind":"outcome"'):
        assert count(folder, b'"operation":"shop.pay"', kind) >= client.statuses[200]


def test_the_supervisor_under_load(serve, load, folder):
    """Its children answer what is under way and leave; the ledger is whole and can be taken over."""
    served = serve()
    children = served.children()
    with load(served.port, keep=4, fresh=2) as client:
        time.sleep(0.5)
        os.kill(served.process.pid, signal.SIGKILL)
        until(lambda: all(gone(pid) for pid in children))
    answered = client.statuses[200]
    assert set(client.statuses) == {200}
    assert verify(folder.path / "var/ledger").ok
    assert count(folder, b'"operation":"shop.op0"') >= answered
    again = serve()
    assert again.get()[0] == 200
    assert again.stop() == 0
    assert verify(folder.path / "var/ledger").ok


def test_an_issuer_that_comes_late_and_goes_again(serve, folder):
    """503 while there never were keys; 200 soon after they come; 200 still when it is gone."""
    headers = {"Authorization": f"Bearer {make_sensitive(folder)}"}
    keys = (folder.path / "jwks.json").read_bytes()
    issuer = Origin()
    issuer.answers["/jwks.json"] = (500, {}, b"")
    text = (folder.path / "yett.toml").read_text()
    folder.write("yett.toml", text.replace('"jwks.json"', f'"{issuer.url}/jwks.json"'))
    try:
        served = serve("--workers", "1")
        status, body = served.get("/pay", headers=headers)
        assert (status, json.loads(body)["code"]) == (503, "keys-unavailable")
        assert served.get("/nowhere")[0] == 404
        issuer.answers["/jwks.json"] = (200, {"content-type": "application/json"}, keys)
        until(lambda: served.get("/pay", headers=headers)[0] == 200, 15)
    finally:
        issuer.close()
    assert served.get("/pay", headers=headers)[0] == 200
    os.kill(served.process.pid, signal.SIGHUP)
    served.wait("swapped")
    assert served.get("/pay", headers=headers)[0] == 200
    assert served.stop() == 0
