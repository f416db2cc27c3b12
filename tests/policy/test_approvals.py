"""Approvals in the contract: what is frozen, and the gate's own operations."""

from __future__ import annotations

import json

import pytest
from kit.approvals import document
from kit.shop import load_shop, operation

from yett.contract.errors import ContractError
from yett.policy.approvals import APPROVALS_PATH, FROZEN_FIELDS, OWN_API, own_api
from yett.policy.authz.model import Located
from yett.policy.compile import compile_policy
from yett.terms import Mode

ASKING = {"approvals": 1}


def compiled(tmp_path, contents, more="", policies=""):
    contract = load_shop(tmp_path, contents, policies, more)
    policy = compile_policy(contract)
    return contract, policy, {one.id: one for one in policy.operations}


def own_of(operations):
    return {id_: one for id_, one in operations.items() if one.own}


def test_own_operations_are_there_where_they_are_needed(tmp_path):
    """Three operations, only in a contract that asks for approvals."""
    _, policy, operations = compiled(tmp_path / "a", document(ASKING))
    own = own_of(operations)
    assert {(o.method, o.template, o.own) for o in own.values()} == {
        ("GET", APPROVALS_PATH, "list-approvals"),
        ("GET", APPROVALS_PATH + "/{id}", "show-approval"),
        ("POST", APPROVALS_PATH + "/{id}", "vote"),
    }
    assert OWN_API not in policy.upstreams
    contract, _, operations = compiled(tmp_path / "b", document(True))
    assert own_api(contract) is None
    assert own_of(operations) == {}


@pytest.mark.parametrize("mode", ["off", "observe"])
def test_own_operations_cannot_be_weakened(tmp_path, mode):
    """Whatever mode the gate is in, a vote needs a credential and a shape."""
    more = f'\n[gateway]\nmode = "{mode}"\n'
    _, _, operations = compiled(tmp_path, document(ASKING), more)
    for one in own_of(operations).values():
        assert set(one.modes.values()) == {Mode.ENFORCE}
        assert not one.public
        assert one.limits


def test_own_operations_take_every_credential_of_the_contract(tmp_path):
    """Each scheme of each service is one way; alike ones count once, names do not clash."""
    contents = document(ASKING)
    contents["components"]["securitySchemes"]["again"] = {"type": "http", "scheme": "bearer"}
    contents["paths"]["/more"] = {"get": operation("more", security=[{"again": []}])}
    _, _, operations = compiled(tmp_path, contents)
    (security,) = {one.security for one in own_of(operations).values()}
    schemes = [need.scheme for (need,) in security]
    assert sorted((s.type, s.parameter) for s in schemes) == [
        ("apiKey", "X-API-Key"),
        ("http", ""),
    ]
    assert len({s.name for s in schemes}) == 2
    assert not any(need.scopes for (need,) in security)


@pytest.mark.parametrize(
    ("url", "cookie"),
    [
        ("https://api.test/auth", "__Host-yett-session"),
        ("http://localhost:8080/auth", "yett-session"),
        ("https://login.test", None),
    ],
)
def test_browsers_come_with_the_cookie_of_their_sign_in(tmp_path, url, cookie):
    """Where the issuer stands on the gate's own host; elsewhere no browser would send it."""
    more = f'\n[identity.builtin]\nurl = "{url}"\naudience = "https://api.test"\nadmin_role = "staff"\n'
    _, _, operations = compiled(tmp_path, document(ASKING), more)
    for one in own_of(operations).values():
        schemes = [need.scheme for (need,) in one.security]
        assert [s.parameter for s in schemes if s.location == "cookie"] == [cookie] * bool(cookie)
    assert not any(need.scheme.location == "cookie" for (need,) in operations["shop.pay"].security)


def test_a_contract_that_claims_their_path_is_refused(tmp_path):
    """Two operations for the same requests: the contract says so, nothing is shadowed."""
    contents = document(ASKING)
    contents["paths"][APPROVALS_PATH] = {"get": operation("mine")}
    with pytest.raises(ContractError) as caught:
        compiled(tmp_path, contents)
    assert [finding.rule for finding in caught.value.findings] == ["route-conflict"]


def test_what_is_frozen(tmp_path):
    """The table, declared fields and cookies; no credentials, and not the approval itself."""
    contents = document(ASKING)
    pay = contents["paths"]["/pay"]["post"]
    text = {"type": "string", "maxLength": 9}
    pay["parameters"] += [
        {"name": "X-API-Key", "in": "header", "schema": text},
        {"name": "Yett-Approval", "in": "header", "schema": text},
        {"name": "Authorization", "in": "header", "schema": text},
        {"name": "Cookie", "in": "header", "schema": text},
        {"name": "X-Code", "in": "header", "schema": {**text, "format": "password"}},
        {"name": "area", "in": "cookie", "schema": text},
        {"name": "sid", "in": "cookie", "schema": text},
        {"name": "otp", "in": "query", "schema": {**text, "writeOnly": True}},
    ]
    schemes = contents["components"]["securitySchemes"]
    schemes["sid"] = {"type": "apiKey", "in": "cookie", "name": "sid"}
    schemes["inquery"] = {"type": "apiKey", "in": "query", "name": "api_key"}
    pay["security"] += [{"sid": []}, {"inquery": []}]
    _, _, operations = compiled(tmp_path, contents)
    how = operations["shop.pay"].approvable
    assert how.fields == FROZEN_FIELDS | {"x-ledger", "x-code"}
    assert how.cookies == ("area",)
    assert how.credentials == {"api_key"}
    assert how.secrets == {"x-code", "otp"}
    assert how.reads
    assert how.mask("application/json", {"amount": 1, "pin": "1"}) == {"amount": 1, "pin": "***"}


def test_who_may_approve_is_named_after_the_operation(tmp_path):
    """Scope and action carry the operation's id; with its api's name where two share one."""
    contents = document(ASKING)
    contents["paths"]["/pay"]["post"]["x-yett"]["resource"] = {"type": "Payment"}
    _, _, operations = compiled(tmp_path / "a", contents)
    how = operations["shop.pay"].approvable
    assert (how.scope, how.action) == ("approve:pay", "pay:approve")
    assert (how.type, how.located) == ("Payment", None)
    folder = tmp_path / "b"
    folder.mkdir()
    (folder / "other.json").write_text(json.dumps(document(ASKING)))
    more = '\n[api.other]\nopenapi = "other.json"\nupstream = "http://127.0.0.1:9"\npath = "/o"\n'
    _, _, operations = compiled(folder, document(ASKING), more)
    assert operations["other.pay"].approvable.scope == "approve:other.pay"
    assert operations["shop.pay"].approvable.action == "shop.pay:approve"


def test_a_record_is_found_where_the_contract_says(tmp_path):
    """The record's type and place come from `x-yett.resource`."""
    contents = document(ASKING)
    resource = {"type": "Payment", "id": "body./amount"}
    contents["paths"]["/pay"]["post"]["x-yett"]["resource"] = resource
    _, _, operations = compiled(tmp_path, contents)
    how = operations["shop.pay"].approvable
    assert how.located == Located("body", pointer=("amount",))


def test_an_operation_that_asks_for_none_is_not_approvable(tmp_path):
    """Only what asks for approvals carries what freezing needs."""
    contents = document(ASKING)
    contents["paths"]["/more"] = {"get": operation("more")}
    _, _, operations = compiled(tmp_path, contents)
    assert operations["shop.more"].approvable is None
    assert operations["shop.pay"].demand.approvals == 1
