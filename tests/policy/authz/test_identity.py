"""Callers as entities: claims, enrichment, and issuers that cannot be confused."""

from __future__ import annotations

from kit.shop import answer, messages, operation

from yett.policy.authz.identity import make_identity
from yett.policy.cedar.types import Attribute, Plain

ENRICH = """
[principal]
id = "customer_id"
attributes = {level = {claim = "lvl", type = "Long", required = true}}
enrich = {operation = "getMe", attributes = {desk = "/desk"}, ttl = 5}
"""
ME = {"type": "object", "required": ["desk"], "properties": {"desk": {"type": "string"}}}


def test_claims_and_enrichment_have_types(facts, shop, report):
    """A claim's type is said, that of the service's answer is read from its schema."""
    shop["paths"]["/me"] = {"get": operation("getMe", answer(ME), tags=())}
    gathered = facts(more=ENRICH)
    identity = make_identity(gathered.contract, gathered.claims, gathered.enriched, report)
    assert identity.claim == "customer_id"
    assert identity.attributes == ((Attribute("level", Plain("Long"), True), "lvl"),)
    assert identity.enrichment.attributes == ((Attribute("desk", Plain("String")), ("desk",)),)
    assert (identity.enrichment.read.path, identity.enrichment.seconds) == (("/me",), 5)
    assert identity.types["user"] == "User"
    assert identity.roles == {"customer": frozenset(), "staff": frozenset()}
    assert messages(report) == []


def test_an_attribute_nobody_answers_is_an_error(facts, shop, report):
    """What the operation's answer does not declare has no type."""
    shop["paths"]["/me"] = {"get": operation("getMe", answer({"type": "object"}), tags=())}
    facts(more=ENRICH)
    assert "the attribute `desk` of the principal has no type: nothing declares it" in messages(
        report
    )


def test_services_of_certificates_are_nobody_elses(facts, shop, report):
    """Their names, and the issuers outside, which vouch for none of them."""
    more = """
[[identity.certificate]]
name = "dns:billing.example.com"
service = "billing"
"""
    gathered = facts(more=more)
    identity = make_identity(gathered.contract, gathered.claims, gathered.enriched, report)
    assert identity.certified == {"billing"}
    assert identity.strangers == {one.url for one in gathered.contract.config.identity.issuer}
