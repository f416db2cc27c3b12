"""What the library raises is one short line."""

from __future__ import annotations

import pytest
from scim2_models import MutabilityException

from yett.issuer.scim.errors import ScimError
from yett.issuer.scim.failures import MAX_DETAIL_CHARACTERS, guarded
from yett.issuer.scim.models import Person


def caught(handler):
    with pytest.raises(ScimError) as error:
        guarded(handler, None, None, "s_x")
    return error.value


def test_a_broken_schema_is_the_senders_mistake():
    """With the kind of RFC 7644, and no page of the library's own."""

    def handler(_server, _ask, _directory):
        Person.model_validate({"userName": {"a": "x" * 2000 + "\x1b[2J"}})

    error = caught(handler)
    assert (error.status, error.kind) == (400, "invalidValue")
    assert len(error.description) <= MAX_DETAIL_CHARACTERS
    assert error.description.isprintable()
    assert "pydantic" not in error.description


def test_a_refusal_of_the_library_keeps_its_kind():
    """Status and kind are those of the specification."""

    def handler(_server, _ask, _directory):
        raise MutabilityException(detail="a\nb")

    error = caught(handler)
    assert (error.status, error.kind, error.description) == (400, "mutability", "a b")


def test_an_answer_passes():
    """What a handler answers is answered."""
    assert guarded(lambda *given: given, 1, 2, "s_x") == (1, 2, "s_x")
