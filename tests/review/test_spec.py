"""Spec changes: operations, security, settings, each once with its place."""

from __future__ import annotations

import pytest
from kit.pairs import CONFIG, document, write_contract

from yett.contract.load import load
from yett.policy.compile import compile_policy
from yett.review.spec import spec_changes

ALL = "shop.getBooking, shop.updateBooking, shop.cancelBooking"
GET, PATCH = ("/bookings/{id}", "get"), ("/bookings/{id}", "patch")


@pytest.fixture
def changed(tmp_path):
    """What a change of one operation (or the config) is reported as."""

    def run(change=None, old=None, **more):
        sides = []
        for name, apply in (("old", old), ("new", change)):
            spec = document()
            if apply:
                apply(spec["paths"])
            settings = more if name == "new" else {}
            contract = load(write_contract(tmp_path / name, spec=spec, **settings))
            sides.append((contract, compile_policy(contract)))
        return [(f.rule, f.message) for f in spec_changes(*sides)]

    return run


def at(place, **changes):
    """A change of one operation; a setting of `x-yett` as `x_name`."""

    def apply(paths):
        operation = paths[place[0]][place[1]]
        for name, value in changes.items():
            if name.startswith("x_"):
                operation.setdefault("x-yett", {})[name[2:]] = value
            else:
                operation[name] = value

    return apply


def test_nothing(changed):
    """The same contract has no differences."""
    assert changed() == []


def test_security(changed):
    """Fewer scopes or a further alternative is weaker; more is not."""
    assert changed(at(GET, security=[{"bearer": []}])) == [
        ("security-weakened", "shop.getBooking: `security` is met by `bearer`")
    ]
    more = [{"bearer": ["bookings:read", "bookings:write"]}]
    assert changed(at(GET, security=more)) == []
    other = [{"bearer": ["bookings:read"]}, {"bearer": ["x"]}]
    assert changed(at(GET, security=other)) == [
        ("security-weakened", "shop.getBooking: `security` is met by `bearer` with `x`")
    ]


def test_public(changed):
    """What nobody needs to prove, and what is no longer checked on records."""
    assert ("public-set", "shop.getBooking: the operation is `public`") in changed(
        at(GET, x_public=True, security=[])
    )


def test_sensitive(changed):
    """Dropped, or asking for less."""
    was = {"acr": "gold", "max_age": 60, "approvals": 2, "within": 600, "bind": "operation"}
    old = at(PATCH, x_sensitive=was)
    assert changed(old=old) == [
        ("sensitive-weakened", "shop.updateBooking: the operation is not `sensitive`")
    ]
    now = {"acr": "silver", "max_age": 90, "approvals": 1, "within": 900}
    messages = [message for _, message in changed(at(PATCH, x_sensitive=now), old=old)]
    assert [message.partition(": ")[2] for message in messages] == [
        "`acr` was `gold` and is `silver`",
        "`max_age` was 60 and is 90",
        "2 approvals were needed, now 1",
        "a token for one call was needed, now any will do",
        "an approval lasted 600 s and lasts 900 s",
    ]
    assert changed(old, old=old) == []


def test_limits(changed):
    """A looser rate, a cheaper call, a larger body; a stricter rate is fine."""
    loose = CONFIG + '[limits]\ndefault = ["900/min per principal", "6000/min per ip"]\n'
    assert changed(config=loose) == [
        (
            "limit-raised",
            f"{ALL}: no limit per principal is as strict as 600 in 60 s",
        )
    ]
    strict = CONFIG + '[limits]\ndefault = ["9/min per principal", "60/min per ip"]\n'
    assert changed(config=strict) == []
    found = changed(at(PATCH, x_cost=0.5, x_max_body=1 << 28), old=at(PATCH, x_concurrency=3))
    assert {rule for rule, _ in found} == {"limit-raised"}
    assert len(found) == 3


def test_modes(changed):
    """One line for a rule, however many operations it is about."""
    observing = CONFIG + '[rules]\nbody = "observe"\n'
    assert changed(config=observing) == [
        (
            "mode-weakened",
            f"{ALL}: the rule `body` was `enforce` and is `observe`",
        )
    ]


def test_inputs(changed):
    """A further parameter and media type are noted; a loosened one is a warning."""
    query = {"name": "q", "in": "query", "schema": {"type": "string", "maxLength": 9}}
    (found,) = changed(at(GET, parameters=[query]))
    assert found == ("field-added", "shop.getBooking: the query parameter `q` is taken")
    wider = {**query, "schema": {"type": "string", "maxLength": 99}}
    (found,) = changed(at(GET, parameters=[wider]), old=at(GET, parameters=[query]))
    assert found[0] == "schema-loosened"

    def media(paths):
        content = paths["/bookings/{id}"]["patch"]["requestBody"]["content"]
        content["application/merge-patch+json"] = {"schema": {"type": "object"}}

    assert changed(media) == [
        ("field-added", "shop.updateBooking: a body of `application/merge-patch+json` is taken")
    ]
