"""What a directory sends is bounded, and has one reading."""

from __future__ import annotations

import json

import pytest
from kit.accounts import NOW
from kit.directory import PATCH_OP
from pydantic import ValidationError

from yett.issuer.http import Ask
from yett.issuer.scim.errors import ScimError
from yett.issuer.scim.models import Person
from yett.issuer.scim.reading import read_body, read_operations, read_search, read_showing


def ask(body=b"", kind="application/scim+json", method="POST", **query):
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"content-type": kind}
    return Ask(method=method, path="/", now=NOW, body=text, headers=headers, query=query)


@pytest.mark.parametrize("kind", ["application/scim+json", "Application/JSON; charset=utf-8"])
def test_json_is_read(kind):
    """By both media types (RFC 7644 s3.8); an address may have several lines."""
    assert read_body(ask({"a": ["x\ny"]}, kind)) == {"a": ["x\ny"]}


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded"])
def test_other_media_types_are_refused(kind):
    """415."""
    with pytest.raises(ScimError) as error:
        read_body(ask({"a": 1}, kind))
    assert error.value.status == 415


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"a":1,"a":2}',
        b'{"a":"\\u0000"}',
        b'{"a":"\\ud800"}',
        b'{"a":NaN}',
        b'{"a":' + b"[" * 50 + b"]" * 50 + b"}",
        json.dumps({"a": "x" * 2000}).encode(),
        json.dumps({"x" * 2000: 1}).encode(),
        json.dumps({"emails": [{}] * 51}).encode(),
    ],
)
def test_hostile_bodies_are_refused(body):
    """Two readings, depth, controls, length, number: 400."""
    with pytest.raises(ScimError) as error:
        read_body(ask(body))
    assert error.value.status == 400


@pytest.mark.parametrize(
    "body",
    [
        {"Operations": [{"op": "add"}]},
        {"schemas": [PATCH_OP]},
        {"schemas": [PATCH_OP], "Operations": []},
        {"schemas": [PATCH_OP], "Operations": [{"op": 5}]},
        {"schemas": [PATCH_OP], "Operations": [{"op": "add", "path": 5}]},
        {"schemas": [PATCH_OP], "Operations": ["add"]},
        {"schemas": [PATCH_OP], "Operations": [{"op": "add"}] * 101},
        {"schemas": PATCH_OP + "x", "Operations": 5},
    ],
)
def test_what_is_no_patch_is_refused(body):
    """Its schema, one to a hundred operations, each with a name."""
    with pytest.raises(ScimError):
        read_operations(ask(body))


def test_names_of_operations_are_folded():
    """Entra capitalises them, and the member that holds them may be small."""
    body = {"schemas": [PATCH_OP], "operations": [{"op": "Add", "path": "Title", "value": "X"}]}
    assert read_operations(ask(body)) == [{"op": "add", "path": "Title", "value": "X"}]


def test_searches_are_read_from_both_places():
    """Query and body; what is too long, unknown or contradictory is refused."""
    asked = {"filter": "title pr", "startIndex": "2", "unknown": "x"}
    assert read_search(ask(method="GET", **asked), Person).start_index == 2
    assert str(read_search(ask({"filter": "title pr", "count": 3}), Person).filter) == "title pr"
    for query in ({"filter": "x" * 2049}, {"filter": "a\x07"}):
        with pytest.raises(ScimError):
            read_search(ask(method="GET", **query), Person)
    for query in ({"sortBy": "nothing"}, {"sortOrder": "up"}, {"filter": "nothing pr"}):
        with pytest.raises(ValidationError):
            read_search(ask(method="GET", **query), Person)
    with pytest.raises(ValidationError):
        read_showing(ask(attributes="title", excludedAttributes="name"), Person)
    with pytest.raises(ScimError):
        read_showing(ask(attributes="a," * 2000), Person)
    with pytest.raises(ScimError):
        read_showing(ask(attributes=",".join(["title"] * 65)), Person)
