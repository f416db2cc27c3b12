"""Callers, records and the context as policies see them; what cannot be seen denies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.deciding import ISSUER, NOW, Scene, person

from yett.engine.entities import (
    MISSING,
    Unjudged,
    context,
    inputs,
    make_subject,
    pointed,
    record,
    subject,
    text_of,
    typed_attributes,
)
from yett.policy.authz.model import Identity, Shape
from yett.policy.cedar.model import Entity, Uid
from yett.policy.cedar.types import Attribute, Plain, Reference, SetOf
from yett.policy.cedar.values import make_datetime, make_ipaddr, make_set
from yett.terms import ANONYMOUS

TYPES = {"user": "User", "service": "Service", "key": "Key", "anonymous": "Anonymous"}
PLAIN = Identity(types=TYPES, roles={"staff": frozenset(("read", "write"))})
STRING, LONG, BOOL = Plain("String"), Plain("Long"), Plain("Bool")
BOOKING = Shape(
    type="Booking",
    key=("id",),
    attributes=(
        (Attribute("customer", Reference("User")), ("customer_id",)),
        (Attribute("price", LONG), ("price",)),
        (Attribute("locked", BOOL, required=False), ("locked",)),
        (Attribute("tags", SetOf(STRING), required=False), ("meta", "tags")),
    ),
)
WHOLE = {"id": 3, "customer_id": 7, "price": 10}


def with_claims(*attributes, **claims):
    identity = Identity(types=TYPES, attributes=attributes)
    return make_subject(person(claims=claims), identity, {})


def test_a_caller_has_the_attributes_of_every_principal():
    """Id, issuer, scopes (with those of roles) and roles are always there."""
    made = make_subject(person("7", "staff", scopes=frozenset(("own",))), PLAIN, {})
    assert made.uid == Uid("User", "7")
    assert made.attrs == {
        "id": "7",
        "issuer": ISSUER,
        "scopes": make_set(["own", "read", "write"]),
        "roles": make_set(["staff"]),
    }
    assert made.ancestors == {Uid("Role", "staff")}


def test_a_role_that_the_vocabulary_has_not_is_no_parent():
    """A token cannot make up an entity of an enumerated type."""
    made = make_subject(person("7", "root"), PLAIN, {})
    assert made.ancestors == frozenset()
    assert made.attrs["roles"] == make_set(["root"])


def test_empty_client_and_tenant_are_absent():
    """Two callers without a tenant are not of one tenant."""
    assert "tenant" not in make_subject(person(), PLAIN, {}).attrs
    made = make_subject(person(client="app", tenant="t1"), PLAIN, {})
    assert (made.attrs["client"], made.attrs["tenant"]) == ("app", "t1")


@pytest.mark.parametrize(
    ("kind", "uid"),
    [
        ("user", Uid("User", "7")),
        ("service", Uid("Service", "7")),
        ("key", Uid("Key", "7")),
        ("anonymous", Uid("Anonymous", "anonymous")),
    ],
)
def test_each_kind_of_principal_has_its_type(kind, uid):
    """A service account is no user of the same name."""
    assert make_subject(person(kind=kind), PLAIN, {}).uid == uid


def test_a_kind_that_nothing_maps_is_nobody():
    """A new kind of principal is denied until the contract knows it."""
    assert isinstance(make_subject(person(kind="robot"), PLAIN, {}), Unjudged)


def test_the_id_of_nobody_is_not_empty():
    """A record without an owner is not owned by whoever did not sign in."""
    assert make_subject(ANONYMOUS, PLAIN, {}).attrs["id"] == "anonymous"


@pytest.mark.parametrize(
    ("claim", "id_"), [("u1", "u1"), (7, "7"), (2**70, str(2**70)), ("é\U0001f600", "é\U0001f600")]
)
def test_a_claim_names_the_entity(claim, id_):
    """`sub` is often not the id that records name their owner by."""
    identity = Identity(types=TYPES, claim="customer")
    assert make_subject(person(claims={"customer": claim}), identity, {}).uid == Uid("User", id_)


@pytest.mark.parametrize("claim", ["", None, True, 1.0, [], {}, ["7"], "x" * 513])
def test_a_claim_that_is_no_id_names_nobody(claim):
    """Never a fallback to another name: `sub` could be somebody else's id."""
    identity = Identity(types=TYPES, claim="customer")
    assert isinstance(make_subject(person(claims={"customer": claim}), identity, {}), Unjudged)
    assert isinstance(make_subject(person(claims={}), identity, {}), Unjudged)


def test_a_key_is_named_by_its_owner():
    """An API key carries no claims."""
    identity = Identity(types=TYPES, claim="customer")
    assert make_subject(person(kind="key"), identity, {}).uid == Uid("Key", "7")


