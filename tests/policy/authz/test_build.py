"""From a contract to guards: what is generated, what is refused, what is only remarked."""

from __future__ import annotations

import pytest
from kit.shop import OWN, compile_shop, document, load_shop
from msgspec.structs import replace

from yett.contract.errors import ContractError
from yett.contract.report import Report
from yett.policy.authz.build import build_authz
from yett.policy.cedar.model import Decided
from yett.policy.cedar.slices import make_slices


def findings(tmp_path, contents=None, policies=OWN, more=""):
    with pytest.raises(ContractError) as caught:
        compile_shop(tmp_path, contents, policies, more)
    return [(f.rule, f.path.rpartition("/")[2], f.line, f.message) for f in caught.value.findings]


def test_rules_of_a_slice_are_the_teams_and_the_machines(tmp_path):
    """What the team wrote, what its machine means, and nothing else."""
    authz = compile_shop(tmp_path).authz
    assert [rule.id for rule in authz.slices["confirmBooking"].rules] == [
        "own",
        "staff",
        "state:confirmBooking",
    ]
    assert [rule.id for rule in authz.slices["getBooking"].rules] == ["own", "staff"]


def test_where_no_rule_permits_scopes_alone_decide(tmp_path):
    """An operation that no policy of the team speaks of is permitted here and needs no guard."""
    policy = compile_shop(tmp_path)
    assert [rule.id for rule in policy.authz.slices["getHealth"].rules] == ["default:getHealth"]
    assert "shop.getHealth" not in policy.authz.guards
    assert next(o for o in policy.operations if o.id == "shop.getHealth").guard is None


def test_a_forbid_alone_still_guards(tmp_path):
    """A team that only forbids keeps what scopes permit, minus that."""
    rule = '@id("tls") forbid(principal, action, resource) unless { context.secure };'
    authz = compile_shop(tmp_path, policies=rule).authz
    assert {r.id for r in authz.slices["getHealth"].rules} == {"tls", "default:getHealth"}
    assert authz.guards["shop.getHealth"].place == "before"


def test_a_closed_record_wants_to_have_been_shown(tmp_path):
    """`closed` becomes a rule, so it is explained and compared like any other."""
    contents = document()
    contents["paths"]["/bookings/{id}"]["get"]["x-yett"]["resource"]["closed"] = True
    authz = compile_shop(tmp_path, contents).authz
    assert "seen:getBooking" in [rule.id for rule in authz.slices["getBooking"].rules]
    assert authz.guards["shop.listBookings"].learns
    assert not compile_shop(tmp_path).authz.guards["shop.listBookings"].learns


@pytest.mark.parametrize(
    ("policies", "line", "part"),
    [
        ("\n\npermit(principal, action resource);", 3, "resource"),
        (
            '@id("a")\npermit(principal, action, resource) when { resource.costumer == principal };',
            1,
            "costumer",
        ),
        (
            '@id("a") permit(principal, action == Action::"getBookings", resource);',
            1,
            "getBookings",
        ),
        ('@id("a") permit(principal in Role::"boss", action, resource);', 1, "boss"),
        ("permit(principal, action, resource);", 1, "id"),
        (
            '@id("a") permit(principal, action, resource);\n@id("a") forbid(principal, action, resource);',
            2,
            "a",
        ),
        ('@id("state:x") permit(principal, action, resource);', 1, "state:x"),
        ('@id("seen:x") permit(principal, action, resource);', 1, "seen:x"),
    ],
)
def test_a_policy_that_cannot_be_used_is_an_error_at_its_line(tmp_path, policies, line, part):
    """Syntax, names, ids: each refuses the contract and says where."""
    found = findings(tmp_path, policies=policies)
    assert any(
        rule == "authz-policy" and path == "shop.cedar" and part in message
        for rule, path, _, message in found
    )
    assert any(abs(at - line) <= 1 for _, _, at, _ in found)


def test_a_machine_without_a_state_is_an_error(tmp_path):
    """A state that may be absent would make every forbid on it err, and deny."""
    contents = document()
    for path in ("/bookings/{id}",):
        schema = contents["paths"][path]["get"]["responses"]["200"]["content"]["application/json"][
            "schema"
        ]
        schema["required"].remove("status")
    found = findings(tmp_path, contents)
    assert ("authz-machine", "`status` is not a required string of `Booking`") in [
        (f[0], f[3]) for f in found
    ]


def test_a_machine_moves_only_records_of_its_own(tmp_path):
    """An operation that is about no booking cannot be a move of one."""
    contents = document()
    del contents["paths"]["/bookings/{id}"]["delete"]["x-yett"]
    found = findings(tmp_path, contents)
    assert ("authz-machine", "`deleteBooking` moves a `Booking`, and is not about one") in [
        (f[0], f[3]) for f in found
    ]


def test_a_difference_between_the_engines_is_not_activated(tmp_path, monkeypatch):
    """A slice that permits what cedarpy denies refuses the contract: the self-check finds it."""

    def wrong(rules, schema, *, engine):
        made = make_slices(rules, schema, engine=engine)
        always = replace(made["deleteBooking"], decide=lambda _: Decided(True, ("own",)))
        return {**made, "deleteBooking": always}

    monkeypatch.setattr("yett.policy.authz.build.make_slices", wrong)
    assert findings(tmp_path)[0][0] == "authz-difference"


def test_nothing_to_do_is_none(tmp_path):
    """A contract without policies, machines and classes has no authorization to compile."""
    contents = document()
    del contents["components"]["schemas"]["Booking"]["x-yett-machine"]
    text = contents["paths"]
    for path in text.values():
        for operation in path.values():
            if isinstance(operation, dict):
                for media in operation.get("responses", {}).values():
                    _unlabel(media)
                _unlabel(operation.get("requestBody", {}))
    _unlabel(contents["components"])
    authz, lints = build_authz(load_shop(tmp_path, contents, ""), Report())
    assert authz is None
    assert lints.remarks == []


def _unlabel(node):
    if isinstance(node, dict):
        node.pop("x-yett-class", None)
        for value in node.values():
            _unlabel(value)
