"""From a contract to `Authz`: facts, schema, rules, slices, self-check, guards, in that order.

A policy that cannot be used is an error with its file and line; what can be used and leaves a hole
is a lint, which refuses nothing at load.
"""

from __future__ import annotations

from yett.contract.model import Contract, Machine
from yett.contract.places import Source
from yett.contract.report import Report, quote
from yett.policy.authz.clashes import find_clashes
from yett.policy.authz.facets import Facets
from yett.policy.authz.facts import Facts, gather_facts
from yett.policy.authz.generated import (
    default_policy,
    generated_text,
    seen_policy,
    state_policies,
)
from yett.policy.authz.guards import Bench, make_guard
from yett.policy.authz.holes import find_holes
from yett.policy.authz.identity import make_identity
from yett.policy.authz.idle import find_idle
from yett.policy.authz.model import Authz, Guard
from yett.policy.authz.names import bare
from yett.policy.authz.schema import STRING, derive_schema
from yett.policy.authz.spoken import speaks_of
from yett.policy.cedar.flaws import Flaw
from yett.policy.cedar.model import Rule, Slice
from yett.policy.cedar.rules import read_rules
from yett.policy.cedar.schema_text import write_schema
from yett.policy.cedar.selfcheck import check_slices
from yett.policy.cedar.slices import make_slices
from yett.policy.cedar.types import Schema
from yett.policy.rules import AUTHZ_DIFFERENCE, AUTHZ_MACHINE, AUTHZ_POLICY


def build_authz(contract: Contract, report: Report) -> tuple[Authz | None, Report]:
    """Compile a contract's authorization.

    Args:
        contract: with policies, machines, classes or closed records; else there is nothing to do.
        report: takes what refuses the contract.

    Returns:
        the compiled authorization, or None; and lints, which refuse nothing.
    """
    lints = Report()
    facts = gather_facts(contract, report)
    if facts is None:
        return None, lints
    find_clashes(facts, report)
    report.refuse()
    schema = derive_schema(facts)
    _check_machines(facts, report)
    report.refuse()
    rules, text = _rules(facts, schema, report)
    report.refuse()
    slices = make_slices(rules, schema, engine=contract.config.authz.engine)
    for difference in check_slices(slices, schema):
        report.add(AUTHZ_DIFFERENCE, difference, Source(), hint="please report it; see SECURITY.md")
    guards = _guards(facts, slices, lints, report)
    find_holes(facts, slices, guards, lints)
    find_idle(facts, rules, schema, lints)
    authz = Authz(
        schema=schema,
        text=write_schema(schema),
        policies=text,
        slices=slices,
        guards=guards,
        identity=make_identity(contract, facts.claims, facts.enriched, report),
        engine=contract.config.authz.engine,
        sample=contract.config.authz.sample,
    )
    report.refuse()
    return authz, lints


def _check_machines(facts: Facts, report: Report) -> None:
    """A machine needs a state that is a string there is always one of, and records it moves."""
    hint = "the state is a required string of the record, in every answer that shows one"
    for api, machine in facts.machines:
        named = facts.attributes.get(machine.type)
        attribute = named[machine.field][0] if named and machine.field in named else None
        if attribute is None:
            why = f"no operation is about a {quote(machine.type)} with {quote(machine.field)}"
            report.add(AUTHZ_MACHINE, why, machine.source, hint=hint, subject=machine.type)
        elif attribute.type != STRING or not attribute.required:
            why = f"{quote(machine.field)} is not a required string of {quote(machine.type)}"
            report.add(AUTHZ_MACHINE, why, machine.source, hint=hint, subject=machine.type)
        _check_moves(api, machine, facts, report)


def _check_moves(api: str, machine: Machine, facts: Facts, report: Report) -> None:
    for name in machine.operations:
        record = facts.records.get(f"{api}.{name}")
        if record is None or record.resource.type != machine.type:
            why = f"{quote(name)} moves a {quote(machine.type)}, and is not about one"
            hint = f"say `x-yett: {{resource: {{type: {machine.type}, id: path...}}}}` there"
            source = machine.source.at("operations", name)
            report.add(AUTHZ_MACHINE, why, source, hint=hint, subject=f"{api}.{name}")


def _rules(facts: Facts, schema: Schema, report: Report) -> tuple[tuple[Rule, ...], str]:
    """Read the team's policies and those of machines, then permit what no team rule speaks of."""
    made = generated_text(_states(facts) + _closed(facts))
    written, flaws = read_rules(facts.contract.policies, schema, generated=made)
    _report(flaws, report)
    unspoken = _unspoken(facts, written, schema) if not flaws else []
    defaults = generated_text(default_policy(action) for action in unspoken)
    rest, flaws = read_rules((), schema, generated=defaults)
    _report(flaws, report)
    texts = (*facts.contract.policies, *made, *defaults)
    return (*written, *rest), "\n".join(text.text for text in texts)


def _states(facts: Facts) -> list[str]:
    found: list[str] = []
    for api, machine in facts.machines:
        mine = {bare(o): facts.actions[o.id] for o in facts.operations() if o.api == api}
        found += state_policies((machine,), mine)
    return found


def _closed(facts: Facts) -> list[str]:
    closed = (record for record in facts.records.values() if record.resource.closed)
    return [seen_policy(facts.actions[record.operation.id]) for record in closed]


def _unspoken(facts: Facts, rules: tuple[Rule, ...], schema: Schema) -> list[str]:
    """Operations that no rule of the team permits to anybody: scopes alone decide there."""
    permits = [rule for rule in rules if rule.effect == "permit" and not rule.generated]
    return [
        facts.actions[operation.id]
        for operation in facts.operations()
        if not any(speaks_of(rule, facts.actions[operation.id], schema) for rule in permits)
    ]


def _guards(
    facts: Facts, slices: dict[str, Slice], lints: Report, errors: Report
) -> dict[str, Guard]:
    bench = Bench(
        facts=facts,
        slices=slices,
        facets={api.name: Facets(api.document) for api in facts.contract.apis},
        lints=lints,
        errors=errors,
        learning=_learning(facts, slices),
    )
    made = ((o.id, make_guard(o, bench)) for o in facts.operations())
    return {id_: guard for id_, guard in made if guard is not None}


def _learning(facts: Facts, slices: dict[str, Slice]) -> frozenset[str]:
    """Record types of which some rule asks whether the principal was shown the record."""
    return frozenset(
        record.resource.type
        for record in facts.records.values()
        if slices[facts.actions[record.operation.id]].footprint.context & {"seen"}
        or "context" in slices[facts.actions[record.operation.id]].footprint.whole
    )


def _report(flaws: tuple[Flaw, ...], report: Report) -> None:
    for flaw in flaws:
        report.add(AUTHZ_POLICY, flaw.message, Source(flaw.path, flaw.line), hint=flaw.hint)
