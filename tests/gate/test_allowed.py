"""`yett.allowed` shows a caller the rows that the gate would let it read one by one."""

from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from kit.deciding import Scene, booking, person
from kit.shop import OWN, answer, document, operation, write_shop
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import yett
from yett.contract.errors import ContractError
from yett.engine.release import Reply, release
from yett.gate.allowed import FilterError, allowed
from yett.gate.reload import prepare
from yett.gate.serving import serve_program
from yett.terms import ANONYMOUS


class Base(DeclarativeBase):
    pass


class Booking(Base):
    __tablename__ = "bookings"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int]
    status: Mapped[str]
    price: Mapped[int]
    note: Mapped[str | None]


ROWS = [
    booking(number, customer=number % 3 + 7, status=("draft", "confirmed")[number % 2])
    for number in range(1, 13)
]
LIMITED = (
    OWN
    + """
@id("drafts")
forbid(principal, action == Action::"listBookings", resource)
when { resource.status == "draft" && resource.price > 5 && principal.issuer == "https://issuer.test" };
"""
)


@pytest.fixture(scope="module")
def session():
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(sa.insert(Booking), ROWS)
    with engine.connect() as connection:
        yield connection


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_shop(tmp_path_factory.mktemp("shop"))


def ids(session, condition):
    return set(session.scalars(sa.select(Booking.id).where(condition)))


def owned(customer):
    return {row["id"] for row in ROWS if row["customer_id"] == customer}


def test_a_caller_is_shown_its_own(session, folder):
    """The rule of single records is the rule of the list; staff see all, others nothing."""
    for who, expected in (
        (person("7"), owned(7)),
        (person("8"), owned(8)),
        (person("07"), set()),
        (person("7'--"), set()),
        (person("1", "staff"), {row["id"] for row in ROWS}),
        (person("7", kind="service"), set()),
    ):
        found = yett.allowed("listBookings", Booking, who, contract=folder)
        assert ids(session, found) == expected, who
    assert ids(
        session, allowed("shop.listBookings", Booking, person(), contract=str(folder))
    ) == owned(7)


def test_the_gate_agrees(session, tmp_path):
    """What the gate leaves in a list is what the filter shows, rules and reasons the same."""
    scene = Scene(tmp_path, policies=LIMITED)
    for who in ("ann", "bob", "staff"):
        scene.decide("GET", "/bookings", who=who)
        body = json.dumps({"items": ROWS, "total": len(ROWS)}).encode()
        released = release(scene.x, Reply(200, "application/json", coded=False, body=body))
        assert released.problem is None
        left = {item["id"] for item in json.loads(released.body)["items"]}
        assert ids(session, allowed("listBookings", Booking, scene.x)) == left
        put = SimpleNamespace(exchange=scene.x, principal=scene.x.principal)
        assert ids(session, allowed("listBookings", Booking, put)) == left
        assert left < {row["id"] for row in ROWS}


def test_the_served_program_is_asked(session, folder):
    """Without `contract=` it is the one that the middleware serves, and none is an error."""
    serve_program(None)
    with pytest.raises(FilterError, match="no contract is served in this process"):
        allowed("listBookings", Booking, person())
    try:
        serve_program(prepare(folder))
        assert ids(session, allowed("listBookings", Booking, person())) == owned(7)
        caller = SimpleNamespace(principal=person("8"))
        assert ids(session, allowed("listBookings", Booking, caller)) == owned(8)
    finally:
        serve_program(None)


def test_who_cannot_be_an_entity_sees_nothing(session, tmp_path):
    """A required claim that is absent denies, whatever the rules permit."""
    more = '[principal.attributes]\nlevel = {claim = "level", type = "Long", required = true}\n'
    folder = write_shop(tmp_path, more=more)
    assert ids(session, allowed("listBookings", Booking, person(), contract=folder)) == set()
    known = person(claims={"level": 3})
    assert ids(session, allowed("listBookings", Booking, known, contract=folder)) == owned(7)


