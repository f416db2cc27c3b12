"""One process of an issuer over HTTP, for tests that need several on one store.

Run with a folder, the store's URL and settings as JSON; it prints its port and serves until killed.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def issuer_processes(folder, store, count=2, **settings):
    """Start processes; answers the URLs at which each is reached."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, "-m", "kit.issuer_process", str(folder), store, json.dumps(settings)]
    started = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(count)
    ]
    try:
        yield [f"http://127.0.0.1:{int(one.stdout.readline())}" for one in started]
    finally:
        for one in started:
            one.send_signal(signal.SIGKILL)
            one.wait()
            one.stdout.close()


def _main(folder, store, settings):
    import uvicorn  # noqa: PLC0415 - only in the child
    from kit.accounts import make_server  # noqa: PLC0415

    from yett.issuer.http import Answer, Route  # noqa: PLC0415
    from yett.issuer.routes import ROUTES  # noqa: PLC0415
    from yett.issuer.web import Face  # noqa: PLC0415

    server = make_server(Path(folder), store=store, **json.loads(settings))
    pid = Answer(body=str(os.getpid()).encode())
    routes = (*ROUTES, Route(method="GET", path="/pid", endpoint=lambda _server, _ask: pid))
    face = Face(server, routes, ThreadPoolExecutor(16))
    sock = socket.create_server(("127.0.0.1", 0))
    print(sock.getsockname()[1], flush=True)  # noqa: T201 - how the parent learns of it
    config = uvicorn.Config(face.app, log_config=None, access_log=False, lifespan="off")
    uvicorn.Server(config).run([sock])


if __name__ == "__main__":
    _main(*sys.argv[1:])
