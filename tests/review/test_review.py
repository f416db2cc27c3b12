"""Pairs of contracts with known answers: what a change lets whom do, and nothing that it does not."""

from __future__ import annotations

import pytest
from kit.pairs import CONFIG, POLICIES, document, write_contract

from yett.contract.load import load
from yett.policy.compile import compile_policy
from yett.review import review as module
from yett.review.report import Review
from yett.review.review import review

TENANT = "principal has tenant && principal.tenant == resource.tenant"
OWN = "when { resource.customer == principal };"


@pytest.fixture
def compare(tmp_path):
    """Compare the contract of the kit (with `old` changes) to one with `new` changes."""

    def run(old=None, **new) -> Review:
        sides = []
        for name, changes in (("old", old or {}), ("new", new)):
            contract = load(write_contract(tmp_path / name, **changes))
            sides.append((contract, compile_policy(contract)))
        return review(*sides)

    return run


def told(found, rule):
    """The messages of one rule."""
    return [f.message for f in found.findings() if f.rule == rule]


def ids(found):
    return {f.rule for f in found.findings()}


def test_the_same_contract(compare):
    """Nothing changed, nothing asked, nothing found."""
    found = compare()
    assert (found.findings(), found.questions, found.proved()) == ((), 0, True)


def test_an_equivalent_rewrite(compare):
    """Other words for the same rules: nothing newly allowed, proved."""
    rewritten = (
        POLICIES.replace("resource.customer == principal", "principal == resource.customer")
        .replace(f"when {{ {TENANT} }}", f"when {{ !(!({TENANT})) }}")
        .replace(
            '["open", "held"].contains(resource.status)',
            '(resource.status == "held" || resource.status == "open")',
        )
    )
    found = compare(policies=rewritten)
    assert found.findings() == ()
    assert found.proved()
    assert found.questions > 0


def test_a_dropped_conjunct(compare):
    """Staff of other tenants gain, and a request shows it."""
    found = compare(policies=POLICIES.replace(f"  {TENANT} &&\n", ""))
    (message,) = told(found, "access-gained")
    assert message == (
        "`getBooking` is newly allowed for user with role `staff`, of others, other tenant; "
        "service, key with role `staff`, other tenant"
    )
    gain = next(c for c in found.changes if c.kind == "user")
    assert gain.certainty == "confirmed"
    assert gain.case.roles == {"staff"}
    assert found.findings()[0].path.endswith("shop.cedar")


def test_a_weakened_unless(compare):
    """`unless mfa` became `when total > 1000 and no mfa`: small ones go without."""
    weaker = 'when { resource.total > 1000 && !context.amr.contains("mfa") };'
    found = compare(policies=POLICIES.replace('unless { context.amr.contains("mfa") };', weaker))
    (message,) = told(found, "access-gained")
    assert message.startswith(
        "`cancelBooking` is newly allowed for user without a role, own, without mfa"
    )
    assert "with mfa" not in message
    assert "before forbidden by `big-needs-mfa`" in found.findings()[0].hint


def test_a_stricter_like(compare):
    """A narrower pattern gives nothing and takes something."""
    wide = POLICIES + '@id("l") permit(principal, action == Action::"getBooking", resource)\n'
    old = wide + 'when { resource.status like "h*" };'
    found = compare(old={"policies": old}, policies=old.replace('"h*"', '"h*d"'))
    assert found.proved()
    assert ids(found) == {"access-lost"}
    assert not found.widened()


def test_a_scope_more_for_a_role(compare):
    """What a role carries is part of what it may do."""
    found = compare(
        config=CONFIG.replace(
            'staff = ["bookings:read"]', 'staff = ["bookings:read", "bookings:write"]'
        )
    )
    gained = told(found, "access-gained")
    assert "`updateBooking` is newly allowed for user with role `staff`, own" in gained
    assert "`cancelBooking` is newly allowed for user with role `staff`, own, with mfa" in gained


