"""The WSGI face behind real servers: Django in it, gunicorn before it."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from kit.scenario import token
from kit.within import Answer, environ, guarded_wsgi, plain, small_contract, write_contract

SERVICE = """
import json, sys
sys.path.insert(0, {tests!r})
from kit.adapters import flask_app
from kit.scenario import Store
from yett.wsgi import Yett
from kit.gateway import ListSink
application = Yett(flask_app(Store()), {contract!r}, ledger={ledger!r}, workers=2)
"""


def test_a_refusal_before_it_is_a_request(tmp_path):
    """Malformed fields are refused, recorded and never seen by the application."""
    with guarded_wsgi(tmp_path, plain(), small=True) as (yett, sink):
        assert Answer(yett, environ(target="/echo", HTTP_HOST=None)).code == "malformed-request"
        assert Answer(yett, environ(target="/a%2fb")).code == "ambiguous-target"
        yett.close()
        assert [event.step for event in sink.events] == [2, 2]


def test_a_websocket_is_not_spoken(tmp_path):
    """WSGI knows none."""
    with guarded_wsgi(tmp_path, plain(), small=True) as (yett, _sink):
        assert Answer(yett, environ(target="/talk", who="ann")).code == "malformed-request"


def test_two_gunicorn_workers_share_a_ledger(tmp_path):
    """Two processes with threads: each request is decided, and recorded once, in one ledger."""
    contract = write_contract(tmp_path / "contract", 1)
    tests = str(Path(__file__).parents[2])
    ledger = tmp_path / "ledger"
    (tmp_path / "service.py").write_text(
        SERVICE.format(tests=tests, contract=str(contract), ledger=str(ledger))
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "service", "--bind", f"127.0.0.1:{port}"]
    server = subprocess.Popen(
        [*command, "--workers", "2", "--threads", "4", "--log-level", "error"],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": "/tmp", "PYTHONPATH": str(tmp_path)},
    )
    keys = (contract / "jwks.json").stat()
    assert keys.st_size
    try:
        statuses = [_get(port, "/bookings/2", "ann"), _get(port, "/bookings/1", "ann")]
        assert statuses == [404, 200]
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)
    text = b"".join(path.read_bytes() for path in ledger.rglob("*") if path.is_file())
    assert text.count(b'"path":"/bookings/1"') == 1
    assert b"no-such-record" in text
    assert small_contract


def _get(port, target, who):
    for _ in range(200):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request(
                "GET", target, headers={"host": "a", "authorization": f"Bearer {token(who)}"}
            )
            return connection.getresponse().status
        except ConnectionRefusedError:
            time.sleep(0.05)
        finally:
            connection.close()
    raise AssertionError("the server did not start")
