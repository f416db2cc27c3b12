from __future__ import annotations

import pytest

from yett.records import counts
from yett.records.counts import OTHERS, count
from yett.records.line import Record
from yett.terms import Event


def record(n, **fields):
    given = {"time": float(n), "request": f"r{n}", "method": "GET", "path": f"/a/{n}"}
    return Record(i=n, w="w", s=n, e=Event(**{**given, **fields}), h="")


def rows(groups):
    return [(group.code, group.operation, group.requests) for group in groups]


def test_refusals_are_counted_by_code_and_operation():
    """The most frequent first, with the span of time, an example and how many people."""
    given = [
        record(1, code="scope-missing", operation="a.get", principal="ana"),
        record(2, code="scope-missing", operation="a.get", principal="bo"),
        record(3, code="scope-missing", operation="a.get", principal="bo"),
        record(4, code="body-invalid", operation="a.put"),
    ]
    found = count(given)
    assert rows(found) == [("scope-missing", "a.get", 3), ("body-invalid", "a.put", 1)]
    assert (found[0].first, found[0].last, found[0].principals) == (1.0, 3.0, 2)
    assert found[0].example == "r1"
    assert found[1].principals == 0


def test_what_was_observed_is_counted_by_each_code():
    """A request that two rules would have refused counts for both; a code may be chosen."""
    given = [record(1, operation="a.get", observed=("quota-exceeded", "body-invalid"))]
    assert rows(count(given, observed=True)) == [
        ("body-invalid", "a.get", 1),
        ("quota-exceeded", "a.get", 1),
    ]
    assert rows(count(given, observed=True, code="quota-exceeded")) == [
        ("quota-exceeded", "a.get", 1)
    ]


def test_nobody_lacks_a_scope():
    """Who shows no credential would be told that, not which scope is missing."""
    given = [record(1, operation="a.get", observed=("credential-missing", "scope-missing"))]
    assert rows(count(given, observed=True)) == [("credential-missing", "a.get", 1)]


def test_a_rule_that_complains_twice_counts_a_request_once():
    """Two undeclared fields in one body are one request."""
    given = [record(1, operation="a.get", observed=("body-invalid", "body-invalid"))]
    assert rows(count(given, observed=True)) == [("body-invalid", "a.get", 1)]


def test_requests_are_counted_and_not_their_intents():
    """A sensitive operation leaves three records and is one request."""
    given = [record(n, kind=kind) for n, kind in enumerate(("intent", "outcome", "request", "gap"))]
    assert sum(group.requests for group in count(given)) == 1


def test_what_is_not_declared_goes_by_its_path():
    """In mode `observe` another operation's id stands in the record; the path is what helps."""
    given = [record(1, operation="a.fallback", observed=("undeclared-path",))]
    assert rows(count(given, observed=True)) == [("undeclared-path", "GET /a/1", 1)]


@pytest.mark.parametrize("groups", [1, 3])
def test_memory_is_bounded(monkeypatch, groups):
    """A scanner's thousand paths are `others` from the bound on, and none is lost."""
    monkeypatch.setattr(counts, "MAX_GROUPS", groups)
    found = count([record(n, code="undeclared-path") for n in range(50)])
    assert len(found) == groups + 1
    assert found[0].operation == OTHERS
    assert sum(group.requests for group in found) == 50
