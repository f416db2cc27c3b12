import pytest
from kit.settings import findings

from yett.contract.config import Config
from yett.contract.config_identity import check_issuers, check_principal, check_vocabulary
from yett.contract.places import Source
from yett.contract.report import Report
from yett.contract.toml import read_config

API = '[api.shop]\nopenapi = "o.json"\nupstream = "http://h"\n'
ISSUER = API + '[[identity.issuer]]\nurl = "https://i"\naudience = "a"\nalgorithms = ["ES256"]\n'


GOOD = """
[principal]
type = "Customer"
id = "customer_id"
attributes.depot = {claim = "depot"}
attributes.level = {claim = "https://example.com/level", type = "Long", required = true}
[principal.enrich]
operation = "getMe"
attributes = {customer = "/customer_id", name = "/profile/a~1b"}
ttl = 5
[authz]
engine = "both"
sample = 0
hidden = "mask"
[vocabulary.classes]
pii = "names"
card-data = "numbers of cards"
"""


def test_good_settings_are_taken():
    """Everything that the docs show."""
    report = Report()
    config, _ = read_config((ISSUER + 'namespace = "staff:"\n' + GOOD).encode(), "y", report)
    assert not report.remarks
    assert config.principal.attributes["level"].required
    assert config.principal.enrich.ttl == 5
    assert config.identity.issuer[0].namespace == "staff:"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[principal]\ntype = 'a b'", 5, "not a name that Cedar takes"),
        ("[principal]\ntype = 'Role'", 5, "taken"),
        ("[principal]\ntype = 'Service'", 5, "no person"),
        ("[principal.attributes.roles]\nclaim = 'groups'", 4, "every principal has"),
        ("[principal.attributes.id]\nclaim = 'x'", 4, "every principal has"),
        ("[principal.attributes.in]\nclaim = 'x'", 4, "not a name that Cedar takes"),
        ("[principal.attributes.depot]\nclaim = ''", 5, "names no claim"),
        ("[principal.attributes.depot]\nclam = 'x'", 5, "`clam` is not known"),
        ("[principal.attributes.depot]\nclaim = 'x'\ntype = 'Int'", 6, "`Int` is not one of"),
        ("[principal.enrich]\noperation = 'x'\nattributes = {}", 4, "names no attribute"),
        ("[principal.enrich]\noperation = 'x'\nattributes = {tenant = '/t'}", 6, "every principal"),
        ("[principal.enrich]\noperation = 'x'\nattributes = {a = 't'}", 6, "not a JSON pointer"),
        ("[principal.enrich]\noperation = 'x'\nattributes = {a = ''}", 6, "not a JSON pointer"),
        (
            "[principal.attributes.a]\nclaim='a'\n[principal.enrich]\noperation = 'x'\nattributes = {a = '/t'}",
            8,
            "is asked of the service, too",
        ),
        ("[authz]\nengine = 'cedarpy'", 5, "`cedar`"),
        ("[authz]\nhidden = 'blank'", 5, "`drop`"),
        ("[authz]\nseen_ttl = 0", 5, "greater than 0"),
        ("[vocabulary.classes]\n'p i' = ''", 5, "not a field class"),
        ("[vocabulary.classes]\napprove = ''", 5, "word for approvals"),
    ],
)
def test_a_mistake_has_a_line(text, line, words):
    """What would take two people for one, or read another attribute, is never loaded."""
    found = findings(API + text)
    assert found[0].line == line
    assert found[0].severity == "error"
    assert words in found[0].message


@pytest.mark.parametrize("text", ["a b", "a\\u0000", 'x\\"', "ü"])
def test_a_namespace_is_plain(text):
    """It becomes a part of ids that people read in policies."""
    (found,) = findings(ISSUER + f'namespace = "{text}"\n')
    assert (found.line, found.rule) == (8, "config-value")


def test_the_checks_are_of_one_table():
    """Each takes a Config and reports; the defaults are fine."""
    report = Report()
    for check in (check_issuers, check_vocabulary, check_principal):
        check(Config(api={}), Source("yett.toml"), report)
    assert not report.remarks
