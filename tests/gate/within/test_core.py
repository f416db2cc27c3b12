"""What a guarded application shares, and that it refuses to begin with a broken contract."""

from __future__ import annotations

import pytest
from kit.within import small_contract

from yett.contract.errors import ContractError
from yett.gate.within.core import Core, NoSink
from yett.state.errors import StateError
from yett.terms import Event


def test_a_broken_contract_keeps_the_service_from_starting(tmp_path):
    """The findings say where and why."""
    folder = small_contract(tmp_path / "contract")
    (folder / "openapi.yaml").write_text("openapi: [\n")
    with pytest.raises(ContractError) as refused:
        Core(folder)
    assert "openapi.yaml" in str(refused.value)


def test_a_missing_key_file_keeps_the_service_from_starting(tmp_path):
    """Nobody could sign in."""
    folder = small_contract(tmp_path / "contract")
    (folder / "jwks.json").unlink()
    with pytest.raises((ContractError, StateError), match="jwks"):
        Core(folder)


def test_ids_differ(tmp_path):
    """Each request has its own, in every process."""
    folder = small_contract(tmp_path / "contract")
    one, two = Core(folder), Core(folder)
    assert len({one.next_id(), one.next_id(), two.next_id()}) == 3


async def test_nothing_is_let_through_before_anything_is_recorded():
    """The sink of a core that was not started is full."""
    sink = NoSink()
    sink.append(Event(time=0.0, request=""))
    assert sink.full
    assert not await sink.durable(Event(time=0.0, request=""))