def test_two_issuers_have_two_namespaces():
    """`1` of one issuer is not `1` of the other."""
    spaces = {"https://a": "a:", "https://b": ""}
    identity = Identity(types=TYPES, namespaces=spaces)
    assert make_subject(person("1", issuer="https://a"), identity, {}).uid.id == "a:1"
    assert make_subject(person("1", issuer="https://b"), identity, {}).uid.id == "1"


@pytest.mark.parametrize(
    ("spaces", "issuer", "id_"),
    [
        ({"https://a": "a:", "https://b": ""}, "https://b", "a:1"),
        ({"https://a": "p:q:", "https://b": "p:"}, "https://b", "q:1"),
        ({"https://a": "a:"}, "https://unnamed", "a:1"),
    ],
)
def test_a_name_cannot_reach_into_another_namespace(spaces, issuer, id_):
    """Whoever may choose a user name at one issuer must not become a user of the other."""
    identity = Identity(types=TYPES, namespaces=spaces)
    assert isinstance(make_subject(person(id_, issuer=issuer), identity, {}), Unjudged)


def test_claims_become_typed_attributes():
    """Values are Cedar's, found by name or by path; null is absent."""
    made = with_claims(
        (Attribute("level", LONG), "level"),
        (Attribute("depots", SetOf(STRING)), "app.depots"),
        (Attribute("mail", STRING, required=False), "mail"),
        (Attribute("nick", STRING, required=False), "nick"),
        level=3,
        app={"depots": ["d1", "d1"]},
        nick=None,
    )
    assert made.attrs["level"] == 3
    assert made.attrs["depots"] == make_set(["d1"])
    assert not {"mail", "nick"} & made.attrs.keys()


@pytest.mark.parametrize("value", [None, "3", True, 3.0, [3], 2**63])
def test_a_required_claim_that_is_not_there_as_declared_denies(value):
    """Who cannot be judged is not judged."""
    made = with_claims((Attribute("level", LONG), "level"), level=value)
    assert isinstance(made, Unjudged)
    assert "level" in made.reason


def test_an_optional_claim_of_another_type_denies():
    """Dropped, it would switch off the `forbid` that asks for it."""
    made = with_claims((Attribute("suspended", BOOL, required=False), "suspended"), suspended="yes")
    assert isinstance(made, Unjudged)


def test_what_was_verified_stands_over_what_was_claimed_or_asked():
    """Neither a claim nor the service can say who the caller is."""
    identity = Identity(types=TYPES, attributes=((Attribute("id", STRING), "nick"),))
    made = make_subject(person(claims={"nick": "root"}), identity, {"issuer": "x", "depot": "d"})
    assert (made.attrs["id"], made.attrs["issuer"], made.attrs["depot"]) == ("7", ISSUER, "d")


def test_a_record_becomes_an_entity():
    """Ids are text, absent and null attributes are absent."""
    value = {**WHOLE, "locked": None, "meta": {"tags": ["a"]}}
    assert record(BOOKING, "3", value) == Entity(
        Uid("Booking", "3"),
        {"customer": Uid("User", "7"), "price": 10, "tags": make_set(["a"])},
    )


@pytest.mark.parametrize(
    "change",
    [
        {"price": None},
        {"price": "10"},
        {"price": 10.0},
        {"price": True},
        {"customer_id": {"id": 7}},
        {"customer_id": True},
        {"customer_id": 7.0},
        {"locked": "yes"},
        {"locked": 1},
        {"meta": {"tags": "a"}},
        {"meta": {"tags": [1]}},
    ],
)
def test_a_record_that_is_not_as_declared_is_none(change):
    """Nothing is coerced, and an optional attribute of another type is not dropped."""
    assert record(BOOKING, "3", WHOLE | change) is None


@pytest.mark.parametrize("value", [None, [], "x", 3, {}, {"price": 1}, [WHOLE]])
def test_a_value_that_is_no_such_record_is_none(value):
    """What lacks a required attribute cannot be decided on."""
    assert record(BOOKING, "3", value) is None


def test_a_new_record_may_lack_what_the_service_adds():
    """Absent is absent, of another type is still refused."""
    assert record(BOOKING, "", {"price": 1}, partial=True).attrs == {"price": 1}
    assert record(BOOKING, "", {"price": "1"}, partial=True) is None


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_no_value_breaks_a_record(value):
    """Hostile JSON is a None, never an exception."""
    made = record(BOOKING, "3", {"customer_id": value, "price": value, "meta": value})
    assert made is None or isinstance(made.attrs["price"], int)


