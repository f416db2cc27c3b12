import pytest

from yett.contract.cedar_names import (
    OTHER_PRINCIPALS,
    PRINCIPAL_ATTRIBUTES,
    attribute_flaw,
    class_flaw,
    type_flaw,
)


@pytest.mark.parametrize("name", ["Booking", "booking_2", "_x", "A" * 64, "User", "Key"])
def test_plain_names_are_types(name):
    """Letters, digits and `_`; types of principals may be those of records."""
    assert type_flaw(name) == ""


@pytest.mark.parametrize(
    "name",
    [
        *("", "2x", "a-b", "a b", "a::b", "é", "A" * 65, "x\n", "in", "is", "__cedar", "true"),
        *("Role", "Api", "Action", "Set", "String", "datetime"),
    ],
)
def test_other_names_are_not(name):
    """What Cedar would read as something else, or what every schema of yett has already."""
    assert type_flaw(name)


def test_attributes_may_be_called_like_types():
    """`resource.Set` is an attribute; `resource.in` is no Cedar."""
    assert attribute_flaw("Set") == ""
    assert attribute_flaw("in")
    assert attribute_flaw("customer-id")


def test_classes_may_have_a_hyphen():
    """They stand in a string, `Action::"getBooking:card-data"`, where `:` divides."""
    assert class_flaw("card-data") == ""
    assert class_flaw("a:b")
    assert class_flaw("")
    assert class_flaw("approve")


def test_every_principal_is_something():
    """The names that the docs and the checks go by."""
    assert set(PRINCIPAL_ATTRIBUTES) == {"id", "issuer", "scopes", "roles", "client", "tenant"}
    assert "User" not in OTHER_PRINCIPALS
