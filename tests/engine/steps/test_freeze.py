"""A frozen request: the published vectors, and that whatever matters changes the digest."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.engine import DictView, request
from kit.frozen import HOW, gate_program, paying

from yett.contract.model import MediaType
from yett.engine.exchange import Exchange
from yett.engine.steps.freeze import canonical, freeze, printable, show
from yett.policy.approvable import Approvable
from yett.policy.approvals import FROZEN_FIELDS
from yett.policy.masks import COVER, make_mask
from yett.terms import Principal

SPEC = (Path(__file__).parents[3] / "docs/spec/approval.md").read_text(encoding="utf-8")
VECTORS = dict(re.findall(r"^```(?:json|text) (\S+)\n(.*?)\n```$", SPEC, re.MULTILINE | re.DOTALL))
ANNA = Principal(
    id="anna", kind="user", issuer="https://issuer.example", client="app", scheme="jwt"
)
PIN = {"properties": {"pin": {"type": "string", "format": "password"}}}
SECRETIVE = Approvable(
    reads=True,
    fields=FROZEN_FIELDS | {"x-code"},
    cookies=("area",),
    credentials=frozenset({"api_key"}),
    secrets=frozenset({"x-code", "otp"}),
    mask=make_mask((MediaType(name="application/json", schema=PIN),), {}),
)


def frozen(
    how=HOW,
    *,
    body=b'{"amount":7,"to":"Bo"}',
    target="/pay?note=a",
    principal=ANNA,
    resources=(),
    digest="0" * 64,
    operation="shop.pay",
    **fields,
):
    bound = gate_program(paying(how, id=operation, api="shop"), digest=digest)
    named = {"content_type": b"application/json", **fields}
    x = Exchange(bound, request(target, "POST", len(body), **named), DictView(), 1000.0)
    x.plan, x.principal, x.resources = bound.plans[operation], principal, resources
    x.body, x.parsed = body, json.loads(body) if body else None
    return freeze(x, how, resources[0] if resources else "")


def test_the_published_vectors_hold():
    """What docs/spec/approval.md shows is what the code does, byte for byte."""
    plain = frozen(idempotency_key=b"7f3c", user_agent=b"curl/8.5.0")
    assert (plain.text, plain.digest, plain.shown) == (
        VECTORS["vector-1"],
        VECTORS["digest-1"],
        VECTORS["shown-1"],
    )
    assert plain.sealed == ""
    secret = frozen(
        SECRETIVE,
        body=b'{"amount":7,"pin":"1234"}',
        target="/pay/B%C3%B6?otp=1&api_key=yett_x&note=a",
        resources=('Booking::"7"', 'Booking::"8"'),
        x_code=b"s3",
        cookie=b"sid=1; area=north",
    )
    assert (secret.text, secret.digest, secret.shown, secret.sealed) == (
        VECTORS["vector-2"],
        VECTORS["digest-2"],
        VECTORS["shown-2"],
        VECTORS["sealed-2"],
    )
    assert hashlib.sha256(VECTORS["covered-2"].encode()).hexdigest() == secret.sealed


def test_a_reader_of_the_spec_can_check_a_digest():
    """SHA-256 over the text alone gives the digest, and over what is shown the member `shown`."""
    for number in "12":
        text = VECTORS[f"vector-{number}"]
        assert hashlib.sha256(text.encode()).hexdigest() == VECTORS[f"digest-{number}"]
        shown = hashlib.sha256(VECTORS[f"shown-{number}"].encode()).hexdigest()
        assert json.loads(text)["shown"] == shown
        assert canonical(json.loads(text)) == text


CHANGES = {
    "body": {"body": b'{"amount":8,"to":"Bo"}'},
    "spelling of the body": {"body": b'{"amount": 7,"to":"Bo"}'},
    "no body": {"body": b""},
    "query": {"target": "/pay?note=b"},
    "no query": {"target": "/pay"},
    "path": {"target": "/Pay?note=a"},
    "content type": {"content_type": b"application/merge-patch+json"},
    "condition": {"if_match": b'"7"'},
    "idempotency key": {"idempotency_key": b"2"},
    "range": {"range": b"bytes=0-1"},
    "requester": {"principal": msgspec.structs.replace(ANNA, id="bo")},
    "issuer": {"principal": msgspec.structs.replace(ANNA, issuer="https://other.example")},
    "client": {"principal": msgspec.structs.replace(ANNA, client="other")},
    "kind": {"principal": msgspec.structs.replace(ANNA, kind="key")},
    "resource": {"resources": ('Booking::"7"',)},
    "contract": {"digest": "1" * 64},
    "operation": {"operation": "shop.pay2"},
}


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_matters_changes_the_digest(name):
    """No approval of one request is good for another that differs in anything that counts."""
    assert frozen(**CHANGES[name]).digest != frozen().digest


@pytest.mark.parametrize(
    "fields",
    [{"user_agent": b"b"}, {"traceparent": b"00-1"}, {"accept_encoding": b"gzip"},
     {"authorization": b"Bearer other"}, {"cookie": b"sid=2"}],
)  # fmt: skip
def test_what_does_not_matter_leaves_it(fields):
    """A new token, another browser or a trace id do not ask for another approval."""
    assert frozen(**fields) == frozen()


@pytest.mark.parametrize(
    ("name", "shown"),
    [(b"if_match", "7"), (b"idempotency_key", "7"), (b"content_language", "7"), (b"x_code", COVER)],
)
def test_a_field_by_another_name_is_another_request(name, shown):
    """`If_Match` is `If-Match` to a WSGI service; a secret is covered by each name it has."""
    plain, how = frozen(SECRETIVE), SECRETIVE
    bound = gate_program(paying(how, id="shop.pay", api="shop"), digest="0" * 64)
    asked = request("/pay?note=a", "POST", 22, content_type=b"application/json")
    asked = msgspec.structs.replace(asked, headers={**asked.headers, name: b"7"})
    x = Exchange(bound, asked, DictView(), 1000.0)
    x.plan, x.principal = bound.plans["shop.pay"], ANNA
    x.body = b'{"amount":7,"to":"Bo"}'
    x.parsed = json.loads(x.body)
    found = freeze(x, how, "")
    assert found.digest != plain.digest
    assert dict(json.loads(found.text)["fields"])[name.decode()] == shown


SECRET_CHANGES = {
    "body": {"body": b'{"amount":7,"pin":"1235"}'},
    "query": {"target": "/pay?otp=2"},
    "field": {"x_code": b"s4"},
    "another place": {"x_code": b"1", "target": "/pay?otp=s3"},
}


@pytest.mark.parametrize("name", SECRET_CHANGES)
def test_another_secret_is_another_request_but_looks_the_same(name):
    """Approvers cannot tell a PIN from text, digest or body; the seal input can."""
    base = {"body": b'{"amount":7,"pin":"1234"}', "target": "/pay?otp=1", "x_code": b"s3"}
    one, two = frozen(SECRETIVE, **base), frozen(SECRETIVE, **(base | SECRET_CHANGES[name]))
    assert (one.text, one.digest, one.shown) == (two.text, two.digest, two.shown)
    assert one.sealed != two.sealed


def test_no_credential_and_no_secret_is_in_the_text():
    """Neither key, token, session nor PIN is kept or shown."""
    made = frozen(
        SECRETIVE,
        body=b'{"amount":7,"pin":"PIN-9"}',
        target="/pay?otp=OTP-9&api%5Fkey=KEY-9&api_key=KEY-9&o%74p=OTP-9",
        authorization=b"Bearer TOKEN-9",
        cookie=b"sid=SESSION-9",
        x_code=b"CODE-9",
    )
    assert "-9" not in made.text + made.shown


@pytest.mark.parametrize(
    ("body", "parsed", "mask", "shown"),
    [
        (b"", None, None, ""),
        (b"plain", None, None, "plain"),
        (b"null", None, None, "null"),
        (b'"t"', "t", None, '"t"'),
        (b"\xff\xfe", None, None, "2 bytes of `a/b`, SHA-256 "),
        (b"unread pin", None, lambda _k, v: v, "10 bytes of `a/b`, SHA-256 "),
        ("a\u202eb\x1b[31m".encode(), None, None, "a\\u202eb\\u001b[31m"),
        (b"1", 1, lambda kind, v: [kind, v], '["a/b", 1]'),
    ],
)
def test_the_body_is_shown_whole_or_described(body, parsed, mask, shown):
    """Nothing that could hold an unseen secret or turn a line around is shown as it is."""
    how = Approvable(reads=True, fields=frozenset(), mask=mask)
    assert show(body, "a/b", parsed, how).startswith(shown)


@given(st.text())
def test_what_is_shown_is_printable(text):
    """No control character, no bidirectional override reaches an approver's terminal."""
    assert printable(text).isprintable()


json_like = st.recursive(
    st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(json_like)
def test_the_canonical_form_is_one_and_reversible(value):
    """Two readers write the same bytes for the same text (strings alone: RFC 8785 s3.2.2.2)."""
    assert json.loads(canonical(value)) == value
    assert canonical(json.loads(canonical(value))) == canonical(value)
