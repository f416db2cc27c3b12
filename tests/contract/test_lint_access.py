import pytest

from yett.contract.lint import lint

BASE = '[api.shop]\nopenapi = "openapi.json"\nupstream = "http://h"\n'
CERTIFICATE = '[[identity.certificate]]\nname = "dns:a.example"\nservice = "a"\n'
ISSUER = '[[identity.issuer]]\nurl = "https://i"\naudience = "a"\nalgorithms = ["ES256"]\n'


def rules(contract, document, config=BASE):
    """The first finding of each rule."""
    return {f.rule: f for f in reversed(lint(contract(document, config)))}


def test_an_operation_that_says_nothing_is_an_error(contract, good):
    """Neither `security` nor `public`: refused by the gate, and named here."""
    del good["security"]
    found = rules(contract, good)["operation-unguarded"]
    assert found.severity == "error"
    assert found.subject == "shop.getBooking"


def test_public_is_an_answer(contract, good):
    """`public: true` silences both rules."""
    del good["security"]
    for path in good["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict):
                operation["x-yett"] = {"public": True}
                operation.pop("security", None)
    assert not {"operation-unguarded", "operation-anonymous"} & set(rules(contract, good))


@pytest.mark.parametrize("security", [[], [{}], [{"bearer": []}, {}]])
def test_an_open_alternative_is_a_warning(contract, good, security):
    """An empty requirement opens the operation, whatever stands beside it."""
    good["paths"]["/health"]["get"]["security"] = security
    assert rules(contract, good)["operation-anonymous"].subject == "shop.health"


def test_public_beside_a_requirement_is_a_warning(contract, good):
    """One of the two is not meant."""
    good["paths"]["/health"]["get"] |= {"security": [{"bearer": []}], "x-yett": {"public": True}}
    assert rules(contract, good)["public-and-secured"].subject == "shop.health"


def test_what_is_public_is_guarded_by_no_scheme(contract, good):
    """An unverifiable scheme of the root is counted without the operations that were opened."""
    good["security"] = [{"bearer": []}]
    good["paths"] = {f"/{n}": {"get": {"operationId": f"o{n}"}} for n in range(3)}
    good["paths"]["/0"]["get"]["x-yett"] = {"public": True}
    assert "guards 2 operations" in rules(contract, good)["credential-unverifiable"].message


def test_one_public_operation_of_a_guarded_document_is_meant(contract, good):
    """The root asks for a credential, one operation is opened: nothing is said."""
    good["security"] = [{"bearer": []}]
    good["paths"]["/health"]["get"].pop("security", None)
    good["paths"]["/health"]["get"]["x-yett"] = {"public": True}
    assert "public-and-secured" not in rules(contract, good)


def test_a_sensitive_operation_needs_somebody(contract, good):
    """Nobody is there to step up."""
    good["paths"]["/health"]["get"]["x-yett"] = {"sensitive": True}
    assert rules(contract, good)["sensitive-anonymous"].severity == "error"


def test_scopes_are_in_the_vocabulary(contract, good):
    """With a vocabulary, a scope outside it is an error; without one, nothing is said."""
    config = BASE + '[vocabulary.scopes]\n"bookings:reed" = ""\n'
    found = rules(contract, good, config)["scope-unknown"]
    assert found.severity == "error"
    assert found.hint == "did you mean `bookings:reed`?"
    assert "scope-unknown" not in rules(contract, good)


@pytest.mark.parametrize(
    ("scheme", "config", "found"),
    [
        ({"type": "http", "scheme": "bearer"}, "", True),
        ({"type": "http", "scheme": "bearer"}, ISSUER, False),
        ({"type": "oauth2", "flows": {}}, ISSUER, False),
        ({"type": "apiKey", "in": "header", "name": "X"}, ISSUER, True),
        ({"type": "apiKey", "in": "cookie", "name": "X"}, ISSUER, False),
        ({"type": "apiKey", "in": "header", "name": "X"}, '[identity]\nkeys = "k"\n', False),
        ({"type": "http", "scheme": "basic"}, ISSUER, True),
        ({"type": "mutualTLS"}, ISSUER, True),
        ({"type": "mutualTLS"}, CERTIFICATE, False),
    ],
)
def test_a_scheme_that_nothing_verifies_is_named(contract, good, scheme, config, found):
    """Every credential of it would be refused."""
    good["components"]["securitySchemes"]["bearer"] = scheme
    assert ("credential-unverifiable" in rules(contract, good, BASE + config)) is found


def test_passwords_and_keys_in_urls_are_named(contract, good):
    """Basic and `in: query`, once per scheme."""
    schemes = good["components"]["securitySchemes"]
    schemes["basic"] = {"type": "http", "scheme": "basic"}
    schemes["key"] = {"type": "apiKey", "in": "query", "name": "k"}
    good["security"] = [{"basic": []}, {"key": []}]
    found = rules(contract, good)
    assert "guards 2 operations" in found["credential-basic"].message
    assert "URLs are logged" in found["credential-in-query"].hint
