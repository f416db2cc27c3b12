"""A real browser by the DevTools protocol, and the issuer over HTTP for it.

No driver and no download: `chromium` or `chromium-headless-shell` of the machine, websockets, and a
virtual authenticator of the browser's own (`WebAuthn` domain of CDP).
"""

from __future__ import annotations

import itertools
import json
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import uvicorn
from kit.accounts import make_server
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from yett.issuer.routes import ROUTES
from yett.issuer.web import Face

NAMES = ("chromium", "chromium-headless-shell", "google-chrome", "chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--disable-extensions",
    "--metrics-recording-only",
    "--remote-debugging-port=0",
)
WAIT_SECONDS = 20.0
MAX_MESSAGE_BYTES = 16 << 20
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class BrowserError(Exception):
    """The browser answered with an error, or a script threw."""


class Browser:
    """A process of chromium with an empty profile."""

    def __init__(self, program):
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        command = [program, *FLAGS, f"--user-data-dir={self._profile.name}", "about:blank"]
        self._process = subprocess.Popen(
            command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        )
        for line in self._process.stderr:
            found = re.search(r"DevTools listening on (ws://\S+)", line)
            if found:
                break
        else:
            raise BrowserError("the browser did not start")
        threading.Thread(target=self._process.stderr.read, daemon=True).start()
        self._open = ExitStack()
        line = connect(found[1], max_size=MAX_MESSAGE_BYTES, compression=None)
        self._socket = self._open.enter_context(line)
        self._ids = itertools.count(1)

    def call(self, method, session=None, **parameters):
        """One command, its answer."""
        number = next(self._ids)
        message = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        self._socket.send(json.dumps(message))
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            answer = json.loads(self._socket.recv(timeout=WAIT_SECONDS))
            if answer.get("id") == number:
                if "error" in answer:
                    raise BrowserError(answer["error"]["message"])
                return answer["result"]
        raise BrowserError(f"no answer to {method}")

    def page(self):
        """A tab in a profile of its own: other cookies, another authenticator."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        return self.tab(context)

    def tab(self, context):
        """Another tab in the same profile."""
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context)
        attached = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        return Tab(self, context, attached["sessionId"])

    def close(self):
        try:
            self.call("Browser.close")
            self._open.close()
        except (ConnectionClosed, OSError):
            pass
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stderr.close()
        self._profile.cleanup()


class Tab:
    """A page: where it is, what stands on it, and what a script says there."""

    def __init__(self, browser, context, session):
        self._browser, self.context, self._session = browser, context, session
        self.call("Page.enable")

    def call(self, method, **parameters):
        return self._browser.call(method, self._session, **parameters)

    def another(self):
        """Another tab in the same profile."""
        return self._browser.tab(self.context)

    def authenticator(self, **more):
        """Plug in a virtual authenticator; answers its id."""
        self.call("WebAuthn.enable")
        options = {**AUTHENTICATOR, **more}
        made = self.call("WebAuthn.addVirtualAuthenticator", options=options)
        return made["authenticatorId"]

    def credentials(self, authenticator):
        found = self.call("WebAuthn.getCredentials", authenticatorId=authenticator)
        return found["credentials"]

    def verified(self, authenticator, value):
        """Whether the person shows finger or PIN from now on."""
        self.call("WebAuthn.setUserVerified", authenticatorId=authenticator, isUserVerified=value)

    def go(self, url):
        """Load an address, and wait until it is there."""
        mark = f"_{time.monotonic_ns()}"
        self.run(f"window.{mark} = 1")
        said = self.call("Page.navigate", url=url)
        if "loaderId" in said and not said.get("errorText"):
            self.until(f"document.readyState == 'complete' && !window.{mark}")
        return said.get("errorText", "")

    def run(self, script):
        """Run a script as if somebody had touched the page; a promise is waited for."""
        answer = self.call(
            "Runtime.evaluate",
            expression=script,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
            allowUnsafeEvalBlockedByCSP=False,
        )
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise BrowserError(details.get("exception", {}).get("description", details["text"]))
        return answer["result"].get("value")

    def until(self, script):
        """Wait until something is so; a page that is just being left is asked again."""
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            try:
                value = self.run(f"Boolean({script})")
            except BrowserError as error:
                value, said = None, error
            else:
                said = self.run("location.href + ' ' + (document.body?.innerText || '')")
            if value:
                return value
            time.sleep(0.02)
        raise BrowserError(f"never came: {script}; instead: {said}")

    def press(self, selector="main form button"):
        """Press a button."""
        self.until(f"document.querySelector({json.dumps(selector)})")
        self.run(f"document.querySelector({json.dumps(selector)}).click()")

    def arrives(self, path):
        """Wait until the page at a path has loaded."""
        self.until(f"location.pathname == {json.dumps(path)} && document.readyState == 'complete'")

    @property
    def text(self):
        return self.run("document.body.innerText")

    @property
    def url(self):
        return self.run("location.href")

    def cookies(self):
        found = self._browser.call("Storage.getCookies", browserContextId=self.context)
        return {one["name"]: one for one in found["cookies"]}


@pytest.fixture(scope="session")
def browser():
    """The browser of this machine, one for all tests."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("no chromium on this machine (apt-get install chromium-headless-shell)")
    made = Browser(program)
    yield made
    made.close()


@contextmanager
def over_http(folder, *, routes=(), **settings):
    """An issuer at `http://localhost:PORT/auth`; answers the `Server`."""
    sock = socket.create_server(("127.0.0.1", 0))
    url = f"http://localhost:{sock.getsockname()[1]}/auth"
    server = make_server(folder, url=url, **settings)
    errors = []
    face = Face(server, (*ROUTES, *routes), ThreadPoolExecutor(4), on_error=errors.append)
    config = uvicorn.Config(face.app, log_config=None, access_log=False, lifespan="off")
    web = uvicorn.Server(config)
    thread = threading.Thread(target=web.run, args=([sock],), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        web.should_exit = True
        thread.join(10)
        sock.close()
        server.store.close()
        assert errors == []


@contextmanager
def site(pages):
    """Another site: paths to HTML; answers its port. What is asked of it is kept in `seen`."""
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(self.path)
            body = pages.get(self.path.partition("?")[0], "<!doctype html>hello").encode()
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *said):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port, seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
