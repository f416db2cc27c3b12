"""The same question to `cedarpy`: the oracle of tests, self-check and sampling, and the fallback.

Slow (45 us and more) and right by definition, but for one thing on top: an error in a `forbid`
denies, which Cedar itself skips (fail-open). The entities go with explicit `__entity` and `__extn`,
the context always, and each action with its groups: what is left out means something else to Cedar.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from cedarpy import Diagnostics, PolicySet, Schema, is_authorized

from yett.policy.cedar.json_out import to_json, uid_json, write_entity
from yett.policy.cedar.model import Decided, Inputs, Rule, Slice
from yett.policy.cedar.settle import Settled

MAX_KEPT_HANDLES = 4096
# In place of rule ids where cedarpy gave no decision at all.
NO_DECISION = "no-decision"


def ask(slice_: Slice, inputs: Inputs, schema_text: str | None = None) -> Decided:
    """Decide through cedarpy; with a schema, entities and context are checked against it too."""
    return ask_rules(slice_.rules, slice_.action, slice_.groups, inputs, schema_text)


def ask_rules(
    rules: tuple[Rule, ...],
    action: str,
    groups: frozenset[str],
    inputs: Inputs,
    schema_text: str | None = None,
) -> Decided:
    """Decide by these rules; never raises: what cedarpy refuses to look at is denied."""
    try:
        policies = _handle(tuple(rule.text for rule in rules))
        schema = None if schema_text is None else _schema(schema_text)
        entities = [] if schema else _actions(action, groups)
        entities += [write_entity(entity) for entity in inputs.entities.values()]
        found = is_authorized(_request(action, inputs), policies, json.dumps(entities), schema)
        return _decided(rules, found.decision.name, found.diagnostics)
    except Exception as error:  # noqa: BLE001 — the fallback of a gate: whatever it is, it denies
        return Decided(False, (), (f"{NO_DECISION}: {type(error).__name__}",))


def _request(action: str, inputs: Inputs) -> dict[str, Any]:
    return {
        "principal": uid_json(inputs.principal),
        "action": {"type": "Action", "id": action},
        "resource": uid_json(inputs.resource),
        "context": {name: to_json(value) for name, value in inputs.context.items()},
    }


def _actions(action: str, groups: frozenset[str]) -> list[dict[str, Any]]:
    parents = [{"type": "Action", "id": group} for group in sorted(groups)]
    return [{"uid": {"type": "Action", "id": action}, "attrs": {}, "parents": parents}]


def _decided(rules: tuple[Rule, ...], decision: str, diagnostics: Diagnostics) -> Decided:
    if decision not in {"Allow", "Deny"}:
        return Decided(False, (), (NO_DECISION,))
    bits = sum(1 << _place(id_) for id_ in set(diagnostics.reasons))
    erred = {_place(error.split("`", 2)[1]) for error in diagnostics.errors}
    bits |= sum(1 << len(rules) + place for place in erred)
    # Permits that forbids overrule are not among cedarpy's reasons: `permitted` stays unsaid here.
    return Settled(rules)[bits]


def _place(policy_id: str) -> int:
    return int(policy_id.removeprefix("policy"))


@lru_cache(MAX_KEPT_HANDLES)
def _handle(texts: tuple[str, ...]) -> PolicySet:
    return PolicySet.from_str("\n".join(texts))


@lru_cache(4)
def _schema(text: str) -> Schema:
    return Schema.from_str(text)