def test_what_the_request_was_like_is_not_guessed(session, tmp_path):
    """A principal alone has no address and no TLS: a rule that asks is refused, not weakened."""
    rule = (
        '@id("inside") forbid(principal, action == Action::"listBookings", resource) unless '
        '{ context.secure || context.source.isInRange(ip("10.0.0.0/8")) || resource.price < 0 };'
    )
    folder = write_shop(tmp_path, policies=OWN + rule)
    with pytest.raises(
        FilterError, match=r"`inside`: .* depends on the request: `secure` is not known"
    ):
        allowed("listBookings", Booking, person(), contract=folder)
    scene = Scene(tmp_path / "scene", policies=OWN + rule)
    scene.decide("GET", "/bookings", source="10.1.2.3")
    assert ids(session, allowed("listBookings", Booking, scene.x)) == owned(7)
    scene.decide("GET", "/bookings", source="192.0.2.1")
    secure = scene.x.request.secure
    assert ids(session, allowed("listBookings", Booking, scene.x)) == (
        owned(7) if secure else set()
    )


def test_what_the_service_is_asked_for_needs_the_request(tmp_path):
    """Enriched attributes are in the exchange of the request, not in a principal."""
    contents = document()
    me = {"type": "object", "required": ["level"], "properties": {"level": {"type": "integer"}}}
    contents["paths"]["/me"] = {"get": operation("getMe", answer(me), tags=())}
    rule = '@id("l") permit(principal is User, action == Action::"listBookings", resource) when { principal has level && resource.price < principal.level };'
    more = '[principal.enrich]\noperation = "getMe"\nattributes = {level = "/level"}\n'
    folder = write_shop(tmp_path, contents, policies=OWN + rule, more=more)
    with pytest.raises(FilterError, match=r"`principal\.enrich`"):
        allowed("listBookings", Booking, person(), contract=folder)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (
            "listBooking",
            "no operation `listBooking` has a rule; hint: did you mean `listBookings`?",
        ),
        ("nothingAtAll", "see `yett check`"),
        ("getHealth", "no operation `getHealth` has a rule"),
    ],
)
def test_another_operation_is_refused(folder, name, says):
    """A typo must not be a filter that lets everything through."""
    with pytest.raises(FilterError) as caught:
        allowed(name, Booking, person(), contract=folder)
    assert says in str(caught.value)


def test_only_a_caller_is_a_caller(folder):
    """A name or a dictionary proves nothing."""
    for nobody in (None, "u1", {"principal": person()}, SimpleNamespace(principal="u1")):
        with pytest.raises(FilterError, match="is no caller"):
            allowed("listBookings", Booking, nobody, contract=folder)


def test_a_contract_without_policies_filters_nothing(tmp_path):
    """Where no rule was written, a filter would be a promise that nobody keeps."""
    contents = document()
    contents["paths"] = {
        "/health": {"get": operation("getHealth", answer({"type": "object"}), tags=())}
    }
    contents["components"]["schemas"] = {}
    folder = write_shop(tmp_path, contents, policies="")
    with pytest.raises(FilterError, match="no policies"):
        allowed("getHealth", Booking, person(), contract=folder)
    with pytest.raises(ContractError):
        allowed("getHealth", Booking, person(), contract=tmp_path / "nowhere")


def test_an_anonymous_caller_owns_nothing(session, folder):
    """Two empty names are not one."""
    assert ids(session, allowed("listBookings", Booking, ANONYMOUS, contract=folder)) == set()


def test_the_gate_never_needs_sqlalchemy():
    """`import yett` brings none, and without it `yett.allowed` says what to install."""
    program = """
import sys
import yett
assert "sqlalchemy" not in sys.modules
import yett.gate.edge, yett.cli.__main__
assert "sqlalchemy" not in sys.modules
sys.modules["sqlalchemy"] = None
try:
    yett.allowed
except ModuleNotFoundError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "`yett.allowed` needs SQLAlchemy: install `yett[sql]`\n"
    with pytest.raises(AttributeError, match="has no `nothing`"):
        _ = yett.nothing
