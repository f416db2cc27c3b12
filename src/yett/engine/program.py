"""A policy bound to the steps that enforce it: each operation becomes a tuple of steps.

An operation that needs no body check has none, and pays for none. Rules in mode `off` are left out
here, rules in mode `observe` are wrapped so that they record and let go. Built at load, then only
read.
"""

from __future__ import annotations

from msgspec import Struct

from yett.engine.answers.checks import Checks, make_checks
from yett.engine.roster import Roster
from yett.engine.step import Step, observing
from yett.engine.steps import STEPS
from yett.policy.browser import Browser
from yett.policy.headers import Blocks, enforces
from yett.policy.model import OperationPolicy, Policy
from yett.terms import Mode


class Plan(Struct, frozen=True):
    """An operation with its bound steps, each with its number in docs/life-of-a-request.md.

    `checks` says what the service's answers are read for; None for nothing.
    """

    operation: OperationPolicy
    steps: tuple[tuple[int, Step], ...]
    checks: Checks | None = None

    @property
    def whole(self) -> bool:
        """Whether the adapter may have to collect an answer; see `engine.release.reading`."""
        return self.checks is not None


class Program(Struct, frozen=True):
    """What the engine runs: the policy, a plan per operation, the ready response blocks.

    `roster` remembers what was made of callers; nothing else in here ever changes.
    """

    policy: Policy
    plans: dict[str, Plan]
    blocks: Blocks
    browser: Browser
    roster: Roster


def build(policy: Policy) -> Program:
    """Bind a policy to its steps."""
    browser = Browser.from_config(policy.config.cors, answers=enforces(policy.config, "cors"))
    plans = {operation.id: bind(operation, policy, browser) for operation in policy.operations}
    return Program(policy, plans, Blocks.from_config(policy.config), browser, Roster())


def bind(operation: OperationPolicy, policy: Policy, browser: Browser) -> Plan:
    """Choose the steps one operation needs."""
    steps: list[tuple[int, Step]] = []
    for number, rule, make in STEPS:
        # A rule without a mode is hygiene and cannot be switched off.
        mode = operation.modes[rule] if rule else Mode.ENFORCE
        step = None if mode is Mode.OFF else make(operation, policy, browser)
        if step is not None:
            steps.append((number, observing(step) if mode is Mode.OBSERVE else step))
    types = policy.authz.identity.types.values() if policy.authz is not None else ()
    return Plan(operation, tuple(steps), make_checks(operation, frozenset(types)))
