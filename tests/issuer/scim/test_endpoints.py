"""The routes of SCIM: over HTTP to a client that is not ours, and without the library."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest
import uvicorn
from kit.directory import Directory, scim_lives
from kit.issuing import free_port
from scim2_client.client import BaseSyncSCIMClient
from scim2_tester import Status, check_server

from yett.issuer.routes import ROUTES
from yett.issuer.scim import endpoints
from yett.issuer.web import Face


class Client(BaseSyncSCIMClient):
    """The client of scim2-tester over httpx, which it has no engine for."""

    def __init__(self, http):
        super().__init__()
        self.http = http

    def request(self, method, url, **more):
        return self.http.request(method, url, **more)

    def _parse_json(self, response):
        return response.json()

    def _stays_under_base_url(self, endpoint):
        return str(self.http.build_request("GET", endpoint).url).startswith(str(self.http.base_url))


@contextmanager
def running(folder):
    """An issuer on a port of loopback; answers a client that carries a directory's token."""
    port = free_port()
    lives = scim_lives(folder, url=f"http://127.0.0.1:{port}/auth")
    lives.server.clock, lives.now = time.time, time.time()
    token = Directory(lives).token
    errors = []
    with ThreadPoolExecutor(4) as threads:
        face = Face(lives.server, ROUTES, threads, on_error=errors.append)
        config = uvicorn.Config(
            face.app, port=port, log_config=None, access_log=False, lifespan="off"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        base = f"http://127.0.0.1:{port}/auth/scim/v2"
        try:
            with httpx.Client(base_url=base, headers={"authorization": f"Bearer {token}"}) as http:
                yield http
        finally:
            server.should_exit = True
            thread.join()
    lives.server.store.close()
    assert errors == []


def test_an_outside_check_finds_nothing_wrong(tmp_path):
    """scim2-tester: discovery, all attributes made, read, changed and removed, errors.

    Two checks are skipped: `/.search` at the root. One deviation: `active` cannot be taken away,
    for an account is active or it is not (docs/conformance/rfc7644.md).
    """
    with running(tmp_path) as http:
        results = check_server(Client(http))
    wrong = [(one.title, one.reason) for one in results if one.status == Status.ERROR]
    removed = "PATCH modify() did not remove attribute 'active'"
    assert wrong == [("check_remove_attribute", removed)]
    counted = Counter(one.status for one in results)
    assert set(counted) == {Status.SUCCESS, Status.SKIPPED, Status.ERROR}
    assert counted[Status.SKIPPED] == 2
    assert counted[Status.SUCCESS] >= 110


def test_every_answer_is_scim(tmp_path):
    """What is nowhere, not allowed or not supported is said as SCIM says errors."""
    with running(tmp_path) as http:
        for method, path, status in (
            ("GET", "/Nowhere", 404),
            ("GET", "/Users/u_none", 404),
            ("GET", "/Schemas/urn:none", 404),
            ("DELETE", "/Users", 405),
            ("PUT", "/ServiceProviderConfig", 405),
            ("POST", "/Bulk", 501),
            ("GET", "/Me", 501),
            ("POST", "/.search", 501),
            ("POST", "/Users", 415),
        ):
            answer = http.request(method, path)
            assert answer.status_code == status, (method, path)
            assert answer.headers["content-type"] == "application/scim+json"
            assert answer.json()["status"] == str(status)
            assert answer.headers["cache-control"] == "no-store"
        assert http.delete("/Users").headers["allow"] == "GET, POST"
        del http.headers["authorization"]
        assert http.get("/Nowhere").status_code == 401
        assert http.get("/Users").headers["www-authenticate"] == "Bearer"


def test_without_the_library_it_says_what_to_install(directory, monkeypatch):
    """501 with the extra's name; who may not ask learns nothing of it."""
    monkeypatch.setitem(sys.modules, "yett.issuer.scim.failures", None)
    monkeypatch.setattr(endpoints, "import_module", _missing)
    status, body, _ = directory.ask("GET", "/Users")
    assert status == 501
    assert "yett[scim]" in body["detail"]
    assert directory.ask("GET", "/Users", token="x")[0] == 401


def _missing(name):
    raise ModuleNotFoundError(name, name="scim2_models.base")


def test_another_missing_module_is_a_bug(directory, monkeypatch):
    """It is not taken for the extra."""

    def broken(name):
        raise ModuleNotFoundError(name, name="yett.gone")

    monkeypatch.setattr(endpoints, "import_module", broken)
    with pytest.raises(ModuleNotFoundError):
        directory.ask("GET", "/Users")


def test_the_library_is_loaded_when_it_is_needed():
    """Who has no directory pays nothing at start: neither its library nor pydantic is imported."""
    code = (
        "import sys, yett.issuer.routes; "
        "sys.exit(any(name.startswith(('scim2', 'pydantic')) for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
