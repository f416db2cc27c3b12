"""A mistake in a policy is found at its token, with the name that was probably meant."""

from __future__ import annotations

import pytest
from kit.cedar import SCHEMA

from yett.policy.cedar.flaws import (
    MAX_MESSAGE_CHARS,
    clean,
    near,
    parse_flaw,
    validation_flaw,
)
from yett.policy.cedar.scan import cut
from yett.policy.cedar.types import ActionType, EntityType, Schema

FORM = 'the form is `@id("name") permit (principal, action, resource) when { ... };`'


@pytest.mark.parametrize(
    ("text", "error", "line", "message", "hint"),
    [
        ("permit(principal\n action, resource);", "unexpected token `action`", 2,
         "unexpected token `action`", FORM),
        ("permit(principal, action, resource)\nwhen { 1 == }\n;", "unexpected token `}`", 2,
         "unexpected token `}`", FORM),
        ("permit(principal, action, resource) when { true and\ntrue };", "unexpected token `and`", 1,
         "unexpected token `and`", "write `&&`"),
        ('permit(principal, action, resource)\n@id("b") permit(principal, action, resource);',
         "unexpected token `@`", 2, "unexpected token `@`",
         "does the policy before it end with `;`?"),
        ("permit(principal, action, resource) when {\ntrue ;", "unexpected token `;`", 2,
         "unexpected token `;`", "is a bracket before it not closed?"),
        ("permit(principal, action == Action::'a', resource);", "invalid token", 1,
         "invalid token", "texts stand in double quotes"),
        ("allow(principal, action, resource);", "invalid policy effect: allow", 1,
         "invalid policy effect: allow", "a policy begins with `permit` or `forbid`"),
        ("permit(principal, action);",
         "this policy is missing the `resource` variable in the scope", 1,
         "this policy is missing the `resource` variable in the scope", FORM),
        ("permit(principal, action, resource)", "unexpected end of input", 1,
         "the policy is not finished", "end the policy with `;`"),
        ("permit(principal,\naction, resource) #;", "invalid token", 2, "invalid token",
         FORM),
        ('permit(principal, action, resource) when {\n"abc };', "invalid token", 2,
         "invalid token", "a string is not closed"),
        ("permit(principal, action, resource) when {\ncontext.a = 1 };",
         "'=' is not a valid operator in Cedar", 1, "'=' is not a valid operator in Cedar",
         "to compare, write `==`"),
        ("permit(principal, action, resource) when {\n foo(1) };",
         "`foo` is not a valid function", 2, "`foo` is not a valid function", ""),
        ('permit(principal, action, resource)\nwhen { "\\q" == "" };',
         "the input `\\q` is not a valid escape", 2, "the input `\\q` is not a valid escape", ""),
    ],
)  # fmt: skip
def test_parse_errors_are_placed(text, error, line, message, hint):
    """At the first token that no policy can go on with."""
    (piece,) = cut(text)
    found = parse_flaw("a.cedar", piece, error)
    assert (found.path, found.line, found.message, found.hint) == ("a.cedar", line, message, hint)


