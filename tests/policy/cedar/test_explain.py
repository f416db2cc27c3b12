"""Reasons name the rule and the clause, never a value of the record."""

from __future__ import annotations

from cedarpy import PolicySet

from yett.contract.places import Source
from yett.policy.cedar.explain import MAX_REASONS, NO_PERMIT, explain
from yett.policy.cedar.model import Decided, Entity, Footprint, Inputs, Rule, Slice, Uid

U1, U2 = Uid("User", "u1"), Uid("User", "u2")
B1 = Uid("Booking", "b1")
DENIED = Decided(allow=False)


def rules(*texts):
    found = []
    for text in texts:
        tree = PolicySet.from_str(text).to_pst().static_policies["policy0"]
        name = tree.annotations["id"]
        found.append(Rule(id=name, effect=tree.effect, tree=tree, text=text, source=Source()))
    return tuple(found)


def slice_of(*texts):
    made = texts if texts and isinstance(texts[0], Rule) else rules(*texts)
    return Slice(
        action="getBooking",
        rules=made,
        footprint=Footprint(),
        decide=lambda inputs: DENIED,
        foresee=lambda inputs: None,
    )


def question(**attrs):
    booking = Entity(B1, {"customer": U2, "secret": "hunter2", **attrs})
    return Inputs(U1, B1, {"mfa": False}, {U1: Entity(U1, {}), B1: booking})


OWN = '@id("bookings-own") permit(principal is User, action, resource) when { resource.customer == principal };'
STAFF = '@id("staff") permit(principal is Staff, action, resource);'
MFA = (
    '@id("mfa") permit(principal is User, action, resource) '
    "when { context.mfa && resource.customer == principal && resource has depot && resource.depot == 1 };"
)
ARCHIVED = '@id("no-archived") forbid(principal, action, resource) when { resource.archived };'


def test_the_issues_example():
    """The clause that was false is named, as the team wrote it."""
    assert explain(slice_of(STAFF, OWN), question(), DENIED) == (
        "`bookings-own`: `resource.customer == principal` is false",
    )


def test_the_nearest_permit_comes_first():
    """What lacked least is most useful; permits for other principals are left out."""
    found = explain(slice_of(MFA, STAFF, OWN), question(), DENIED)
    assert found == (
        "`bookings-own`: `resource.customer == principal` is false",
        (
            "`mfa`: `context.mfa` is false; `resource.customer == principal` is false;"
            " `resource has depot` is false"
        ),
    )


def test_without_a_permit_in_scope_the_scopes_are_said():
    """Who is of no type that any permit is about learns which ones there are."""
    assert explain(slice_of(STAFF), question(), DENIED) == (
        "`staff`: `principal is Staff` is false",
    )
    assert explain(slice_of(), question(), DENIED) == (NO_PERMIT,)
    assert explain(slice_of(ARCHIVED), question(archived=False), DENIED) == (NO_PERMIT,)


def test_a_forbid_says_what_made_it_hold():
    """A forbid that held is the reason, and no permit need be looked at."""
    decided = Decided(allow=False, ids=("no-archived",), permitted=True)
    assert explain(slice_of(OWN, ARCHIVED), question(archived=True), decided) == (
        "`no-archived` forbids: `resource.archived` is true",
    )
    always = slice_of('@id("never") forbid(principal, action, resource);')
    decided = Decided(allow=False, ids=("never",), permitted=True)
    assert explain(always, question(), decided) == ("`never` forbids always",)
    about = slice_of('@id("users") forbid(principal is User, action, resource);')
    decided = Decided(allow=False, ids=("users",), permitted=True)
    assert explain(about, question(), decided) == ("`users` forbids: `principal is User` is true",)


def test_a_forbid_that_errs_says_what_erred():
    """Strict: an error denies, and the record says which clause."""
    decided = Decided(allow=False, ids=("no-archived",), errors=("no-archived",))
    assert explain(slice_of(OWN, ARCHIVED), question(), decided) == (
        "`no-archived` forbids, because it erred: `resource.archived` errs: there is no `archived`",
        "`bookings-own`: `resource.customer == principal` is false",
    )


def test_a_permission_names_its_permit():
    """Why something was allowed is a question too."""
    decided = Decided(allow=True, ids=("bookings-own",), permitted=True)
    assert explain(slice_of(OWN, STAFF), question(customer=U1), decided) == (
        "`bookings-own` permits: `resource.customer == principal` is true",
    )


def test_a_guarded_error_is_no_reason():
    """`has` that is false is the reason, not what would have erred behind it."""
    one = slice_of(
        '@id("g") permit(principal, action, resource) when { resource has x && resource.x > 1 };'
    )
    assert explain(one, question(), DENIED) == ("`g`: `resource has x` is false",)


def test_an_unread_record_is_said_to_be_unread():
    """Decided before the record was read: the clause is not called false."""
    asked = Inputs(U1, B1, {}, {U1: Entity(U1, {})})
    assert explain(slice_of(OWN), asked, DENIED) == (
        "`bookings-own`: `resource.customer == principal` is not known: the resource was not read",
    )


def test_no_value_of_the_record_is_said():
    """Only the rule's own text appears: a record's attributes are the caller's secrets or others'."""
    one = slice_of(
        '@id("s") permit(principal, action, resource) when { resource.secret == "x" };',
        '@id("t") permit(principal, action, resource) when { resource.secret };',
    )
    assert "hunter2" not in " ".join(explain(one, question(), DENIED))


def test_reasons_are_bounded():
    """A thousand permits and a clause of a thousand characters make few and short reasons."""
    long = " && ".join(f'context.mfa == ({n} == {n + 1} || "{"x" * 300}" == "")' for n in range(40))
    many = [
        f'@id("r{n}") permit(principal, action, resource) when {{ !({long}) && context.mfa }};'
        for n in range(1)
    ]
    many += [
        f'@id("m{n}") permit(principal, action, resource) when {{ {" && ".join(["context.mfa"] * 30)} }};'
        for n in range(30)
    ]
    found = explain(slice_of(*many), question(), DENIED)
    assert len(found) == MAX_REASONS
    assert all(len(reason) < 900 for reason in found)
    assert found[0].startswith("`r0`: `")
    assert found[1].endswith("; and 26 more")


def test_what_only_cedar_reads_is_said_so():
    """A rule without a tree has no clauses to judge."""
    (rule,) = rules(OWN)
    blind = Rule(id="deep", effect="permit", tree=None, text=rule.text, source=rule.source)
    assert explain(slice_of(blind), question(), DENIED) == (
        "`deep` did not hold; its form is read by Cedar alone",
    )
    decided = Decided(allow=True, ids=("deep",), permitted=True)
    assert explain(slice_of(blind), question(), decided) == (
        "`deep` permits; its form is read by Cedar alone",
    )
    held = slice_of('@id("a") permit(principal, action, resource);')
    assert "did not decide" in explain(held, question(), DENIED)[0]