def test_a_dropped_security(compare):
    """Without `security` who had no scope gains, and the specification says it too."""
    spec = document()
    spec["paths"]["/bookings/{id}"]["get"]["security"] = [{}]
    found = compare(spec=spec)
    assert told(found, "security-weakened") == [
        "shop.getBooking: `security` is met by no credential at all"
    ]
    assert "`getBooking` is newly allowed for user without a role, own" in told(
        found, "access-gained"
    )


def test_a_new_operation(compare):
    """An operation that only NEW has is newly allowed to whom it permits."""
    spec = document()
    spec["paths"]["/bookings"] = {
        "delete": {
            "operationId": "deleteAll",
            "security": [{"bearer": ["bookings:write"]}],
            "responses": {"204": {"description": "gone"}},
        }
    }
    rule = '@id("all") permit(principal, action == Action::"deleteAll", resource);'
    found = compare(spec=spec, policies=POLICIES + rule)
    assert told(found, "operation-added") == ["shop.deleteAll: DELETE `/bookings` is new"]
    (message,) = told(found, "access-gained")
    assert message == "`deleteAll` is newly allowed for user, service, key"


def test_an_operation_that_is_gone(compare):
    """Who could call it no longer can; nothing is wider."""
    spec = document()
    del spec["paths"]["/bookings/{id}/cancel"]
    policies = POLICIES.replace('action == Action::"cancelBooking"', "action")
    found = compare(old={"policies": policies}, spec=spec, policies=policies)
    assert "operation-removed" in ids(found)
    assert found.proved()
    assert not found.widened()


def test_a_renamed_operation_is_the_same(compare):
    """Another operationId and another name of the parameter change nothing."""
    spec = document()
    item = spec["paths"].pop("/bookings/{id}/cancel")
    item["parameters"][0]["name"] = "booking"
    item["post"]["operationId"] = "cancel"
    item["post"]["x-yett"] = {
        "resource": {
            **item["post"]["x-yett"]["resource"],
            "id": "path.booking",
            "read": "getBooking",
        }
    }
    spec["paths"]["/bookings/{booking}/cancel"] = item
    found = compare(spec=spec, policies=POLICIES.replace("cancelBooking", "cancel"))
    assert found.findings() == ()
    assert found.proved()


def test_a_lost_read_only(compare):
    """A property that callers may now write is named with its place."""
    spec = document()
    del spec["components"]["schemas"]["Booking"]["properties"]["customer"]["readOnly"]
    found = compare(spec=spec)
    (finding,) = [f for f in found.findings() if f.rule == "read-only-lost"]
    assert finding.message == "shop.updateBooking: `customer` is no longer `readOnly`"
    assert finding.path.endswith("openapi.json")
    assert finding.line > 0


def test_a_lost_class(compare):
    """Without its class a field is read with the record: staff gain what only owners saw."""
    spec = document()
    del spec["components"]["schemas"]["Booking"]["properties"]["phone"]["x-yett-class"]
    policies = POLICIES.partition('@id("pii")')[0]
    found = compare(spec=spec, policies=policies)
    assert told(found, "class-lost")
    gained = told(found, "access-gained")
    assert any(
        m.startswith("`getBooking:pii` is newly allowed for user with role `staff`, of others")
        for m in gained
    )


def with_machine(**operations):
    spec = document()
    spec["components"]["schemas"]["Booking"]["x-yett-machine"] = {
        "field": "status",
        "initial": ["open"],
        "terminal": ["cancelled"],
        "operations": operations,
    }
    return spec


