import pytest

from yett.contract.crosschecks import bare_names, operation_named
from yett.contract.errors import ContractError
from yett.contract.load import load

API = '[api.shop]\nopenapi = "openapi.json"\nupstream = "http://h"\n'
ONE = '[[identity.issuer]]\nurl = "https://%s"\naudience = "a"\nalgorithms = ["ES256"]\n'


def enriched(name):
    return API + f'[principal.enrich]\noperation = "{name}"\nattributes = {{customer = "/id"}}\n'


def refused(contract, *args):
    with pytest.raises(ContractError) as caught:
        contract(*args)
    return caught.value.findings


@pytest.fixture
def with_policies(folder, good):
    def make(config):
        path = folder(good, config)
        (path / "policies").mkdir(exist_ok=True)
        (path / "policies/a.cedar").write_text("permit(principal, action, resource);")
        return load(path)

    return make


def test_two_issuers_need_two_namespaces(with_policies):
    """The `7` of one would own what belongs to the `7` of the other."""
    (found,) = refused(with_policies, API + ONE % "one" + ONE % "two")
    assert (found.rule, found.line) == ("config-value", 8)
    assert "`https://one` and `https://two`" in found.message
    assert 'namespace = "staff:"' in found.hint
    same = 'namespace = "x"\n'
    assert refused(with_policies, API + ONE % "one" + same + ONE % "two" + same)[0].line == 13


def test_an_outside_issuer_beside_ours_needs_a_namespace(with_policies):
    """Otherwise it could name one of our accounts as the `sub` of its own people."""
    own = '[identity.builtin]\nurl = "https://a.example/auth"\naudience = "a"\n'
    (found,) = refused(with_policies, API + own + ONE % "one")
    assert "`https://a.example/auth` and `https://one`" in found.message
    assert with_policies(API + own + ONE % "one" + 'namespace = "one:"\n')


def test_one_of_them_may_go_without(with_policies):
    """Two different prefixes are enough, and one may be empty."""
    assert with_policies(API + ONE % "one" + ONE % "two" + 'namespace = "two:"\n')


def test_without_policies_ids_own_nothing(contract, good):
    """Then nobody compares them."""
    assert contract(good, API + ONE % "one" + ONE % "two")


@pytest.mark.parametrize(
    ("name", "words", "hint"),
    [
        ("helth", "no operation is named `helth`", "did you mean `health`?"),
        ("putBooking", "is a PUT", "a GET that answers"),
        ("getBooking", "has path parameters", "a GET that answers"),
    ],
)
def test_a_caller_is_asked_for_by_a_plain_get(contract, good, name, words, hint):
    """It is called on its own, with nothing but the caller's credential."""
    (found,) = refused(contract, good, enriched(name))
    assert (found.rule, found.line) == ("config-value", 5)
    assert words in found.message
    assert hint in found.hint


def test_nothing_else_may_be_needed(contract, good):
    """A parameter that must be there has no value to be sent."""
    good["paths"]["/health"]["get"]["parameters"] = [
        {"name": "verbose", "in": "query", "required": True, "schema": {"type": "boolean"}}
    ]
    assert "`verbose`" in refused(contract, good, enriched("health"))[0].message


@pytest.mark.parametrize("name", ["health", "shop.health"])
def test_an_operation_has_two_names(contract, good, name):
    """With its api and without."""
    made = contract(good, enriched(name))
    assert operation_named(made.apis, name).id == "shop.health"
    assert operation_named(made.apis, "health", "shop").id == "shop.health"
    assert operation_named(made.apis, "health", "other") is None


def test_bare_names_are_what_a_hint_offers(contract):
    """Without the api, of one api or of all."""
    made = contract()
    assert set(bare_names(made.apis)) == {"getBooking", "putBooking", "health"}
    assert list(bare_names(made.apis, "other")) == []
