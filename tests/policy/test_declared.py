"""What leaves in an answer is what its schema declares: no more, and never less."""

from __future__ import annotations

import copy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yett.contract.model import Api, MediaType, Operation, Response, Settings
from yett.contract.report import Report
from yett.policy.declared import Answers, compile_declared
from yett.policy.model import BodyRead

JUNK = ("z1", "z2", "z3")


def make(
    schema, *, components=None, version="3.1", more=(), settings=None, media="application/json"
):
    """Compile one GET whose 200 has this schema; also return the report."""
    answers = (Response(status="200", content=(MediaType(name=media, schema=schema),)), *more)
    operation = Operation(
        id="x.op",
        api="x",
        method="GET",
        path="/t",
        parameters=(),
        body=None,
        responses=answers,
        security=None,
        settings=settings or Settings(),
    )
    document = {"components": {"schemas": components or {}}}
    api = Api(
        name="x",
        base="",
        upstream="http://h:1",
        version=version,
        operations=(operation,),
        document=document,
    )
    report = Report()
    return compile_declared(api, operation, report), report


def kept(schema, value, **given):
    declared, _ = make(schema, **given)
    value = copy.deepcopy(value)
    return value if declared is None else declared.keep["200"](value)[0]


def ref(name):
    return {"$ref": f"#/components/schemas/{name}"}


