"""Where `yett init` gets a description from when it is not a file: a URL, or the app itself.

A fetch is bounded in size and time, follows no redirect to another host and speaks http(s) only
(SSRF, CWE-918). An app is imported in a process of its own: what it prints or breaks stays there.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from yett.contract.files import MAX_FILE_BYTES

FETCH_SECONDS = 30.0
SILENCE_SECONDS = 10.0
APP_SECONDS = 60.0
MAX_REDIRECTS = 3
_CHUNK_BYTES = 1 << 16

_EXPORT = """
import importlib, json, sys
sys.path.insert(0, sys.argv[1])
name, _, attribute = sys.argv[2].partition(":")
app = importlib.import_module(name)
for part in (attribute or "app").split("."):
    app = getattr(app, part)
if not callable(getattr(app, "openapi", None)):
    sys.exit("the app has no `.openapi()`")
with open(sys.argv[3], "w", encoding="utf-8") as file:
    json.dump(app.openapi(), file, indent=2, ensure_ascii=False)
"""


class FetchError(Exception):
    """The description could not be had; `message` says why, `hint` what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class _SameHost(HTTPRedirectHandler):
    max_redirections = MAX_REDIRECTS

    def redirect_request(  # noqa: PLR0917 — urllib's signature
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: object, newurl: str
    ) -> Request | None:
        old, new = urlsplit(req.full_url), urlsplit(newurl)
        if new.scheme not in ("http", "https") or new.hostname != old.hostname:
            raise FetchError(
                f"`{req.full_url}` redirects to another host", f"ask for `{newurl}` if you trust it"
            )
        if old.scheme == "https" and new.scheme == "http":
            raise FetchError(f"`{req.full_url}` redirects to plain http", "fetch it by hand")
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]  # as above


def fetch(url: str) -> bytes:
    """Return what a URL answers.

    Raises:
        FetchError: not reachable, not 200, too slow, or over `MAX_FILE_BYTES`.
    """
    opener = build_opener(_SameHost, ProxyHandler())
    request = Request(url, headers={"Accept": "application/json, application/yaml, */*"})  # noqa: S310 — http(s) only: the caller looked
    try:
        with opener.open(request, timeout=SILENCE_SECONDS) as answer:
            return _read(answer, url)
    except HTTPError as error:
        raise FetchError(f"`{url}` answered {error.code}", "check the address") from None
    except (URLError, OSError, HTTPException, ValueError) as error:
        reason = str(getattr(error, "reason", error)).lower()
        raise FetchError(f"`{url}` cannot be read: {reason}", "check the address") from None


def _read(answer: HTTPResponse, url: str) -> bytes:
    data = bytearray()
    deadline = time.monotonic() + FETCH_SECONDS
    # `read` waits until it has all it asked for: a trickle would never meet the deadline.
    while chunk := answer.read1(_CHUNK_BYTES):
        data += chunk
        if len(data) > MAX_FILE_BYTES:
            message = f"`{url}` is larger than {MAX_FILE_BYTES >> 20} MiB"
            raise FetchError(message, "save the part you need as a file")
        if time.monotonic() > deadline:
            message = f"`{url}` took longer than {FETCH_SECONDS:.0f} s"
            raise FetchError(message, "save it as a file and use `--openapi FILE`")
    return bytes(data)


def export_app(name: str, folder: Path) -> bytes:
    """Return the OpenAPI description that an app makes of itself.

    Args:
        name: `module:attribute`, the attribute `app` when left out.
        folder: where modules are looked for first.

    Raises:
        FetchError: the app cannot be imported, or has no `.openapi()`.
    """
    with tempfile.TemporaryDirectory(prefix="yett-init-") as scratch:
        target = Path(scratch) / "openapi.json"
        command = [sys.executable, "-c", _EXPORT, str(folder), name, str(target)]
        try:
            done = subprocess.run(  # noqa: S603 — the user names their own app
                command,
                capture_output=True,
                timeout=APP_SECONDS,
                check=False,
                stdin=subprocess.DEVNULL,
            )
        except subprocess.TimeoutExpired:
            hint = "import must not start the server"
            raise FetchError(f"`{name}` was not imported in {APP_SECONDS:.0f} s", hint) from None
        if done.returncode != 0 or not target.exists():
            lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
            reason = lines[-1] if lines else "it ended without a word"
            hint = "name it like `package.module:app`, from the folder it is imported from"
            module = name.partition(":")[0]
            if "/" in module or module.endswith(".py"):
                plain = module.removesuffix(".py").removeprefix("./").strip("/").replace("/", ".")
                hint = f"a module, not a file: `{plain}:{name.partition(':')[2] or 'app'}`"
            raise FetchError(f"`{name}` gives no description: {reason[:300]}", hint)
        return target.read_bytes()
