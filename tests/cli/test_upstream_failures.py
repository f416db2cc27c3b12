"""`yett serve` before a service that dies, comes back, hangs and flaps, under load."""

from __future__ import annotations

import time

import pytest
from kit.service import Service


@pytest.fixture
def service(folder):
    one = Service()
    folder.port = one.port
    folder.configure(gateway="upstream_timeout = 0.6")
    yield one
    one.close()


def until_fine(served, seconds=60):
    """Ask until 100 answers in a row are 200; a poisoned connection in the pool would spoil it."""
    until, row = time.monotonic() + seconds, 0
    while row < 100:
        assert time.monotonic() < until
        row = row + 1 if served.get()[0] == 200 else 0
        if not row:
            time.sleep(0.05)


def test_a_service_that_dies_and_comes_back(serve, load, service):
    """While it is away each call is a quick 502, and without a restart all is well again."""
    served = serve()
    with load(served.port) as client:
        client.until(20)
        service.die()
        client.until(20, 502)
        service.start()
        until_fine(served)
    assert set(client.statuses) == {200, 502}
    assert client.broken == []
    assert client.longest < 15  # half of `upstream_timeout`: loopback refuses at once
    assert served.stop() == 0


def test_a_service_that_hangs(serve, load, service):
    """Each call is a 504 after `upstream_timeout`, not later; when it turns again, so does all."""
    served = serve()
    with load(served.port, keep=3, fresh=1) as client:
        client.until(20)
        service.hangs = True
        client.until(4, 504)
        service.hangs = False
        until_fine(served)
    assert set(client.statuses) == {200, 504}
    assert client.broken == []
    assert client.longest < 15  # 0.6 s, a tick of the gate's clock, and the machine
    assert served.stop() == 0


def test_a_service_that_flaps(serve, load, service):
    """Twelve deaths in a row: nothing but 200 and 502, and it recovers soon after the last."""
    served = serve()
    with load(served.port) as client:
        for _ in range(12):
            service.die()
            time.sleep(0.1)
            service.start()
            time.sleep(0.15)
        until_fine(served)
    assert set(client.statuses) <= {200, 502}
    assert client.statuses[200]
    assert client.broken == []
    assert served.stop() == 0


def test_a_new_upstream_under_load_loses_no_request(serve, load, service, folder):
    """A reload to another service and back, ten times: every answer is 200, from both of them."""
    other = Service()
    try:
        served = serve()
        with load(served.port) as client:
            for count in range(1, 11):
                folder.port = (other, service)[count % 2].port
                folder.configure(gateway=f"upstream_timeout = 0.6{count}")
                served.process.send_signal(1)
                served.wait("swapped", 2 * count)
        assert set(client.statuses) == {200}
        assert client.broken == []
        assert served.stop() == 0
    finally:
        other.close()
