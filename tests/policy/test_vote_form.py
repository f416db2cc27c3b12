"""The shape of a vote: closed, bounded, and with no room for text that would be searched."""

from __future__ import annotations

from yett.credentials.passkeys.vote import MAX_EVIDENCE_CHARACTERS
from yett.policy.injection.narrow import is_narrow
from yett.policy.vote_form import (
    ASSERTION_SCHEMA,
    MAX_CLIENT_DATA_CHARACTERS,
    MAX_ID_CHARACTERS,
    MAX_PART_CHARACTERS,
    VOTE_SCHEMA,
)

RSA_4096_COSE = 720


def objects(schema):
    if schema.get("type") == "object":
        yield schema
    for one in schema.get("properties", {}).values():
        yield from objects(one)


def strings(schema):
    if schema.get("type") == "string":
        yield schema
    for one in [*schema.get("properties", {}).values(), *schema.get("anyOf", [])]:
        yield from strings(one)


def test_every_object_is_closed():
    """Nothing that is not verified is taken along."""
    found = list(objects(VOTE_SCHEMA))
    assert len(found) == 4
    assert all(one["additionalProperties"] is False for one in found)


def test_base64url_is_never_taken_for_sql():
    """`--` is good base64url, and a comment in SQL: the patterns leave no room for a payload."""
    assert all(is_narrow(one["pattern"]) for one in strings(VOTE_SCHEMA))


def test_what_fits_can_nearly_always_be_kept():
    """The largest parts with the largest key are about the bound of the evidence."""
    parts = MAX_ID_CHARACTERS + MAX_CLIENT_DATA_CHARACTERS + 2 * MAX_PART_CHARACTERS
    assert parts + RSA_4096_COSE < MAX_EVIDENCE_CHARACTERS + 100
    assert all(one.get("maxLength") for one in strings(ASSERTION_SCHEMA))