@pytest.mark.parametrize(
    ("pointer", "found"),
    [
        ((), {"a": [{"b": 1}], "": 2, "0": 3}),
        (("a", "0", "b"), 1),
        (("",), 2),
        (("0",), 3),
        (("a", "00", "b"), MISSING),
        (("a", "-1"), MISSING),
        (("a", "-"), MISSING),
        (("a", "1"), MISSING),
        (("a", "\u0660"), MISSING),
        (("a", "9" * 30), MISSING),
        (("a", "0", "b", "c"), MISSING),
        (("x",), MISSING),
    ],
)
def test_pointers_are_followed_strictly(pointer, found):
    """RFC 6901: no negative, padded or foreign index."""
    assert pointed({"a": [{"b": 1}], "": 2, "0": 3}, pointer) == found


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (1, "1"),
        (-1, "-1"),
        (0, "0"),
        ("", None),
        (True, None),
        (1.0, None),
        (None, None),
    ],
)
def test_ids_are_text_or_whole_numbers(value, text):
    """`1` and `"1"` name one record; what is no id names none."""
    assert text_of(value) == text


def test_a_giant_number_is_no_id():
    """Writing it would cost quadratic time, and no service has such ids."""
    assert text_of(10**600) is None


def test_attributes_the_service_knows_are_typed():
    """The same rules as for claims."""
    known = ((Attribute("customer", LONG), ("id",)), (Attribute("x", LONG, required=False), ("x",)))
    assert typed_attributes(known, {"id": 5}) == {"customer": 5}
    assert isinstance(typed_attributes(known, {"id": "5"}), Unjudged)
    assert isinstance(typed_attributes(known, {}), Unjudged)


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    return Scene(tmp_path_factory.mktemp("shop"))


def reached(scene, who=None, **headers):
    """An exchange after a run, as its steps left it."""
    scene.people["someone"] = who or person()
    scene.decide("GET", "/bookings/3", who="someone", **headers)
    x = scene.x
    x.context = None
    return x


def test_the_context_says_when_where_and_how_strongly(scene):
    """What was not proven is empty or absent."""
    x = reached(scene)
    assert context(x, None) == {
        "now": make_datetime(NOW),
        "source": make_ipaddr("203.0.113.9"),
        "secure": False,
        "acr": "",
        "amr": make_set(()),
    }
    assert context(x, seen=True)["seen"] is True
    assert "seen" not in context(x, None)


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"acr": "high", "amr": ["pwd", "otp"], "auth_time": NOW - 60}, ("high", 2, 60)),
        ({"acr": 3, "amr": "otp", "auth_time": "soon"}, ("", 0, None)),
        ({"amr": ["otp", 1, None], "auth_time": True}, ("", 1, None)),
        ({"auth_time": NOW + 10}, ("", 0, 0)),
        ({"auth_time": NOW + 10_000}, ("", 0, None)),
        ({"auth_time": -1e300}, ("", 0, None)),
    ],
)
def test_claims_of_the_sign_in_are_read_strictly(scene, claims, expected):
    """A claim of another type proves nothing, nor does a sign-in of the future."""
    found = context(reached(scene, person(claims=claims)), None)
    assert (found["acr"], len(list(found["amr"])), found.get("auth_age")) == expected


def test_a_caller_without_an_address_has_none(scene):
    """A rule that asks for the address of a unix socket errs, and an erring rule denies."""
    x = reached(scene)
    x.request = type("Request", (), {"source": "unix", "secure": False})()
    assert "source" not in context(x, None)


def test_the_caller_is_made_once(scene):
    """Each decision of an exchange is about the same entity."""
    x = reached(scene)
    assert subject(x) is subject(x)


def test_who_cannot_be_an_entity_stands_for_nobody(scene):
    """The exchange remembers why; the entity has nothing a rule could permit by."""
    x = reached(scene, person(kind="robot"))
    x.subject = None
    assert subject(x) == Entity(Uid("Anonymous", ""))
    assert "robot" in x.unjudged


def test_a_record_of_the_caller_is_merged_with_the_caller(scene):
    """What was verified wins over what a record says of the same attribute."""
    x = reached(scene, person("7", "staff"))
    own = Entity(Uid("User", "7"), {"roles": make_set(["root"]), "mail": "a@b"})
    merged = inputs(x, own.uid, own, None).entities[own.uid]
    assert merged.attrs["roles"] == make_set(["staff"])
    assert merged.attrs["mail"] == "a@b"
    assert Uid("Role", "staff") in merged.ancestors


def test_a_record_of_another_user_has_no_proven_attributes(scene):
    """A stranger's record has empty sets where a caller has what was proven, and stays as it is."""
    x = reached(scene)
    other = Entity(Uid("User", "8"), {"mail": "a@b"})
    made = inputs(x, other.uid, other, None).entities[other.uid]
    empty = make_set(())
    assert made.attrs == {
        "id": "8", "issuer": "", "scopes": empty, "roles": empty, "mail": "a@b"
    }  # fmt: skip
    assert made.ancestors == frozenset()


def test_a_record_of_a_type_that_never_calls_stays_as_it_is(scene):
    """Only principals have principals' attributes."""
    one = Entity(Uid("Booking", "3"), {"price": 1})
    assert inputs(reached(scene), one.uid, one, None).entities[one.uid] is one
