"""The short forms of operators break where a type is wrong, exactly as the long ones do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.cedar import B1, STAFF, U1, U2, user

from yett.policy.cedar import operators
from yett.policy.cedar.binary import write_in, write_joined, write_operator
from yett.policy.cedar.emit import Code, Emitter
from yett.policy.cedar.extensions import CedarError, Datetime, Duration
from yett.policy.cedar.model import Uid
from yett.policy.cedar.values import RecordValue, make_set

ACTION, GROUP = Uid("Action", "a"), Uid("Action", "g")
LEAVES = st.sampled_from(
    (True, False, 0, 1, -5, 2**63 - 1, "", "a", U1, STAFF, Datetime(1), Duration(1))
)
VALUES = st.one_of(
    LEAVES,
    st.lists(LEAVES, max_size=3).map(make_set),
    st.dictionaries(st.sampled_from("ab"), LEAVES, max_size=2).map(RecordValue),
)
PLAIN = sorted({*operators.BINARY})


def made():
    return Emitter(ACTION, {ACTION: frozenset((GROUP,))})


def run(emitter, code, **values):
    """Evaluate; whatever is raised is an error of the rule."""
    try:
        return eval(code.text, dict(values) | emitter.names)
    except Exception as error:
        if isinstance(error, (NameError, SyntaxError)):
            raise
        return "error"


def expected(op, one, two):
    try:
        return operators.BINARY[op](one, two)
    except CedarError:
        return "error"


@given(st.sampled_from(PLAIN), VALUES, VALUES, st.booleans(), st.booleans())
def test_forms_mean_what_the_operators_mean(op, one, two, one_known, two_known):
    """With constants on either side, both or none: one meaning."""
    emitter = made()
    parts = [
        emitter.constant(value) if known else Code(name)
        for value, known, name in ((one, one_known, "x"), (two, two_known, "y"))
    ]
    found = run(emitter, write_operator(emitter, op, *parts), x=one, y=two)
    wanted = expected(op, one, two)
    assert type(found) is type(wanted)
    assert found == wanted


@given(st.sampled_from(("and", "or")), st.lists(st.tuples(LEAVES, st.booleans()), max_size=4))
def test_chains_stop_and_check_as_cedar_does(op, operands):
    """Evaluated from the left, nothing after the end, each operand a boolean."""
    emitter = made()
    parts = [
        emitter.constant(value) if known else Code(f"x{at}")
        for at, (value, known) in enumerate(operands)
    ]
    values = {f"x{at}": value for at, (value, _) in enumerate(operands)}
    wanted = op == "and"
    for value, _ in operands:
        if type(value) is not bool:
            wanted = "error"
            break
        if value is (op == "or"):
            wanted = value
            break
    assert run(emitter, write_joined(emitter, op, parts), **values) is wanted or wanted == "error"
    if wanted == "error":
        assert run(emitter, write_joined(emitter, op, parts), **values) == "error"


@pytest.mark.parametrize(
    ("group", "answer"),
    [
        (U1, True),
        (STAFF, True),
        (U2, False),
        (make_set([]), False),
        (make_set([U2, STAFF]), True),
        (make_set([U1]), True),
        ("text", "error"),
        (make_set([STAFF, 1]), "error"),
    ],
)
def test_membership_of_variables(group, answer):
    """A variable against a constant looks at its groups directly, with the same answer."""
    entities = {U1: user(U1, STAFF)}
    names = {"es": entities, "p": U1, "pn": frozenset((STAFF,)), "g": group}
    for two in (made().constant(group), None):
        emitter = made()
        operand = emitter.constant(group) if two else Code("g")
        code = write_in(emitter, "p", Code("p", Uid), operand)
        assert run(emitter, code, **names) == answer


def test_membership_of_actions_is_decided_at_load():
    """The groups of actions are in the schema, not among the entities."""
    emitter = made()
    one = emitter.constant(ACTION)
    assert write_in(emitter, "", one, emitter.constant(GROUP)).constant == (True,)
    assert write_in(emitter, "", one, emitter.constant(make_set([B1]))).constant == (False,)
    code = write_in(emitter, "", one, Code("g"))
    assert run(emitter, code, g=make_set([GROUP])) is True
    assert run(emitter, code, g=U1) is False


def test_an_unknown_operator_is_said():
    """An operator of a later Cedar is a reason to fall back, not a wrong answer."""
    with pytest.raises(ValueError, match="no way to compile `xor`"):
        write_operator(made(), "xor", Code("x"), Code("y"))
