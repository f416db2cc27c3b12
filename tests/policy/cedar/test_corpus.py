"""The compiled evaluator against Cedar's own corpus: 7,831 policy sets, 62,546 requests."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from cedarpy import PolicySet, Schema, is_authorized_batch
from kit.cedar_corpus import action_of, read_cases, read_entities, read_inputs, read_rules

from yett.policy.cedar.compile import compile_decide
from yett.policy.cedar.scope import applies

PARTS = 8
# Sets whose policies call an extension function with a wrong number of arguments: Cedar parses and
# then always errs, the syntax tree cannot say it. Only cedarpy can decide those.
FALLBACKS = 68
SETS = 7831
REQUESTS = 62_546


def compiled(case):
    """Give our answer to each request of a case, by Cedar's plain reading."""
    rules = read_rules(PolicySet.from_str(case.policies))
    entities = read_entities(case.entities, case.schema)
    groups = {
        uid: entity.ancestors for uid, entity in entities.items() if uid.type.endswith("Action")
    }
    decides = {}
    for request in case.requests:
        action = action_of(request)
        if action not in decides:
            known = {action: frozenset(), **groups}
            mine = [rule for rule in rules if applies(rule.tree, action, known[action])]
            decides[action] = compile_decide(mine, action, known, strict=False)
        yield decides[action](read_inputs(request, entities))


def through_cedarpy(case):
    """Give cedarpy's answers; a request that its schema refuses has none."""
    requests = [
        {key: request[key] for key in ("principal", "action", "resource", "context")}
        for request in case.requests
    ]
    return is_authorized_batch(
        requests, PolicySet.from_str(case.policies), case.entities, Schema.from_str(case.schema)
    )


def names(errors):
    return {error.split("`", 2)[1] for error in errors}


def outcome(case):
    """Count what agrees; a difference is named."""
    counts = Counter(sets=1, requests=len(case.requests))
    try:
        mine = list(compiled(case))
    except ValueError as error:
        if "argument(s), got" not in str(error):
            raise
        return counts + Counter(fallbacks=1, fallback_requests=len(case.requests))
    for request, decided, oracle in zip(case.requests, mine, through_cedarpy(case), strict=True):
        recorded = (request["decision"] == "allow", set(request["reason"]), set(request["errors"]))
        found = (decided.allow, set(decided.ids), set(decided.errors))
        assert found == recorded, (case.name, request["description"])
        diagnostics = oracle.diagnostics
        theirs = (oracle.allowed, set(diagnostics.reasons), names(diagnostics.errors))
        assert found == theirs, (case.name, request["description"])
        counts["equal"] += 1
    return counts


@pytest.mark.parametrize("part", range(PARTS))
def test_every_recorded_decision(part, record_property):
    """Decision, determining policies and errors are Cedar's, in every set that compiles."""
    total = Counter()
    for case in read_cases(part, PARTS):
        total += outcome(case)
    assert total["equal"] == total["requests"] - total["fallback_requests"]
    record_property("corpus", json.dumps(total))
