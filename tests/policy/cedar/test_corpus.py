"""The compiled evaluator against Cedar's own corpus: 7,831 policy sets, 62,546 requests."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from cedarpy import PolicySet, Schema, is_authorized_batch, pst
from kit.cedar_corpus import action_of, read_cases, read_entities, read_inputs, read_rules

from yett.policy.cedar.compile import compile_decide, compile_foresee
from yett.policy.cedar.footprint import children, footprint
from yett.policy.cedar.model import Entity, Inputs
from yett.policy.cedar.scan import cut
from yett.policy.cedar.scope import applies, conditions

PARTS = 8
SETS = 7831
REQUESTS = 62_546


class Compiled:
    """The slices of a case: our answers to its requests, by Cedar's plain reading."""

    def __init__(self, case):
        self.case = case
        self.rules = read_rules(PolicySet.from_str(case.policies))
        self.entities = read_entities(case.entities, case.schema)
        self.groups = {
            uid: entity.ancestors
            for uid, entity in self.entities.items()
            if uid.type.endswith("Action")
        }
        self.made = {}

    def slice_of(self, action):
        if action not in self.made:
            known = {action: frozenset(), **self.groups}
            mine = [rule for rule in self.rules if applies(rule.tree, action, known[action])]
            self.made[action] = mine, compile_decide(mine, action, known, strict=False), known
        return self.made[action]

    def answers(self):
        for request in self.case.requests:
            yield self.slice_of(action_of(request))[1](read_inputs(request, self.entities))


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
    """Count what agrees; a difference is named.

    In 68 sets a policy calls an extension function with a wrong number of arguments: Cedar parses
    it and then always errs, but the syntax tree cannot say it. Only cedarpy can decide those.
    """
    counts = Counter(sets=1, requests=len(case.requests))
    try:
        mine = list(Compiled(case).answers())
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


SAMPLES, OF = 4, 40  # a tenth of the cases: what follows compiles often


def without(entity, attributes):
    """The entity with nothing but these attributes."""
    kept = {name: value for name, value in entity.attrs.items() if name in attributes}
    return Entity(entity.uid, kept, entity.ancestors, entity.tags)


def narrowed(inputs, read):
    """The question without what the footprint says is not read."""
    context = inputs.context
    if "context" not in read.whole:
        context = {name: value for name, value in context.items() if name in read.context}
    entities = dict(inputs.entities)
    if inputs.principal != inputs.resource:
        for variable in ("principal", "resource"):
            uid = getattr(inputs, variable)
            if variable not in read.whole and uid in entities:
                entities[uid] = without(entities[uid], getattr(read, variable))
    return Inputs(inputs.principal, inputs.resource, context, entities)


def derefs(node):
    """Whether attributes are read of anything but a variable: of whom, nobody knows at load."""
    if isinstance(node, (pst.GetAttr, pst.HasAttr)) and not isinstance(node.base, pst.Var):
        return True
    return any(map(derefs, children(node)))


@pytest.mark.parametrize("part", range(SAMPLES))
def test_what_is_foreseen_and_what_is_not_read(part):
    """What is foreseen comes true, and what the footprint does not name changes no decision."""
    foreseen = Counter()
    for case in read_cases(part, OF):
        try:
            made = Compiled(case)
            for request in case.requests:
                action = action_of(request)
                rules, _, known = made.slice_of(action)
                inputs = read_inputs(request, made.entities)
                decided = compile_decide(rules, action, known)(inputs)
                early = compile_foresee(rules, action, known)(inputs)
                foreseen[early is not None] += 1
                assert early is None or early.allow == decided.allow, case.name
                if not any(derefs(node) for rule in rules for node in conditions(rule.tree)):
                    narrow = narrowed(inputs, footprint(rules))
                    assert compile_decide(rules, action, known)(narrow) == decided, case.name
        except ValueError:
            continue
    assert foreseen[True] > foreseen[False]


def test_policies_are_cut_where_cedar_cuts_them():
    """The scanner finds as many policies as the parser, each of them whole, in every set."""
    total = Counter()
    for case in read_cases(0, 1):
        pieces = cut(case.policies)
        assert len(pieces) == len(PolicySet.from_str(case.policies)), case.name
        if len(pieces) > 1:
            assert all(len(PolicySet.from_str(piece.text)) == 1 for piece in pieces), case.name
        total += Counter(sets=1, requests=len(case.requests))
    assert total == {"sets": SETS, "requests": REQUESTS}
