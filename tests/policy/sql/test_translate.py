"""Each form of the language, one by one, beside the decision on each row."""

from __future__ import annotations

import pytest
from cedarpy import PolicySet
from kit.rows import caller, decide, model_of, shown, slice_of, where

from yett.policy.sql.errors import FilterError
from yett.policy.sql.operands import Reader
from yett.policy.sql.translate import translate
from yett.policy.sql.verdict import ERROR, FALSE, TRUE


@pytest.mark.parametrize(
    "condition",
    [
        "resource.pub",
        "!resource.pub",
        "resource has flag && resource.flag",
        "resource has flag && !resource.flag",
        "!(resource has depot)",
        "resource has depot && resource.depot == resource.title",
        "resource.amount > principal.level",
        "principal.level >= resource.amount",
        "resource has score && resource.score != resource.amount",
        'resource.status == "open"',
        'resource.status like "o*"',
        "resource is Booking && resource.pub",
        "resource.customer is User && resource.pub",
        'resource.customer is User in Team::"t1"',
        "if resource has score then resource.score > 0 else resource.pub",
        "(resource.amount > 5) == resource.pub",
        "(if resource.pub then resource.amount > 5 else true) == (resource has depot)",
        "resource.address.city == resource.title || resource.pub",
        'resource.address has zip && resource.address.zip like "*a*"',
        'resource.customer has dept && resource.customer.dept like "a%*"',
        "context.secure && resource.pub",
        "principal.level > 3 && resource.pub",
        "principal.level + 9223372036854775807 > 0 || resource.pub",
        "resource.pub || principal.level + 9223372036854775807 > 0",
        "resource has title && resource has address && resource.pub",
        "resource.customer != principal",
    ],
)
def test_each_form_is_cedars(database, table, condition):
    """SQL and rules agree on every row, as permit and as forbid."""
    permit = f"permit(principal, action, resource) when {{ {condition} }};"
    forbid = f"forbid(principal, action, resource) when {{ {condition} }};"
    for rules in ((permit,), ("permit(principal, action, resource);", forbid)):
        permitted = {row["id"] for row in table if decide(slice_of(*rules), caller(), row)}
        assert shown(database, where(*rules)) == permitted
        assert len(permitted) < len(table)


@pytest.mark.parametrize(
    ("condition", "verdict"),
    [
        ("principal.level > 3", TRUE),
        ("principal.level > 9", FALSE),
        ("principal.level + 9223372036854775807 > 0", ERROR),
        ("principal.level > 9 && resource.amount > 1", FALSE),
        ("principal.level > 3 || resource.amount > 1", TRUE),
        ("resource is User", FALSE),
        ("resource has nothing", FALSE),
        ("resource has title", TRUE),
    ],
)
def test_what_is_settled_makes_no_sql(condition, verdict):
    """A clause that is the same for all rows is a constant, and what is behind it is not written."""
    slice_ = slice_of("permit(principal, action, resource);")
    rule = f"permit(principal, action, resource) when {{ {condition} }};"
    tree = PolicySet.from_str(rule).to_pst().static_policies["policy0"]
    assert translate(Reader(model_of(), slice_, caller()), tree.clauses[0].expr) == verdict


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        ("resource.title && true", "takes what is no boolean for one"),
        ("resource.title is User", "asks what is no entity for its type"),
        ("{a: resource.title} has a", "asks a computed value for its attributes"),
        ('[resource.title] like "a"', "is no text|uses a set"),
        ('resource.title in User::"a"', "asks what is no entity for its groups"),
        ("resource.secret.x == 1", "has no `secret.x`"),
        ("resource has secret", "`secret` of `Booking` has no column"),
        ("resource.amount.isIpv4()", "has no form in SQL"),
    ],
)
def test_other_forms_are_refused(condition, says):
    """What a validated rule cannot even say is refused as well: nothing is taken on trust."""
    rule = f"permit(principal, action, resource) when {{ {condition} }};"
    tree = PolicySet.from_str(rule).to_pst().static_policies["policy0"]
    slice_ = slice_of("permit(principal, action, resource);")
    with pytest.raises(FilterError, match=says):
        translate(Reader(model_of(), slice_, None), tree.clauses[0].expr)
