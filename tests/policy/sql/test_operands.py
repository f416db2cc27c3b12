"""What reads nothing of the record is a constant of this caller; the rest is a field or refused."""

from __future__ import annotations

import pytest
from cedarpy import PolicySet, pst
from kit.rows import caller, model_of, slice_of

from yett.policy.cedar.evaluate import UNKNOWN
from yett.policy.cedar.model import Uid
from yett.policy.sql.errors import FilterError
from yett.policy.sql.fields import Field, Many
from yett.policy.sql.operands import (
    LATER,
    Broken,
    Constant,
    Elements,
    Reader,
    missing,
    path_of,
    reads_resource,
    reads_seen,
)

SLICE = slice_of("permit(principal, action, resource);")


def read(text):
    tree = PolicySet.from_str(f"permit(principal, action, resource) when {{ {text} }};").to_pst()
    return tree.static_policies["policy0"].clauses[0].expr


def reader(who=None):
    return Reader(model_of(), SLICE, who)


def test_constants_are_evaluated_for_the_caller():
    """An error is kept as one; it is not the rule that fails, but each row."""
    asked = reader(caller())
    assert asked.operand(read("principal")) == Constant(Uid("User", "u1"))
    assert asked.operand(read("principal.level + 1")) == Constant(6)
    assert asked.operand(read('action in Action::"read"')) == Constant(value=True)
    assert asked.operand(read("principal.level + 9223372036854775807")) == Broken()


def test_a_plan_knows_no_caller():
    """Only what the rule itself names is known, and which types the rest may be of."""
    asked = reader()
    assert asked.operand(read('User::"a"')) == Constant(Uid("User", "a"))
    assert asked.operand(read("principal")) == Constant(LATER, frozenset(("User",)))
    assert asked.operand(read('[principal, Team::"t"]')).types == {"User", "Team"}
    assert asked.operand(read("principal.level")) == Constant(LATER)
    assert asked.operand(read("principal.depots")).types is None
    assert asked.operand(read("[context.now]")).types is None


def test_fields_and_sets_of_the_record():
    """A path is a field, a set with a field in it keeps its elements."""
    asked = reader(caller())
    assert isinstance(asked.operand(read("resource.title")), Field)
    assert isinstance(asked.operand(read("resource")), Field)
    assert isinstance(asked.operand(read("resource.tags")), Many)
    assert isinstance(asked.operand(read('[resource.title, "a"]')), Elements)
    with pytest.raises(FilterError, match="uses a set of the record as one value"):
        asked.single(read("[resource.tags]"))
    with pytest.raises(FilterError, match="computes a record from the record"):
        asked.operand(read("{a: resource.title}"))
    with pytest.raises(FilterError, match="computes a value from the record"):
        asked.operand(read("{a: resource.title}.a"))


def test_what_depends_on_the_request_is_refused_without_it():
    """A principal alone says nothing of where its request came from."""
    with pytest.raises(FilterError, match="depends on the request: `secure` is not known here"):
        reader(caller(context={"secure": UNKNOWN})).operand(read("context.secure"))


def test_an_operand_errs_where_its_parts_do():
    """A set with a missing element is missing."""
    asked = reader(caller())
    assert missing(Constant(1)) is False
    assert missing(Broken()) is True
    assert "score IS NULL" in str(missing(asked.operand(read("[resource.score, 1]"))))


def test_paths_and_reads_are_told_by_form():
    """What leads from the record is a path; `seen` and the whole context are another per record."""
    assert path_of(read("resource.address.city")) == ("address", "city")
    assert path_of(pst.Var("resource")) == ()
    assert path_of(read("principal.level")) is None
    assert reads_resource(read('{a: [1, if true then resource.title else ""]} == {}'))
    assert not reads_resource(read("principal.level > 1"))
    for text in ("context.seen", "context has seen", "{a: context} == {}", "context == context"):
        assert reads_seen(read(text)), text
    assert not reads_seen(read("context.secure && context has auth_age"))
