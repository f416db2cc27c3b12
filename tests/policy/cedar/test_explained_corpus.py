"""Clauses judged one by one come to what Cedar recorded for the whole rule, over its own corpus."""

from __future__ import annotations

from cedarpy import PolicySet
from kit.cedar_corpus import action_of, read_cases, read_entities, read_inputs, read_rules

from yett.policy.cedar.clauses import take_apart
from yett.policy.cedar.evaluate import Outcome, judge
from yett.policy.cedar.model import Entity, Inputs
from yett.policy.cedar.scope import applies

# Every 6th set; all 53,282 requests agree too, and take 20 s.
PARTS = 6


def came_to(clauses, inputs, action, groups):
    """A rule is true when all its clauses are; the first that is not decides."""
    for clause in clauses:
        outcome, _ = judge(clause.expr, inputs, action.id, groups)
        if outcome is not Outcome.TRUE:
            return outcome
    return Outcome.TRUE


def whole(inputs, entities):
    """A resource that is in no table has nothing; that it was not read is another matter."""
    known = {inputs.resource: Entity(inputs.resource), **entities}
    return Inputs(inputs.principal, inputs.resource, inputs.context, known)


def test_clauses_come_to_what_cedar_recorded():
    """True, false and erred agree for every rule of every request, so a reason is a reason."""
    seen = 0
    for case in read_cases(0, PARTS):
        try:
            rules = read_rules(PolicySet.from_str(case.policies))
        except ValueError:
            continue  # the tree cannot say it: decided by cedarpy alone, and explained as such
        entities = read_entities(case.entities, case.schema)
        apart = [(rule, take_apart(rule.tree)) for rule in rules]
        for request in case.requests:
            action = action_of(request)
            if action.type != "Action":
                continue
            above = entities[action].ancestors if action in entities else frozenset()
            groups = [group.id for group in above]
            inputs = whole(read_inputs(request, entities), entities)
            found = {
                rule.id: (rule.effect, came_to(clauses, inputs, action, groups))
                for rule, clauses in apart
                if applies(rule.tree, action, above)
            }
            erred = {id_ for id_, (_, outcome) in found.items() if outcome is Outcome.ERROR}
            held = {
                effect: {i for i, (e, o) in found.items() if e == effect and o is Outcome.TRUE}
                for effect in ("permit", "forbid")
            }
            assert erred == set(request["errors"]), (case.name, request)
            assert (held["forbid"] or held["permit"]) == set(request["reason"]), (
                case.name,
                request,
            )
            seen += 1
    assert seen > 5000
