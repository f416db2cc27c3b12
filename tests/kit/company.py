"""A whole company on one port of loopback, over TLS: a gate with two workers, its issuer, people.

What is started is `yett serve`; what asks it are clients that are not ours.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
from pathlib import Path

from cli.conftest import Folder, Served
from click.testing import CliRunner
from kit.authority import Authority
from kit.issuing import free_port

from yett.cli.__main__ import main

CA = Authority("Test CA")
REDIRECT = "https://app.example.com/callback"
SIGNED_OUT = "https://app.example.com/bye"
FRESH = {"acr": "urn:yett:phishing-resistant", "max_age": 300}
TLS = """tls = {cert = "cert.pem", key = "key.pem"}"""
SETTINGS = """failures = "1000000/min per ip"

[identity.builtin]
url = "%(origin)s/auth"
audience = "%(origin)s"
listen = "127.0.0.1:%(control)d"
%(builtin)s

[identity.dpop]
nonce = %(nonce)s

[vocabulary.scopes]
"items:read" = "see items"
"items:write" = "change items"

[vocabulary.roles]
admin = ["items:read", "items:write"]
clerk = ["items:read"]
"""


def _operation(name, scope, **more):
    answers = {"200": {"description": "fine"}}
    declared = {"operationId": name, "security": [{"token": [scope]}], "responses": answers}
    return {**declared, "x-yett": more} if more else declared


DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "shop", "version": "1"},
    "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    "paths": {
        "/items": {"get": _operation("see", "items:read")},
        "/fresh": {"get": _operation("decide", "items:read", sensitive=FRESH)},
    },
}


class Company:
    """A folder that is served.

    Attributes:
        path: the contract folder.
        origin, url: of the gate, and of its issuer.
        ca: the file with the one authority whose server certificates are good.
        environment: what makes openssl, requests, httpx, node and curl trust it.
    """

    def __init__(
        self, path: Path, upstream: int, *, nonce: bool = False, builtin: str = ""
    ) -> None:
        self.path = path
        folder = Folder(path, upstream)
        port = free_port()
        self.port, self.origin = port, f"https://localhost:{port}"
        self.url = f"{self.origin}/auth"
        folder.write("openapi.json", json.dumps(DOCUMENT))
        CA.server().put(path)
        self.ca = str(path / "ca.pem")
        folder.write("ca.pem", CA.pem.decode())
        written = {
            "origin": self.origin,
            "control": free_port(),
            "nonce": str(nonce).lower(),
            "builtin": builtin,
        }
        folder.configure(gateway=TLS, more=SETTINGS % written)
        self.environment = {
            "SSL_CERT_FILE": self.ca,
            "REQUESTS_CA_BUNDLE": self.ca,
            "NODE_EXTRA_CA_CERTS": self.ca,
            "CURL_CA_BUNDLE": self.ca,
        }
        self.served = Served(folder, "--listen", f"127.0.0.1:{port}")

    def run(self, *words: str) -> str:
        """Run a command of `yett` in the folder; answers what it printed."""
        done = CliRunner().invoke(main, ["-C", str(self.path), *words])
        assert done.exit_code == 0, (words, done.output)
        return done.stdout

    def invite(self, login: str, role: str = "admin") -> str:
        """Add a person; answers their invitation."""
        made = self.run("user", "add", login, "--name", login.title(), "--role", role)
        return re.search(r"https://\S+/enrol#(\S+)", made)[1]

    def service(self, *words: str) -> tuple[str, str]:
        """Add a service that ana answers for; answers its id, and its secret where it has one."""
        return self._made("service", "add", "billing", "--owner", "ana", *words)

    def client(self, *words: str, name: str = "Web shop") -> tuple[str, str]:
        """Register an application; answers its id, and its secret where it has one."""
        return self._made("client", "add", name, *words)

    def _made(self, *words: str) -> tuple[str, str]:
        made = json.loads(self.run(*words, "--format", "json"))
        return made["client_id"], made.get("client_secret", "")

    def stop(self) -> None:
        """End it, with all of its processes."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.served.process.pid, signal.SIGKILL)
        self.served.process.wait(10)
        self.served.process.stdout.close()
        self.served.process.stderr.close()
