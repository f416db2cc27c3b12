from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.credentials.operation import read_operation
from yett.issuer.details import describe, read_details
from yett.issuer.errors import OAuthError

GOOD = {"type": "urn:yett:operation", "operation": "shop.pay", "digest": "a1" * 32}


def test_an_operation():
    """One operation with its digest is read as it is; no parameter is no details."""
    assert read_details(json.dumps([GOOD])) == (GOOD,)
    assert read_details("") == ()
    assert describe(GOOD).startswith("call shop.pay once")


@pytest.mark.parametrize("operation", ["shop.GET /pay/{id}", "shop.größe"])
def test_operations_as_contracts_name_them(operation):
    """An operation without `operationId` is named by its method and path."""
    (found,) = read_details(json.dumps([{**GOOD, "operation": operation}]))
    assert read_operation({"authorization_details": [found]}).operation == operation


@pytest.mark.parametrize(
    "value",
    [
        [],
        {},
        GOOD,
        [GOOD, GOOD],
        ["urn:yett:operation"],
        [{**GOOD, "type": "payment_initiation"}],
        [{**GOOD, "type": ["urn:yett:operation"]}],
        [{**GOOD, "type": None}],
        [{**GOOD, "locations": ["https://other.example"]}],
        [{"type": "urn:yett:operation"}],
        [{**GOOD, "digest": "A1" * 32}],
        [{**GOOD, "digest": "a1" * 31}],
        [{**GOOD, "digest": 1}],
        [{**GOOD, "digest": "a1" * 32 + "\n"}],
        [{**GOOD, "operation": ""}],
        [{**GOOD, "operation": " shop.pay"}],
        [{**GOOD, "operation": "a\nb"}],
        [{**GOOD, "operation": "x" * 256}],
        [{**GOOD, "operation": "pay\u202e"}],
        [{**GOOD, "operation": 7}],
    ],
)
def test_anything_else_is_refused(value):
    """Unknown types and members, several at once, and what is no operation: RFC 9396 s5."""
    with pytest.raises(OAuthError) as refused:
        read_details(json.dumps(value))
    assert refused.value.code == "invalid_authorization_details"


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "[" * 500,
        "[NaN]",
        "[1" + "0" * 4990 + "]",
        '[{"type":"urn:yett:operation","type":"urn:yett:operation"}]',
        json.dumps([GOOD]) + ',"more":[]',
        json.dumps([GOOD]) + "}",
        "\ud800",
    ],
)
def test_json_with_two_readings(text):
    """Duplicate members, text that closes the wrapping object, depth and size are refused."""
    with pytest.raises(OAuthError):
        read_details(text)


@given(st.text())
def test_no_text_breaks_it(text):
    """Whatever is sent is read or refused, never a crash."""
    with suppress(OAuthError):
        read_details(text)