def test_a_machine_edge_more(compare):
    """A transition from a further state is newly allowed to who may do the operation."""
    narrow = {
        "cancelBooking": {"from": ["open"], "to": "cancelled"},
        "updateBooking": {"from": ["open", "held"], "to": "held"},
    }
    wide = {**narrow, "cancelBooking": {"from": ["open", "held"], "to": "cancelled"}}
    found = compare(old={"spec": with_machine(**narrow)}, spec=with_machine(**wide))
    (message,) = told(found, "access-gained")
    assert message.startswith(
        "`cancelBooking` is newly allowed for user without a role, own, with mfa"
    )
    gain = next(c for c in found.changes if c.gains)
    resource = next(e for e in gain.case.entities if e.uid == gain.case.resource)
    assert resource.attrs["status"] == "held"
    assert [rule.id for rule in gain.forbids] == ["state:cancelBooking"]


def test_a_forbid_dropped(compare):
    """Without the forbid whoever it stopped goes on."""
    head, _, rest = POLICIES.partition('@id("big-needs-mfa")')
    found = compare(policies=head + rest[rest.index('@id("pii")') :])
    (message,) = told(found, "access-gained")
    assert "without mfa" in message
    assert message.startswith("`cancelBooking`")


def test_an_overridden_permit(compare):
    """A permit that a forbid always overrides gives nothing: proved."""
    more = '@id("x") permit(principal, action == Action::"cancelBooking", resource)\n'
    more += 'when { resource.status == "cancelled" };\n'
    stop = '@id("y") forbid(principal, action, resource is Booking)\n'
    stop += 'when { resource.status == "cancelled" };\n'
    found = compare(old={"policies": POLICIES + stop}, policies=POLICIES + stop + more)
    assert found.findings() == ()
    assert found.proved()


def test_what_the_solver_cannot_be_told(compare):
    """A character that z3 lacks: not proved, and it says so."""
    odd = (
        POLICIES
        + '@id("o") permit(principal, action == Action::"getBooking", resource is Booking)\n'
    )
    odd += 'when { resource.status == "\U000e0041" };\n'
    found = compare(old={"policies": odd}, policies=odd.replace('"\U000e0041" }', '"\U000e0042" }'))
    (message,) = told(found, "access-not-proved")
    assert message.startswith("NOT PROVED: `getBooking` may be newly allowed for user")
    assert not found.proved()
    assert found.widened()


def test_attributes_from_elsewhere(compare):
    """The same rule over another field of the record is another rule."""
    spec = document()
    booking = spec["components"]["schemas"]["Booking"]
    booking["properties"]["author"] = {
        "type": "string",
        "x-yett-ref": "User",
        "maxLength": 64,
        "readOnly": True,
    }
    booking["required"].append("author")
    other = document()
    other["components"] = spec["components"]
    record = spec["paths"]["/bookings/{id}"]["get"]["x-yett"]["resource"]
    moved = {**record, "attrs": {**record["attrs"], "customer": "/author"}}
    for item in other["paths"].values():
        for method in item.values():
            if isinstance(method, dict):
                method["x-yett"] = {"resource": moved}
    found = compare(old={"spec": spec}, spec=other)
    assert any(m.startswith("`getBooking` is newly allowed") for m in told(found, "access-gained"))


def test_first_policies(compare):
    """From scopes alone to rules: much is lost, nothing is gained."""
    spec = document()
    for item in spec["paths"].values():
        for method in item.values():
            if isinstance(method, dict):
                del method["x-yett"]
    del spec["components"]["schemas"]["Booking"]["properties"]["phone"]["x-yett-class"]
    found = compare(old={"spec": spec, "policies": ""})
    assert found.proved()
    assert "access-lost" in ids(found)


def test_without_a_solver(compare, monkeypatch):
    """The specification is still compared; changed policies are not proved, with the way out."""
    monkeypatch.setattr(module, "has_solver", lambda: False)
    assert compare().proved()
    spec = document()
    del spec["components"]["schemas"]["Booking"]["properties"]["customer"]["readOnly"]
    found = compare(spec=spec, policies=POLICIES.replace('"open", "held"', '"open"'))
    assert found.unasked == "install yett[diff]"
    assert {"access-not-proved", "read-only-lost"} <= ids(found)
    assert found.widened()
