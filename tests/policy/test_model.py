"""The compiled contract as values: nothing in it can be changed after it was built."""

from __future__ import annotations

import pytest

from yett.policy import model
from yett.policy.model import BodyRead, Fault, Limit, ParametersRead, Upstream

VALUES = [
    Fault("missing", "query/q"),
    Limit("default-0", 60.0, 60.0, "ip"),
    ParametersRead({}, ""),
    BodyRead(None, b""),
    Upstream("x", "http", "h", 80),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_values_are_frozen(value):
    """A policy is swapped whole, never edited."""
    with pytest.raises(AttributeError, match="immutable"):
        setattr(value, value.__struct_fields__[0], None)


@pytest.mark.parametrize("name", ["OperationPolicy", "Policy", "TextSource", "Shapes"])
def test_nothing_that_decides_has_a_default(name):
    """Who builds an operation says every control of it: what was forgotten is not off by accident."""
    struct = getattr(model, name)
    optional = {"remarks", "media_types"} & set(struct.__struct_fields__)
    assert struct.__struct_config__.frozen
    assert len(struct.__struct_defaults__) == len(optional)


def test_rules_are_named_once():
    """No rule twice: modes are kept by name."""
    assert len(set(model.RULES)) == len(model.RULES)