@pytest.mark.parametrize(
    ("body", "error", "line", "hint"),
    [
        ("resource.custmer", ("for policy `policy3`, attribute `custmer` on entity type `Booking`"
         " not found"), 2, "did you mean `customer`?"),
        ('resource["custmer"]', "attribute `custmer` on entity type `Booking` not found", 2,
         "did you mean `customer`?"),
        ("context.nwo", 'attribute `nwo` in context for Action::"getBooking" not found', 2,
         "did you mean `now`?"),
        ('action == Action::"getBokin"', 'unrecognized action `Action::"getBokin"`', 2,
         "did you mean `getBooking`?"),
        ("principal is Usr", "unrecognized entity type `Usr`", 2, "did you mean `User`?"),
        ('principal in Role::"stuff"', ('entity `Role::"stuff"` is of an enumerated entity type, but'
         ' `"stuff"` is not declared as a valid eid'), 2, "did you mean `staff`?"),
        ("principal.tenant", ("unable to guarantee safety of access to optional attribute `tenant`"
         " on entity type `User`"), 2, "ask first whether it is there: `has tenant &&`"),
        ("principal.place.town", "attribute `town` on record not found", 2, ""),
        ("1 + true", "unexpected type: expected Long but saw Bool", 1, ""),
        ("resource.customer == 3", "the types Long and String are not compatible", 1,
         "both sides of a comparison are of one type"),
        ("resource.customer == principal", "the types String and User are not compatible", 1,
         "label the property `x-yett-ref: User` to compare it with an entity, or compare its `id`"),
        ("true", "unable to find an applicable action given the policy scope constraints", 1,
         "an action is about the type of its `x-yett.resource`; without one, about `Api`"),
        ("resource.customer.contains(3)",
         "unexpected type: expected Set<__cedar::internal::Any> but saw String", 1,
         "to compare one value write `==`, to find part of a text `like`"),
    ],
)  # fmt: skip
def test_validation_errors_are_placed(body, error, line, hint):
    """Where the wrong name is written, else where the policy begins."""
    (piece,) = cut(f"permit(principal, action, resource) when {{\n{body} }};")
    found = validation_flaw("a.cedar", piece, "mine", error, SCHEMA)
    assert (found.line, found.hint) == (line, hint)
    assert found.message.startswith("`mine`: ")
    assert "policy3" not in found.message
    assert "eid" not in found.message
    assert "__cedar" not in found.message


MANY = {f"op{n}": ActionType(id=f"op{n}") for n in range(20)}


@pytest.mark.parametrize(
    ("name", "actions", "hint"),
    [
        ("zebra", MANY, "an action is an `operationId`, or one of the groups"),
        ("write:pii", {"getIt:pii": ActionType(id="getIt:pii")},
         "no operation writes the class `pii`: label the property there, too"),
        ("read:pii", {"makeIt:pii": ActionType(id="makeIt:pii")},
         "no operation shows the class `pii`: label the property there, too"),
        ("read:pi", {"read:pii": ActionType(id="read:pii")}, "did you mean `read:pii`?"),
    ],
)  # fmt: skip
def test_an_unknown_action_is_explained(name, actions, hint):
    """By the nearest name, by what a class is missing, or by what actions are."""
    (piece,) = cut(f'permit(principal, action == Action::"{name}", resource);')
    error = f'unrecognized action `Action::"{name}"`'
    found = validation_flaw("a.cedar", piece, "mine", error, Schema({}, actions))
    assert found.hint.startswith(hint)


@pytest.mark.parametrize(
    ("members", "hint"),
    [
        (("-",), "declare it there, with the scopes that it grants"),
        (("staff",), "did you mean `staff`?"),
    ],
)
def test_an_unknown_role_is_one_of_the_vocabulary(members, hint):
    """Said in words of the contract; the member that stands for none is no suggestion."""
    (piece,) = cut('permit(principal in Role::"stff", action, resource);')
    error = 'entity `Role::"stff"` is of an enumerated entity type, but `"stff"` is not declared'
    schema = Schema({"Role": EntityType(name="Role", members=members)}, {})
    found = validation_flaw("a.cedar", piece, "mine", error, schema)
    assert found.message == '`mine`: `Role::"stff"` is no role of `[vocabulary.roles]`'
    assert found.hint == hint


def test_names_are_suggested():
    """The nearest, or all where there are few, or none."""
    assert near("staf", ["admin", "staff"]) == "did you mean `staff`?"
    assert near("xyz", ["admin", "staff"]) == "one of: `admin`, `staff`"
    assert near("xyz", []) == ""
    assert near("xyz", [f"n{n}" for n in range(50)]) == ""


def test_messages_are_one_bounded_line():
    """Whatever cedarpy says of however large a type."""
    assert clean("Policy parse error: Bad\n  thing") == "bad thing"
    assert len(clean("x" * 10_000)) == MAX_MESSAGE_CHARS
