"""Shapes of Entra and Okta are read as they are meant; what nobody may change is refused."""

from __future__ import annotations

import pytest
from kit.directory import ENTERPRISE, USER

from yett.issuer.scim.errors import ScimError
from yett.issuer.scim.oddities import plain_operations


def test_what_repeats_the_id_changes_nothing():
    """An id beside what changes is not a change of the id (Okta)."""
    value = {"id": "x", "Meta": {}, "schemas": [], "displayName": "n"}
    (done,) = plain_operations([{"op": "replace", "value": value}])
    assert done["value"] == {"displayName": "n"}


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"path": f"{ENTERPRISE}:manager", "value": "u_x"}, {"value": "u_x"}),
        ({"path": "manager", "value": {"value": "u_x"}}, {"value": "u_x"}),
        (
            {"value": {ENTERPRISE: {"manager": "u_x", "department": "d"}}},
            {ENTERPRISE: {"manager": {"value": "u_x"}, "department": "d"}},
        ),
        ({"value": {f"{ENTERPRISE}:manager": "u_x"}}, {f"{ENTERPRISE}:manager": {"value": "u_x"}}),
        ({"path": "title", "value": "manager"}, "manager"),
    ],
)
def test_a_manager_is_an_object(given, wanted):
    """Entra sends the id alone."""
    (done,) = plain_operations([{"op": "add", **given}])
    assert done["value"] == wanted


@pytest.mark.parametrize(
    "operation",
    [
        {"path": "password"},
        {"path": " Roles "},
        {"path": 'roles[value eq "a:b.c"].value'},
        {"path": f'{USER}:roles[type eq "x"]'},
        {"path": "x509Certificates.value"},
        {"value": {"entitlements": []}},
        {"value": {f"{USER}:groups": []}},
    ],
)
def test_power_is_refused_however_it_is_spelled(operation):
    """With and without a schema, a selection, a sub-attribute."""
    with pytest.raises(ScimError) as error:
        plain_operations([{"op": "add", **operation}])
    assert error.value.kind == "mutability"
