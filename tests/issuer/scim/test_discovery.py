"""What is described is what is done."""

from __future__ import annotations

from kit.directory import ENTERPRISE, GROUP, USER


def test_features_are_said(directory):
    """Bulk and passwords are not; PATCH, filters, sorting and versions are."""
    status, config, headers = directory.ask("GET", "/ServiceProviderConfig")
    assert status == 200
    said = {name: value["supported"] for name, value in config.items() if "supported" in value}
    assert said == {
        "patch": True,
        "bulk": False,
        "filter": True,
        "changePassword": False,
        "sort": True,
        "etag": True,
    }
    assert config["filter"]["maxResults"] == 200
    assert config["authenticationSchemes"][0]["type"] == "oauthbearertoken"
    assert headers["content-type"] == "application/scim+json"


def test_types_and_schemas_are_found_by_id(directory):
    """One by one and all at once; nothing is filtered here (RFC 7644 s4)."""
    _, types, _ = directory.ask("GET", "/ResourceTypes")
    assert [one["id"] for one in types["Resources"]] == ["User", "Group"]
    _, user, _ = directory.ask("GET", "/ResourceTypes/User")
    assert user["endpoint"] == "/Users"
    assert user["schemaExtensions"] == [{"schema": ENTERPRISE, "required": False}]
    _, schemas, _ = directory.ask("GET", "/Schemas")
    assert {one["id"] for one in schemas["Resources"]} == {USER, GROUP, ENTERPRISE}
    status, one, headers = directory.ask("GET", f"/Schemas/{GROUP}")
    assert (status, one["meta"]["location"]) == (200, headers["location"])
    for path in ("/Schemas/urn:none", "/ResourceTypes/Robot"):
        assert directory.ask("GET", path)[0] == 404
    assert directory.ask("GET", "/Schemas", filter="id pr")[0] == 403
