"""Callers as entities: named by whom the contract says, typed strictly, or nobody."""

from __future__ import annotations

import pytest
from kit.deciding import ISSUER, person
from msgspec.structs import replace

from yett.engine.callers import Unjudged, make_subject, typed_attributes
from yett.policy.authz.model import Identity
from yett.policy.cedar.model import Uid
from yett.policy.cedar.types import Attribute, Plain, SetOf
from yett.policy.cedar.values import make_set
from yett.terms import ANONYMOUS

TYPES = {"user": "User", "service": "Service", "key": "Key", "anonymous": "Anonymous"}
PLAIN = Identity(types=TYPES, roles={"staff": frozenset(("read", "write"))})
STRING, LONG, BOOL = Plain("String"), Plain("Long"), Plain("Bool")


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


def test_a_certificate_is_named_by_its_service():
    """It carries no claims either, and none that are required."""
    attributes = ((Attribute("depot", STRING, required=True), "depot"),)
    identity = Identity(types=TYPES, claim="customer", attributes=attributes)
    shown = person(kind="service", scheme="certificate", claims={"iat": 1.0})
    assert make_subject(shown, identity, {}).uid == Uid("Service", "7")
    assert isinstance(make_subject(person(kind="service"), identity, {}), Unjudged)


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


def test_attributes_the_service_knows_are_typed():
    """The same rules as for claims."""
    known = ((Attribute("customer", LONG), ("id",)), (Attribute("x", LONG, required=False), ("x",)))
    assert typed_attributes(known, {"id": 5}) == {"customer": 5}
    assert isinstance(typed_attributes(known, {"id": "5"}), Unjudged)
    assert isinstance(typed_attributes(known, {}), Unjudged)


@pytest.mark.parametrize(
    ("issuer", "kind", "name", "judged"),
    [
        ("https://idp.test", "service", "billing", False),
        ("https://idp.test", "service", "other", True),
        ("https://idp.test", "user", "billing", True),
        ("https://ours.test/auth", "service", "billing", True),
        ("yett:certificates", "service", "billing", True),
    ],
)
def test_a_client_of_an_outside_issuer_is_no_certified_service(issuer, kind, name, judged):
    """A client that is named like the service of a certificate is nobody, of our issuer the same."""
    identity = Identity(
        types=TYPES,
        certified=frozenset({"billing"}),
        strangers=frozenset({"https://idp.test"}),
    )
    made = make_subject(replace(person(name), issuer=issuer, kind=kind), identity, {})
    assert isinstance(made, Unjudged) is not judged
