"""Reading a record: no id changes the target, and only the record asked for is one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.deciding import GONE, JSON, booking, read
from kit.engine import operation

from yett.contract.config import ApiConfig, AuthzConfig, Config
from yett.engine.questions import ReadRecord
from yett.engine.reading import Found, Reader, open_answer, segment
from yett.policy.authz.model import Located, Read, Shape
from yett.policy.cedar.model import Uid
from yett.policy.cedar.types import Attribute, Reference
from yett.problems import UPSTREAM_TIMEOUT
from yett.wire.target import Target, read_target

LIMIT = 2000
HOSTILE = [
    "", ".", "..", "../x", "a/b", "/", "a%2Fb", "%2e%2e", "a;b", "..;", "a\\b", "a\nb", "a\0b",
    "\x7f", "\x85", "a\r\nHost: x", "\ud800",
]  # fmt: skip
SHAPE = Shape(
    type="Booking",
    key=("id",),
    attributes=((Attribute("customer", Reference("User")), ("customer_id",)),),
)


def reader(*path, pointer=(), shape=SHAPE):
    config = Config(
        api={"api": ApiConfig(upstream="http://h:1", openapi="o")},
        authz=AuthzConfig(max_checked=LIMIT),
    )
    policy = type("Policy", (), {"config": config})()
    made = Read(operation="get", upstream="api", path=path, pointer=pointer, shape=shape)
    return Reader(made, operation(template="/shops/{shop}/bookings/{id}"), policy)


class Asked:
    def __init__(self, *arguments):
        self.arguments = arguments
        self.values = {}


def fetch(answer, id_="3", **kind):
    """Run one read; return (question or None, outcome)."""
    run = reader("/bookings/", None, **kind).fetch(Asked(), id_)
    try:
        question = next(run)
    except StopIteration as stop:
        return None, stop.value
    try:
        run.send(answer)
    except StopIteration as stop:
        return question, stop.value
    raise AssertionError


@pytest.mark.parametrize("id_", HOSTILE)
def test_a_hostile_id_is_never_read(id_):
    """Traversal, separators, double encodings, path parameters and line ends are no ids."""
    question, found = fetch(read(booking()), id_)
    assert question is None
    assert found.code == "no-such-record"


@pytest.mark.parametrize(
    ("id_", "target"),
    [
        ("3", "/bookings/3"),
        ("a b", "/bookings/a%20b"),
        ("a?b=c", "/bookings/a%3Fb=c"),
        ("a#b", "/bookings/a%23b"),
        ("a&b=c+d,e:f@g", "/bookings/a&b=c+d,e:f@g"),
        ("é", "/bookings/%C3%A9"),
        ("...", "/bookings/..."),
        ('"<>{}|^`', "/bookings/%22%3C%3E%7B%7D%7C%5E%60"),
    ],
)
def test_an_id_is_one_segment(id_, target):
    """Everything that has a meaning in a target is written as an escape."""
    assert reader("/bookings/", None).target(Asked(), id_) == target


@given(st.text(max_size=20))
def test_whatever_the_id_the_wire_reads_the_same_segment(id_):
    """A target that we write is one that our own strict reader takes, with that one segment."""
    target = reader("/bookings/", None, "/x").target(Asked(), id_)
    if target is None:
        return
    found = read_target(target.encode("ascii"), "h")
    assert isinstance(found, Target)
    assert found.segments == ("bookings", id_, "x")
    assert (found.path, found.query) == (target, "")


@pytest.mark.parametrize("other", HOSTILE)
def test_other_parameters_of_the_path_are_as_strict(other):
    """The parent's id is as hostile as the record's."""
    made = reader("/shops/", Located("path", "shop"), "/bookings/", None)
    assert made.target(Asked("s 1", "9"), "3") == "/shops/s%201/bookings/3"
    assert made.target(Asked(other, "9"), "3") is None


def test_a_target_has_an_end():
    """Two long ids do not make a target that the service refuses in its own way."""
    made = reader("/shops/", Located("path", "shop"), "/bookings/", None)
    assert made.target(Asked("é" * 500, "9"), "é" * 500) is None


def test_a_record_is_read_and_named():
    """The question names upstream, target and limit; the answer is an entity and its JSON."""
    question, found = fetch(read(booking(), b'"v"'))
    assert question == ReadRecord("api", "/bookings/3", LIMIT)
    assert isinstance(found, Found)
    assert found.value == booking()
    assert found.entity.uid == Uid("Booking", "3")
    assert found.entity.attrs == {"customer": Uid("User", "7")}
    assert (found.target, found.etag) == ("/bookings/3", b'"v"')


def test_a_record_inside_an_envelope():
    """`resource.record` says where it is."""
    _, found = fetch(read({"data": booking()}), pointer=("data",))
    assert found.value == booking()
    _, found = fetch(read({"data": None}), pointer=("data",))
    assert found.code == "record-unreadable"


@pytest.mark.parametrize(
    ("own", "code"),
    [
        (3, None), ("3", None), (None, None), (4, "no-such-record"), ("03", "no-such-record"),
        (3.0, "no-such-record"), ([3], "no-such-record"), ({}, "no-such-record"),
        (True, "no-such-record"), ("", "no-such-record"),
    ],
)  # fmt: skip
def test_another_record_than_the_one_asked_for_is_none(own, code):
    """`/bookings/me` or a folded case answers with a record of another id (confused deputy)."""
    _, found = fetch(read(booking(id_=own)))
    assert (None if isinstance(found, Found) else found.code) == code


def test_a_record_without_an_id_of_its_own_is_the_one_asked_for():
    """Some services do not repeat it."""
    value = booking()
    del value["id"]
    assert isinstance(fetch(read(value))[1], Found)


@pytest.mark.parametrize("status", [403, 404, 410])
def test_missing_and_forbidden_are_one(status):
    """Whatever the service calls it, outside there is no such record."""
    assert fetch(read({}, status=status))[1].code == "no-such-record"


@pytest.mark.parametrize(
    "answer",
    [
        read(booking(), status=201),
        read(booking(), status=206),
        read(booking(), status=304),
        read({}, status=401),
        read({}, status=500),
        read(booking(), media_type="text/html"),
        read(booking(), media_type=""),
        read(b""),
        read(b"{"),
        read(b"\xff"),
        read(b"NaN"),
        read(b'{"id": 3, "customer_id": 7, "customer_id": 8}'),
        read(b"[" * 100 + b"]" * 100),
        read(booking(note="x" * LIMIT)),
        read([booking()]),
        read(None),
        read(booking(customer=None)),
        read(booking(customer=True)),
        False,
        None,
    ],
)
def test_what_is_not_plainly_the_record_is_unreadable(answer):
    """Nothing is decided on a part, a page of HTML, a broken or a doubtful record."""
    assert fetch(answer)[1].code == "record-unreadable"


@pytest.mark.parametrize("media_type", [JSON, "application/problem+json", "application/hal+json"])
def test_json_by_any_name_is_read(media_type):
    """RFC 6839: a suffix says what it is."""
    assert isinstance(fetch(read(booking(), media_type=media_type))[1], Found)


def test_a_problem_of_the_adapter_is_passed_on():
    """A service that is down is not a record that is not there."""
    problem = UPSTREAM_TIMEOUT()
    assert fetch(problem)[1] is problem
    assert open_answer(problem, LIMIT) is problem


def test_nothing_of_the_service_is_told():
    """Details are the table's own; what was seen is for the record."""
    for answer in (GONE, read({}, status=500), read(b"secret")):
        problem = fetch(answer)[1]
        assert problem.detail == problem.kind.detail
        assert "secret" not in problem.note


@given(st.text())
def test_no_text_breaks_a_segment(text):
    """An id is written or refused."""
    written = segment(text)
    assert written is None or (written.isascii() and "/" not in written)
