"""The control process in a running `yett serve`: served by the gate, replaced, told to the ledger."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from kit.issuing import with_issuer
from kit.waiting import until

from yett.state.accounts import AccountStore
from yett.state.accounts.notices import note, untold
from yett.terms import Event


@pytest.fixture
def issuing(folder, serve):
    """A gate with the issuer behind it; answers it, its port and the issuer's URL."""
    port, url = with_issuer(folder)
    document = json.loads((folder.path / "openapi.json").read_text())
    document["paths"]["/kept"] = {
        "get": {
            "operationId": "kept",
            "security": [{"token": ["items:read"]}],
            "responses": {"200": {"description": "fine"}},
        }
    }
    document["components"] = {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}}
    folder.write("openapi.json", json.dumps(document))
    return serve("--listen", f"127.0.0.1:{port}"), port, url


def ask(port, method, target, body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    with contextlib.closing(connection):
        connection.request(
            method, target, body, {k.replace("_", "-"): v for k, v in headers.items()}
        )
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()


def control(served):
    for pid in served.children():
        with contextlib.suppress(FileNotFoundError):
            if Path(f"/proc/{pid}/comm").read_text().startswith("yett control"):
                return pid
    return 0


def test_the_gate_serves_the_issuer(issuing):
    """Its keys come through the gate's port, with its own security fields and the gate's id."""
    _, port, _ = issuing
    status, headers, body = ask(port, "GET", "/auth/jwks")
    assert status == 200
    assert json.loads(body)["keys"]
    assert "yett-request-id" in headers
    assert headers["x-content-type-options"] == "nosniff"
    status, _, body = ask(port, "GET", "/auth/no-such-thing")
    assert (status, json.loads(body)) == (404, {"error": "not_found"})


def test_a_page_keeps_its_own_policy(issuing):
    """A page of the issuer may run its own script; the API's policy would forbid it."""
    _, port, _ = issuing
    _, headers, body = ask(port, "GET", "/auth/authorize")
    assert b"<html" in body
    assert "script-src" in headers["content-security-policy"]
    assert headers["content-security-policy"].count("default-src") == 1


def test_pages_elsewhere_read_what_the_issuer_lets_them(folder, serve):
    """`/token` is for applications of configured origins; pages of accounts are for nobody else."""
    app = "https://app.example.com"
    port, _ = with_issuer(folder, more=f'[cors]\norigins = ["{app}"]\ncredentials = true\n')
    serve("--listen", f"127.0.0.1:{port}")
    for target in ("/auth/account", "/auth/sign-in", "/auth/device", "/auth/consent"):
        _, headers, _ = ask(port, "GET", target, Origin=app)
        assert not [name for name in headers if name.startswith("access-control-")], target
    for target in ("/auth/token", "/auth/userinfo"):
        _, headers, _ = ask(port, "POST", target, Origin=app)
        assert headers["access-control-allow-origin"] == app
        assert "access-control-allow-credentials" not in headers
        _, headers, _ = ask(port, "POST", target, Origin="https://evil.example.com")
        assert "access-control-allow-origin" not in headers


def test_nobody_outside_speaks_for_the_gate(issuing):
    """`yett-` fields of a client never reach the issuer, and a body is bounded by the gate."""
    _, port, _ = issuing
    status, _, _ = ask(port, "POST", "/auth/token", b"x" * (300 * 1024), yett_gate="guess")
    assert status == 413


def test_a_killed_control_process_is_replaced(issuing):
    """Kill -9: the gate goes on, and the issuer is back by itself."""
    served, port, _ = issuing
    first = control(served)
    os.kill(first, signal.SIGKILL)
    assert served.get("/items")[0] == 200
    until(lambda: control(served) not in (0, first))
    until(lambda: ask(port, "GET", "/auth/jwks")[0] == 200)
    assert served.stop() == 0


def test_a_reload_reaches_the_issuer(issuing, folder):
    """A changed contract forks a new control process; the old one leaves in order."""
    served, port, _ = issuing
    first = control(served)
    folder.declare("/items", "/slow", "/new")
    served.wait("left", role="supervisor", child="control")
    until(lambda: control(served) not in (0, first))
    until(lambda: ask(port, "GET", "/auth/jwks")[0] == 200)
    assert served.get("/new")[0] == 200


def test_what_happened_to_accounts_is_in_the_ledger(issuing, folder):
    """A notice that any process puts down is on record soon after, and marked as told."""
    store = AccountStore("sqlite:///var/yett.db", folder.path)
    event = Event(time=time.time(), request="", kind="account-added", note="by a test")
    store.write(lambda tx: note(tx, event))

    def told():
        with store.read() as tx:
            return not untold(tx)

    until(told)
    store.close()
    written = b"".join(p.read_bytes() for p in (folder.path / "var/ledger").glob("**/*.jsonl"))
    assert written.count(b'"account-added"') == 1


def test_a_failure_that_lasts_is_said_once(issuing, folder):
    """A store that fails is looked at five times a second, and is one line in the journal."""
    served, _, _ = issuing
    with contextlib.closing(sqlite3.connect(folder.path / "var/yett.db")) as database:
        database.execute("ALTER TABLE notices RENAME TO aside")
        served.wait("control-error")
        time.sleep(1.0)  # some more looks
        database.execute("ALTER TABLE aside RENAME TO notices")
    lines = [(one["said"], one["at"]) for one in served.lines if one["event"] == "control-error"]
    assert lines
    assert len(lines) == len(set(lines))


def test_a_store_of_another_version_refuses_to_start(folder, command, issuing):
    """What a later yett wrote is not guessed at; the message names it."""
    served, _, _ = issuing
    served.stop()
    store = AccountStore("sqlite:///var/yett.db", folder.path)
    store.write(lambda tx: tx.exec_driver_sql("UPDATE meta SET value = '99'"))
    store.close()
    done = command()
    assert done.returncode == 3
    assert "version 99" in done.stderr


def test_the_first_token_is_good_at_once(issuing, folder):
    """When `ready` is said every worker has the keys, also on the very first start."""
    served, port, _ = issuing
    added = [sys.executable, "-m", "yett.cli", "-C", str(folder.path)]
    subprocess.run(
        [*added, "user", "add", "ada", "--role", "admin"], check=True, capture_output=True
    )
    store = AccountStore("sqlite:///var/yett.db", folder.path)
    store.write(lambda tx: tx.exec_driver_sql("UPDATE users SET status = 'active'"))
    store.close()
    made = subprocess.run(
        [*added, "service", "add", "billing", "--owner", "ada", "--scope", "items:read", "--format", "json"],
        check=True, capture_output=True,
    )  # fmt: skip
    client = json.loads(made.stdout)
    basic = base64.b64encode(f"{client['client_id']}:{client['client_secret']}".encode()).decode()
    status, _, body = ask(
        port, "POST", "/auth/token", "grant_type=client_credentials",
        Authorization=f"Basic {basic}", Content_Type="application/x-www-form-urlencoded",
    )  # fmt: skip
    assert status == 200, body
    token = json.loads(body)["access_token"]
    for _ in range(8):  # of two workers each hears about half
        assert served.get("/kept", headers={"Authorization": f"Bearer {token}"})[0] == 200