PETS = {
    "Pet": {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"type": "string"}, "name": {}},
        "discriminator": {
            "propertyName": "kind",
            "mapping": {"dog": "#/components/schemas/Dog", "cat": "#/components/schemas/Cat"},
        },
    },
    "Dog": {"allOf": [ref("Pet"), {"properties": {"bark": {}}}]},
    "Cat": {"allOf": [ref("Pet"), {"properties": {"meow": {}}}]},
    "Tree": {"properties": {"v": {}, "kids": {"type": "array", "items": ref("Tree")}}},
    "Car": {"type": "object", "properties": {"type": {"const": "car"}, "doors": {}}},
    "Bus": {"type": "object", "properties": {"type": {"const": "bus"}, "seats": {}}},
}
DOG = {"kind": "dog", "bark": 1, "meow": 2, "z": 3}
CAR = {"type": "car", "doors": 4, "seats": 9}
RIDE = {
    "oneOf": [ref("Car"), ref("Bus")],
    "discriminator": {"propertyName": "type"},
}
CASES = [
    # (name, schema, answer, what leaves of it)
    ("undeclared", {"properties": {"a": {}}}, {"a": 1, "b": 2}, {"a": 1}),
    ("write only", {"properties": {"a": {}, "p": {"writeOnly": True}}}, {"a": 1, "p": 2}, {"a": 1}),
    ("read only", {"properties": {"a": {"readOnly": True}}}, {"a": 1}, {"a": 1}),
    (
        "deep",
        {"properties": {"o": {"properties": {"x": {}}}}},
        {"o": {"x": 1, "y": 2}},
        {"o": {"x": 1}},
    ),
    ("items", {"items": {"properties": {"a": {}}}}, [{"a": 1, "b": 2}, 7], [{"a": 1}, 7]),
    (
        "positions",
        {"prefixItems": [{"properties": {"a": {}}}, {}], "items": {"properties": {"b": {}}}},
        [{"a": 1, "x": 1}, {"x": 1}, {"b": 1, "x": 1}],
        [{"a": 1}, {"x": 1}, {"b": 1}],
    ),
    ("nothing said", {"type": "object"}, {"a": 1}, {"a": 1}),
    ("all said", {"properties": {"a": {}}, "additionalProperties": True}, {"b": 1}, {"b": 1}),
    (
        "a map",
        {"properties": {"a": {}}, "additionalProperties": {"properties": {"k": {}}}},
        {"a": {"q": 1}, "b": {"k": 1, "q": 1}},
        {"a": {"q": 1}, "b": {"k": 1}},
    ),
    (
        "a write only beside all said",
        {"properties": {"p": {"writeOnly": True}}, "additionalProperties": True},
        {"p": 1, "b": 1},
        {"b": 1},
    ),
    (
        "patterns",
        {"patternProperties": {"^x-": {"properties": {"k": {}}}}},
        {"x-a": {"k": 1, "q": 1}, "y": 1},
        {"x-a": {"k": 1}},
    ),
    (
        "a name that is also of a pattern",
        {
            "properties": {"x-a": {"properties": {"i": {}}}},
            "patternProperties": {"^x-": {"properties": {"j": {}}}},
        },
        {"x-a": {"i": 1, "j": 1, "k": 1}},
        {"x-a": {"i": 1, "j": 1}},
    ),
    (
        "a name of two patterns",
        {"patternProperties": {"^x": {"properties": {"i": {}}}, "y$": {"properties": {"j": {}}}}},
        {"xy": {"i": 1, "j": 1}, "x": {"i": 1, "j": 1}},
        {"xy": {"i": 1, "j": 1}, "x": {"i": 1}},
    ),
    (
        "all of several",
        {"allOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]},
        {"a": 1, "b": 1, "c": 1},
        {"a": 1, "b": 1},
    ),
    (
        "a closed part beside another",
        {
            "allOf": [
                {"properties": {"a": {}}, "additionalProperties": False},
                {"properties": {"b": {}}},
            ]
        },
        {"a": 1, "b": 1, "c": 1},
        {"a": 1, "b": 1},
    ),
    (
        "one property of several",
        {
            "allOf": [
                {"properties": {"o": {"properties": {"x": {}}}}},
                {"properties": {"o": {"properties": {"y": {}}}}},
            ]
        },
        {"o": {"x": 1, "y": 1, "z": 1}},
        {"o": {"x": 1, "y": 1}},
    ),
    (
        "write only in one part",
        {"allOf": [{"properties": {"p": {}}}, {"properties": {"p": {"writeOnly": True}, "a": {}}}]},
        {"p": 1, "a": 1},
        {"a": 1},
    ),
    (
        "alternatives",
        {"oneOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]},
        {"a": 1, "b": 1, "c": 1},
        {"a": 1, "b": 1},
    ),
    (
        "an alternative that says nothing",
        {"oneOf": [{"type": "object"}, {"properties": {"b": {}}}]},
        {"a": 1},
        {"a": 1},
    ),
    (
        "a condition is no alternative",
        {"properties": {"a": {}, "b": {}}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
        {"a": 1, "c": 1},
        {"a": 1},
    ),
    (
        "write only in one alternative of two",
        {"oneOf": [{"properties": {"p": {"writeOnly": True}}}, {"properties": {"p": {}, "q": {}}}]},
        {"p": 1},
        {"p": 1},
    ),
    (
        "if, then and else",
        {
            "properties": {"k": {}},
            "if": {"properties": {"k": {"const": 1}}},
            "then": {"properties": {"a": {}}},
            "else": {"properties": {"b": {}}},
        },
        {"k": 1, "a": 1, "b": 1, "c": 1},
        {"k": 1, "a": 1, "b": 1},
    ),
    (
        "dependent schemas",
        {"properties": {"k": {}}, "dependentSchemas": {"k": {"properties": {"a": {}}}}},
        {"k": 1, "a": 1, "c": 1},
        {"k": 1, "a": 1},
    ),
    ("a tag", RIDE, CAR, {"type": "car", "doors": 4}),
    ("a tag nobody declares", RIDE, {**CAR, "type": "tram", "z": 1}, {**CAR, "type": "tram"}),
    ("no tag", RIDE, {"doors": 4, "seats": 9, "z": 1}, {"doors": 4, "seats": 9}),
    ("a tag of another type", RIDE, {**CAR, "type": ["car"]}, {**CAR, "type": ["car"]}),
    ("inheritance", ref("Pet"), DOG, {"kind": "dog", "bark": 1}),
    ("an heir", ref("Dog"), DOG, {"kind": "dog", "bark": 1}),
    ("wrapped", {"allOf": [ref("Pet")], "description": "x"}, DOG, {"kind": "dog", "bark": 1}),
    ("or null", {"anyOf": [ref("Pet"), {"type": "null"}]}, DOG, {"kind": "dog", "bark": 1}),
    ("an unknown heir", ref("Pet"), {**DOG, "kind": "?"}, {"kind": "?", "bark": 1, "meow": 2}),
    (
        "recursion",
        ref("Tree"),
        {"v": 1, "x": 1, "kids": [{"v": 1, "kids": [{"w": 1}]}]},
        {"v": 1, "kids": [{"v": 1, "kids": [{}]}]},
    ),
    ("a reference to nothing", ref("Nope"), {"a": 1}, {"a": 1}),
    ("a property that refers to nothing", {"properties": {"a": ref("No")}}, {"a": {"b": 1}}, None),
    ("another type", {"type": "object", "properties": {"a": {}}}, [{"b": 1}], None),
    ("text", {"type": "string"}, "x", None),
    ("null", {"properties": {"a": {}}}, None, None),
]


@pytest.mark.parametrize(
    ("schema", "value", "left"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_what_leaves(schema, value, left):
    """Each construct of a schema leaves what it declares."""
    assert kept(schema, value, components=PETS) == (value if left is None else left)


def test_nullable_of_openapi_3_0_hides_nothing():
    """`nullable` beside a composition is one more alternative, not another object."""
    schema = {"properties": {"p": {"allOf": [ref("Pet")], "nullable": True}}}
    assert kept(schema, {"p": DOG, "q": 1}, components=PETS, version="3.0") == {
        "p": {"kind": "dog", "bark": 1}
    }


def test_what_was_left_out_is_told():
    """Pointers name it, once for all items of an array, at most a few."""
    schema = {"items": {"properties": {"a": {}, "o": {"properties": {"x": {}}}}}}
    declared, _ = make(schema)
    answer = [{"a": 1, "b": 2, "o": {"y": 1}}] * 3 + [{"~/": 1}]
    assert declared.keep["200"](copy.deepcopy(answer))[1] == ("/*/b", "/*/o/y", "/*/~0~1")
    many = {f"n{number}": 1 for number in range(100)}
    assert len(make({"properties": {"a": {}}})[0].keep["200"](many)[1]) == 8


def test_a_schema_that_leads_nowhere_keeps_and_is_noted():
    """What cannot be told is kept; a note says of which operation."""
    declared, report = make({"properties": {"a": ref("Nope")}})
    assert declared.keep["200"]({"a": {"b": 1}, "c": 1})[0] == {"a": {"b": 1}}
    (remark,) = report.remarks
    assert (remark.rule.id, remark.rule.severity, remark.subject) == ("answer-open", "note", "x.op")
    assert "`#/components/schemas/Nope` points to nothing" in remark.message


def test_a_pattern_that_no_engine_runs_keeps():
    """Names that a dropped pattern may have declared are not left out."""
    schema = {"properties": {"a": {}}, "patternProperties": {"(?=x)": {}}}
    assert kept(schema, {"a": 1, "xy": 1}) == {"a": 1, "xy": 1}


def test_each_status_has_its_own():
    """Exact, range and default are compiled; a status without a schema is left alone."""
    error = MediaType(name="application/problem+json", schema={"properties": {"title": {}}})
    more = (Response(status="4XX", content=(error,)), Response(status="404", content=()))
    declared, _ = make({"properties": {"a": {}}}, more=more)
    assert declared.keep["4XX"]({"title": 1, "trace": 2})[0] == {"title": 1}
    assert declared.keep["404"]({"trace": 2})[0] == {"trace": 2}


@pytest.mark.parametrize(
    "given",
    [
        {"settings": Settings(stream="response")},
        {"settings": Settings(stream="both")},
        {"settings": Settings(websocket=True)},
        {"media": "text/csv"},
    ],
)
def test_what_is_not_read_is_not_compiled(given):
    """Streams, WebSockets and other media types are exempt."""
    assert make({"properties": {"a": {}}}, **given)[0] is None


def test_several_json_types_are_alternatives():
    """An answer may be of any declared JSON type, so each one's fields leave."""
    other = MediaType(name="application/vnd.x+json", schema={"properties": {"b": {}}})
    first = MediaType(name="application/json", schema={"properties": {"a": {}}})
    declared, _ = make({}, more=(Response(status="201", content=(first, other)),))
    assert declared.keep["201"]({"a": 1, "b": 1, "c": 1})[0] == {"a": 1, "b": 1}


def test_an_operation_without_answers_has_nothing_to_leave_out(new_api):
    """Where no response is declared, nothing is compiled."""
    made = new_api(None)
    answers = Answers(made, Report())
    assert answers.declared(made.operations[0]) is None


# --- any schema, any answer ---


@st.composite
def answers(draw, depth=3, names="abcdef"):
    """A schema, an answer that it declares, and the same answer with more in it."""
    kinds = (
        ["scalar"] if depth == 0 else ["scalar", "object", "object", "array", "all", "any", "map"]
    )
    kind = draw(st.sampled_from(kinds))
    if kind == "scalar":
        value = draw(st.sampled_from(["x", 1, None, True, 1.5]))
        return {}, value, value
    if kind == "object":
        return draw(objects(depth, names))
    if kind == "array":
        schema, value, dirty = draw(answers(depth=depth - 1))
        count = draw(st.integers(0, 3))
        clean, dirt = ([copy.deepcopy(v) for _ in range(count)] for v in (value, dirty))
        return {"type": "array", "items": schema}, clean, dirt
    if kind == "map":
        schema, value, dirty = draw(answers(depth=depth - 1))
        return {"additionalProperties": schema}, {"k": value}, {"k": dirty}
    one, two = draw(objects(depth, "abc")), draw(objects(depth, "def"))
    if kind == "any":
        chosen = draw(st.sampled_from([one, two]))
        return {"anyOf": [one[0], two[0]]}, chosen[1], chosen[2]
    return {"allOf": [one[0], two[0]]}, {**one[1], **two[1]}, {**one[2], **two[2]}


@st.composite
def objects(draw, depth, names):
    """The same for an object with properties, some of them `writeOnly`."""
    properties, clean, dirty = {}, {}, {}
    for name in draw(st.lists(st.sampled_from(names), min_size=1, unique=True)):
        schema, value, more = draw(answers(depth=depth - 1))
        if draw(st.integers(0, 4)) == 0:
            properties[name], dirty[name] = {"writeOnly": True}, "secret"
            continue
        properties[name] = schema
        if draw(st.booleans()):
            clean[name], dirty[name] = value, more
    for name in draw(st.lists(st.sampled_from(JUNK), unique=True)):
        dirty[name] = draw(st.sampled_from([1, {"a": 1}, [{"b": 2}]]))
    return {"type": "object", "properties": properties}, clean, dirty


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(answers())
def test_any_answer_keeps_what_is_declared_and_nothing_else(case):
    """What is declared stays whole, what is not goes, a second time changes nothing."""
    schema, clean, dirty = case
    declared, report = make(schema)
    assert report.remarks == []
    if declared is None:
        assert clean == dirty
        return
    keep = declared.keep["200"]
    assert keep(copy.deepcopy(clean)) == (clean, ())
    left, lost = keep(copy.deepcopy(dirty))
    assert left == clean
    assert bool(lost) == (clean != dirty)
    assert keep(copy.deepcopy(left)) == (left, ())


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=answers())
def test_what_leaves_fits_the_closed_schema(new_body, case):
    """Read as a request of the same schema, with unknown fields refused, it is accepted."""
    schema, _, dirty = case
    left = kept(schema, dirty)
    text = repr(schema).replace("writeOnly", "readOnly")
    read = new_body(eval(text))
    assert isinstance(read(left), BodyRead)
