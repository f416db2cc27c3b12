"""A client that is not ours, npm `openid-client`, with bound tokens of an issuer that is not ours."""

from __future__ import annotations

import json

import pytest
from kit.node import Program

SECRET = "a-loopback-test-value-of-a-client-secret"
CONTRACT = {
    "openapi": "3.1.0",
    "info": {"title": "orders", "version": "1"},
    "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    "paths": {
        "/orders": {
            "get": {
                "parameters": [{"name": "page", "in": "query", "schema": {"type": "integer"}}],
                "security": [{"token": []}],
                "responses": {"200": {"description": "fine"}},
            }
        }
    },
}


@pytest.fixture
def programs(tmp_path):
    """Run programs of `tests/clients/node`, and end them."""
    running = []

    def run(name, *arguments):
        environment = {"YETT_CLIENT_SECRET": SECRET}
        folder = tmp_path / f"program-{len(running)}"
        running.append(Program(folder, name, *arguments, environment=environment))
        return running[-1]

    yield run
    for one in running:
        one.stop()


@pytest.mark.parametrize("nonce", [False, True])
@pytest.mark.parametrize("form", ["jwt", "opaque"])
def test_a_real_client_gets_through_and_its_thief_does_not(programs, folder, serve, form, nonce):
    """Calls with fresh proofs pass, by either worker; what was seen on the way is worth nothing."""
    url = programs("provider.mjs").read()["url"]
    folder.write("openapi.json", json.dumps(CONTRACT))
    folder.write("gate.secret", SECRET)
    folder.configure(
        more=f"""failures = "1000000/min per ip"
[[identity.issuer]]
url = "{url}"
audience = "https://api.test"
algorithms = ["ES256"]
[identity.issuer.introspection]
client_id = "gate"
secret = "gate.secret"
[identity.dpop]
nonce = {str(nonce).lower()}
"""
    )
    gate = serve()
    client = programs("possession.mjs", url, form)
    told = client.read()
    assert told["type"].lower() == "dpop"
    target = f"http://127.0.0.1:{gate.port}/orders?page=1"
    for at in range(8):
        called = client.say("call", target)
        assert called["status"] == 200, called
        assert len(called["sent"]) == (2 if nonce and not at else 1)
        stolen = called["sent"][-1]
        for headers in (
            {"Authorization": stolen["authorization"], "DPoP": stolen["dpop"]},
            {"Authorization": stolen["authorization"]},
            {"Authorization": f"Bearer {told['token']}"},
            {"Authorization": f"Bearer {told['token']}", "DPoP": stolen["dpop"]},
        ):
            assert gate.get("/orders?page=1", headers=headers)[0] == 401
