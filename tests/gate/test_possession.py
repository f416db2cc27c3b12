"""Proofs of possession through the gateway, the ASGI and the WSGI middleware: the same answers."""

from __future__ import annotations

import asyncio

import pytest
from kit import proofs
from kit.adapters import ADAPTERS
from kit.scenario import Store, token

URL = "http://shop.test/bookings/1"


def heard(store):
    """Method and fields of each request that reached the service."""
    return [
        (method, {name.lower(): value for name, value in headers.items()})
        for method, _, headers, _ in store.requests
    ]


@pytest.fixture
def bound():
    """A token of ann's that is bound to the key of `kit.proofs`."""
    return token("ann", cnf={"jkt": proofs.JKT})


def fields(bound, shown, scheme="DPoP", **more):
    found = {"host": "shop.test", "authorization": f"{scheme} {bound}", **more}
    return found if shown is None else {**found, "dpop": shown.decode()}


def proof(bound, method="GET", url=URL, **changed):
    return proofs.proof(method, url, bound.encode(), **changed)


@pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda adapter: adapter.__name__)
async def test_a_bound_token_needs_its_proof_in_every_adapter(tmp_path, adapter, bound):
    """Good once; without, as bearer or for another request refused; the service hears it as sent."""
    store = Store()
    async with adapter(tmp_path / "contract", store) as gate:
        shown = proof(bound)
        status, _, _ = await gate.ask("GET", "/bookings/1", fields(bound, shown), b"")
        assert status == 200
        [(_, said)] = heard(store)
        assert said["authorization"] == f"DPoP {bound}"
        assert said["dpop"] == shown.decode()
        for found in (
            fields(bound, shown),
            fields(bound, None),
            fields(bound, proof(bound), "Bearer"),
            fields(bound, proof(bound, "DELETE")),
            fields(bound, proof(bound, url="https://shop.test/bookings/1")),
        ):
            status, told, _ = await gate.ask("GET", "/bookings/1", found, b"")
            assert status == 401
            assert "DPoP algs=" in told["www-authenticate"]
        assert len(store.requests) == 1


@pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda adapter: adapter.__name__)
async def test_the_read_before_a_write_has_no_proof(tmp_path, adapter, bound):
    """The proof is for the write; a read that a rule makes goes without one."""
    store = Store()
    async with adapter(tmp_path / "contract", store) as gate:
        found = fields(bound, proof(bound, "PATCH"), **{"content-type": "application/json"})
        status, _, _ = await gate.ask("PATCH", "/bookings/1", found, b'{"note":"x"}')
        assert status == 200
        (read, about), (write, said) = heard(store)
        assert (read, write) == ("GET", "PATCH")
        assert "dpop" not in about
        assert about["authorization"] == said["authorization"]
        assert said["dpop"] == found["dpop"]


@pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda adapter: adapter.__name__)
async def test_a_nonce_comes_with_every_answer(tmp_path, adapter, bound):
    """The refusal brings a nonce, and so does the answer to the proof that has it."""
    nonces = "\n[identity.dpop]\nnonce = true\n"
    async with adapter(tmp_path / "contract", Store(), nonces) as gate:
        status, told, _ = await gate.ask("GET", "/bookings/1", fields(bound, proof(bound)), b"")
        assert status == 401
        assert 'error="use_dpop_nonce"' in told["www-authenticate"]
        shown = proof(bound, nonce=told["dpop-nonce"])
        status, later, _ = await gate.ask("GET", "/bookings/1", fields(bound, shown), b"")
        assert (status, later["dpop-nonce"]) == (200, told["dpop-nonce"])


@pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda adapter: adapter.__name__)
async def test_at_once_one_passes(tmp_path, adapter, bound):
    """Fifty requests with one proof are one."""
    store = Store()
    async with adapter(tmp_path / "contract", store) as gate:
        found = fields(bound, proof(bound))
        asked = [gate.ask("GET", "/bookings/1", found, b"") for _ in range(50)]
        statuses = [status for status, _, _ in await asyncio.gather(*asked)]
        assert sorted(statuses) == [200] + [401] * 49
        assert len(store.requests) == 1
