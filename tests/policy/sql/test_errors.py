"""A refusal names the rule, the clause and a way out, on one line."""

from __future__ import annotations

from yett.policy.sql.errors import FilterError


def test_a_place_is_added_to_a_reason():
    """What was found deep in a clause is told with its rule."""
    error = FilterError("computes `add` from the record", hint="compare").at(
        "own", "resource.a + 1"
    )
    assert str(error) == "`own`: `resource.a + 1` computes `add` from the record; hint: compare"
    assert (error.rule, error.clause, error.hint) == ("own", "resource.a + 1", "compare")
    assert str(FilterError("there is none")) == "there is none"
    assert isinstance(error, ValueError)
