"""The self-check finds what would fail in traffic, and lets what works pass."""

from __future__ import annotations

import json

import pytest
from msgspec import structs

from yett.contract.errors import ContractError
from yett.contract.load import load
from yett.engine.program import build
from yett.gate.reload import prepare
from yett.gate.selfcheck import SelfCheckError, check_program
from yett.policy.compile import compile_policy

PATHS = {
    "/items": ["get", "post"],
    "/items/{id}": ["get", "delete"],
    "/items/0": ["get"],
    "/items/self-check": ["get"],
    "/files/{name}.json": ["get"],
    "/files/{name}": ["get"],
}


@pytest.fixture
def folder(tmp_path):
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {
            path: {
                method: {
                    "x-yett": {"public": True},
                    "responses": {"200": {"description": "fine"}},
                    "parameters": [
                        {"name": part[1:-1], "in": "path", "required": True, "schema": {}}
                        for part in path.replace(".json", "").split("/")
                        if part.startswith("{")
                    ],
                }
                for method in methods
            }
            for path, methods in PATHS.items()
        },
    }
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    (tmp_path / "yett.toml").write_text(
        '[api.a]\nopenapi = "openapi.json"\nupstream = "http://127.0.0.1:1"\n'
    )
    return tmp_path


def program_of(folder):
    return build(compile_policy(load(folder)))


def test_a_working_contract_passes(folder):
    """Static, parameterised and mixed paths are each found by their own path."""
    assert len(prepare(folder).policy.operations) == 8


def test_a_step_that_fails_is_named(folder):
    """An exception in a step refuses the contract and names the operation, not the exception's text."""
    program = program_of(folder)
    name, plan = next(iter(program.plans.items()))

    def broken(_x):
        raise RuntimeError("secret text")

    plans = {**program.plans, name: structs.replace(plan, steps=((8, broken),))}
    with pytest.raises(SelfCheckError) as caught:
        check_program(structs.replace(program, plans=plans))
    assert [f.subject for f in caught.value.findings] == [name]
    assert caught.value.findings[0].message.endswith("deciding about it fails with RuntimeError")
    assert "secret" not in str(caught.value)


def test_an_operation_that_nothing_reaches_is_named(folder):
    """An operation whose own path leads elsewhere refuses the contract."""
    program = program_of(folder)
    operations = program.policy.operations
    strayed = structs.replace(operations[0], template="/nowhere")
    policy = structs.replace(program.policy, operations=(strayed, *operations[1:]))
    with pytest.raises(SelfCheckError) as caught:
        check_program(structs.replace(program, policy=policy))
    assert "no request reaches it" in caught.value.findings[0].message
    assert caught.value.findings[0].hint


def test_it_is_an_error_of_the_contract():
    """Who handles a broken contract handles a failed self-check, too."""
    assert issubclass(SelfCheckError, ContractError)
