"""A policy that can say nothing is told, and refuses nothing."""

from __future__ import annotations

import json

import pytest
from kit.shop import OWN, TOML, compile_shop, document, operation

from yett.contract.load import load
from yett.policy.compile import compile_policy

OF_BOOKINGS = """@id("own") permit(principal, action in [Action::"getBooking", Action::"ping"],
    resource is Booking) when { resource.customer == principal };"""


def said(policy):
    return [(r.message, r.hint) for r in policy.remarks if r.rule.id == "authz-idle"]


def shop(tmp_path, policies, contents=None):
    return said(compile_shop(tmp_path, contents, policies))


def without_issuer(tmp_path, policies):
    """The same shop, to which nobody can sign in."""
    head, _, tail = TOML.partition("[[identity.issuer]]")
    (tmp_path / "yett.toml").write_text(
        (head + "[vocab" + tail.partition("[vocab")[2]).replace("{port}", "1")
    )
    (tmp_path / "openapi.json").write_text(json.dumps(document()))
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies/a.cedar").write_text(policies)
    return said(compile_policy(load(tmp_path)))


def test_an_action_about_another_type(tmp_path):
    """`resource is Booking` says nothing of an operation about no record, whatever list names it."""
    contents = document()
    contents["paths"]["/ping"] = {"get": operation("ping")}
    assert shop(tmp_path, OF_BOOKINGS, contents) == [
        (
            "`own` never applies to `ping`: that is about `Api`",
            "take the action out, or let the policy speak of that type, too",
        )
    ]


def test_groups_are_no_list(tmp_path):
    """A group holds operations about anything: a policy on one type means those of that type."""
    contents = document()
    contents["paths"]["/ping"] = {"get": operation("ping")}
    rule = '@id("own") permit(principal, action in Action::"read", resource is Booking);'
    assert shop(tmp_path, rule, contents) == []


def test_what_applies_is_not_told(tmp_path):
    """Policies of the shop apply to all that they name, generated ones are not the team's."""
    assert shop(tmp_path, OWN) == []


@pytest.mark.parametrize("type_", ["User", "Service"])
def test_without_an_issuer_nobody_signs_in(tmp_path, type_):
    """The trap of teams with API keys: the draft says `is User`, and a key is a `Key`."""
    rule = f'@id("own") permit(principal is {type_}, action == Action::"getBooking", resource);'
    (message, hint) = without_issuer(tmp_path, rule)[0]
    assert message == f"`own` speaks of a `{type_}`, and without an issuer nobody is one"
    assert hint.startswith(f"an API key is a `Key`: leave `is {type_}` out")


def test_keys_need_no_issuer(tmp_path):
    """A policy about anybody, or about keys, is fine without one."""
    rule = '@id("own") permit(principal is Key, action == Action::"getBooking", resource);'
    assert without_issuer(tmp_path, rule) == []
