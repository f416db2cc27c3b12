"""`yett user` beside a running `yett serve`: what one does the other knows within a second."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import subprocess
import sys
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import pytest
from kit.issuing import with_issuer
from kit.waiting import until

from yett.cli.account_place import opened
from yett.issuer import recovery
from yett.state.accounts.users import change_user, find_login


@pytest.fixture
def issuing(folder, serve):
    """A gate with the issuer behind it, and the port of the gate."""
    port, _ = with_issuer(folder)
    return serve("--listen", f"127.0.0.1:{port}"), port


def yett(folder, *words):
    """Run a command as a person does, in a process of its own."""
    command = [sys.executable, "-m", "yett.cli", "-C", str(folder.path), "user", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def ask(port, method, path, cookies=(), **form):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {"cookie": "; ".join(cookies), "origin": f"http://localhost:{port}"}
    headers |= {"content-type": "application/x-www-form-urlencoded"} if form else {}
    with contextlib.closing(connection):
        connection.request(method, f"/auth{path}", urlencode(form) or None, headers)
        answer = connection.getresponse()
        kept = SimpleCookie()
        for value in answer.headers.get_all("set-cookie") or ():
            kept.load(value)
        return answer.status, [f"{k}={v.value}" for k, v in kept.items()], answer.read()


def test_a_person_is_invited_recovers_and_is_disabled(issuing, folder):
    """Invited by a command; in by a recovery code through the gate; out by a command, at once."""
    served, port = issuing
    link = yett(folder, "add", "ana", "--name", "Ana Lima").strip()
    until(lambda: ask(port, "GET", "/enrol")[0] == 200)
    status, _, page = ask(port, "POST", "/enrol", ticket=link.partition("#")[2])
    assert status == 200, page
    assert b"Ana Lima" in page
    with opened(folder.path) as server:
        now = server.clock()

        def equip(tx):
            user = change_user(tx, find_login(tx, "ana"), now=now, status="active")
            return recovery.renew(tx, user.id, now, user.id)[0]

        code = server.store.write(equip)
    status, cookies, _ = ask(port, "POST", "/sign-in/recovery", login="ana", code=code)
    assert status == 303
    assert ask(port, "GET", "/account", cookies)[0] == 200
    (session,) = json.loads(yett(folder, "sessions", "ana", "--format", "json"))
    assert session["amr"] == ["kba"]
    assert session["source"] == "127.0.0.1"
    yett(folder, "disable", "ana", "--reason", "left")
    assert ask(port, "GET", "/account", cookies)[0] == 303  # to the sign-in page
    assert ask(port, "POST", "/sign-in/recovery", login="ana", code=code)[0] == 403
    assert served.stop() == 0
    ledger = b"".join(one.read_bytes() for one in folder.path.rglob("*.jsonl"))
    for kind in (b"account-made", b"recovery-code-used", b"signed-in", b"account-disabled"):
        assert kind in ledger
    assert code.encode() not in ledger
    assert base64.b64encode(code.encode()) not in ledger
