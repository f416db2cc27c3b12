"""Text of compiled expressions: constants by name, bounded nesting, checked booleans."""

from __future__ import annotations

import pytest
from kit.cedar import U1

from yett.policy.cedar.emit import LOCALS, MAX_DEPTH, Code, Emitter
from yett.policy.cedar.extensions import CedarError
from yett.policy.cedar.model import Uid
from yett.policy.cedar.operators import negate

ACTION = Uid("Action", "a")


def emitter():
    return Emitter(ACTION, {ACTION: frozenset()})


def run(made, code, **values):
    """Evaluate an expression's text."""
    names = dict.fromkeys(LOCALS) | values | made.names
    exec("".join(made.functions), names)
    return eval(code.text, names)


def test_a_constant_has_one_name():
    """The same object is bound once, equal ones of other types are not mixed up."""
    made = emitter()
    text = "a" * 20
    assert made.bind(text) == made.bind(text) == "k0"
    assert made.names == {"k0": text}
    assert made.bind(True) != made.bind(1)


def test_constants_know_type_and_value():
    """What is known at load is folded."""
    made = emitter()
    assert made.constant(5).constant == (5,)
    assert made.folded(negate, made.constant(5)).constant == (-5,)
    failing = made.folded(negate, made.constant(True))
    assert not failing.constant
    with pytest.raises(CedarError):
        run(made, failing)


@pytest.mark.parametrize("value", [1, 0, "", "x", None, U1])
def test_operands_must_be_booleans(value):
    """Truthy is not true: anything but a boolean errs."""
    made = emitter()
    code = made.truth(Code("x"))
    assert run(made, code, x=True) is True
    assert run(made, code, x=False) is False
    with pytest.raises(CedarError):
        run(made, code, x=value)
    with pytest.raises(CedarError):
        run(made, made.truth(made.constant(value)))


def test_negation():
    """Of constants at once, of others when they are known."""
    made = emitter()
    assert made.negated(made.constant(True)).constant == (False,)
    assert run(made, made.negated(Code("x")), x=False) is True
    with pytest.raises(CedarError):
        run(made, made.negated(Code("x")), x=0)


def test_deep_text_goes_into_functions():
    """However deep an expression is, no text is nested deeper than the limit."""
    made = emitter()
    code = Code("p", bool)
    for _ in range(20 * MAX_DEPTH):
        code = made.code("(not {})", code, kind=bool)
    longest = max(text.count("(not") for text in made.functions)
    assert longest <= MAX_DEPTH
    assert made.used == set(LOCALS)
    assert run(made, code, p=True) is True


def test_braces_in_operands_are_no_places():
    """A form is filled once: what stands in an operand is never filled again."""
    made = emitter()
    assert made.code("({})", Code("{0}{}")).text == "({0}{})"
    assert made.call(max, Code("1"), Code("2")).text == "k0(1, 2)"
