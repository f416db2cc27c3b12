"""Errors are said as RFC 7644 s3.12 says them."""

import json

from yett.issuer.scim.errors import ScimError


def test_an_error_has_its_status_twice():
    """As text in the body; the kind only where there is one; headers are kept."""
    answer = ScimError(409, "taken", "uniqueness", headers=(("allow", "GET"),)).answer()
    assert json.loads(answer.body) == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": "409",
        "scimType": "uniqueness",
        "detail": "taken",
    }
    assert answer.status == 409
    assert ("allow", "GET") in answer.headers
    assert ("content-type", "application/scim+json") in answer.headers
    assert "scimType" not in json.loads(ScimError(404, "gone").answer().body)
