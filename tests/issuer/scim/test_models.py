"""The schema that is published is the one that is applied."""

from scim2_models import Context

from yett.issuer.scim.models import TOLERANT, EnterpriseUser, Group, Person, User


def test_nothing_that_gives_power_is_in_the_schema():
    """No password, entitlements, certificates; roles and groups can be read alone."""
    attributes = {one.name: one for one in User.to_schema().attributes}
    assert not {"password", "entitlements", "x509Certificates"} & attributes.keys()
    for name in ("roles", "groups"):
        assert attributes[name].mutability.value == "readOnly"
    assert "roles" not in {one.name for one in Group.to_schema().attributes}


def test_unknown_attributes_are_dropped():
    """Also those of unknown extensions; none of them is kept or answered."""
    said = {
        "schemas": [str(User.__schema__), "urn:example:ext"],
        "userName": "ben",
        "password": "x",
        "urn:example:ext": {"a": 1},
        str(EnterpriseUser.__schema__): {"department": "Sales", "salary": 1},
    }
    context = Context.RESOURCE_CREATION_REQUEST
    made = Person.model_validate(said, scim_ctx=context, scim_policy=TOLERANT).model_dump()
    assert made[str(EnterpriseUser.__schema__)] == {"department": "Sales"}
    assert "password" not in made
    assert "urn:example:ext" not in made
