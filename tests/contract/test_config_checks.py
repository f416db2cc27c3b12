import pytest
from kit.settings import findings

API = '[api.shop]\nopenapi = "o.json"\nupstream = "http://h"\n'
ISSUER = API + '[[identity.issuer]]\nurl = "https://i"\naudience = "a"\n'


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[api]\n", 1, "no api is declared"),
        ('[api.shop]\nupstream = "http://h"\n', 1, "has no `openapi` file"),
        (
            '[api.g]\ngraphql = "s.graphql"\nupstream = "http://h"\n',
            2,
            "not enforced by this version",
        ),
        ('[api."a.b"]\nopenapi = "o"\nupstream = "http://h"\n', 1, "cannot name an api"),
        (API + "[cors]\norigins = ['*']", 5, "`*` is not an exact origin"),
        (API + "[cors]\norigins = ['null']", 5, "`null` is not"),
        (API + "[cors]\norigins = ['https://a.com/']", 5, "not an exact origin"),
        (API + "[cors]\norigins = ['https://A.com']", 5, "not an exact origin"),
        (API + "[cors]\norigins = ['https://a.com:443']", 5, "leave out the default port"),
        (API + "[cors]\norigins = ['https://*.a.com']", 5, "not an exact origin"),
        (API + "[cors]\nheaders = ['*']", 5, "not a header name"),
        (API + "[cors]\nexpose = ['a b']", 5, "not a header name"),
        (API + "[authz]\nsignatures = 'all'", 5, "nobody could vote"),
        (API + "[rules]\ninjektion = 'off'", 5, "is not a rule"),
        (API + "[gateway]\nwhen_not_recorded = 'drop'", 5, "not one of `block`, `degrade`"),
        (API + "[gateway]\ntrusted_proxies = ['10.0.0.1/8']", 5, "is not a network"),
        (API + "[gateway]\ntrusted_proxies = ['proxy']", 5, "is not a network"),
        (API + "[gateway]\nlisten = '0.0.0.0'", 5, "not a place to listen"),
        (API + "[gateway]\nlisten = ':80'", 5, "not a place to listen"),
        (API + "[gateway]\nlisten = '1.2.3.4:70000'", 5, "not a place to listen"),
        (API + "[gateway]\nlisten = '127.1:80'", 5, "not a place to listen"),
        (API + "[gateway.tls]\ncert = ''\nkey = 'k'", 5, "`gateway.tls.cert` is empty"),
        (API + "[gateway.tls]\ncert = 'c'\nkey = 'k'\nredirect = '80'", 7, "not a place to listen"),
        (API + "[limits]\ndefault = ['1/s per ip', 'often']", 5, "`often` is not a limit"),
        (API + "[limits]\nfailures = ''", 5, "is not a limit"),
        (API + "[limits]\nfailures = '60/mni per ip'", 5, "unknown unit `mni`"),
        (API + "[limits]\nfailures = '6/min per principal'", 5, "must be `per ip`"),
        (API + "[store]\ncounters = 'redis://x'", 5, "not a counter store"),
        (API + "[store]\naccounts = 'mysql://x'", 5, "is not a store of accounts"),
        (API + "[store]\nledger = ''", 5, "`store.ledger` is empty"),
        (API + '[headers]\nhsts = "a\\r\\nb: c"', 5, "characters that no header"),
        (API + "[vocabulary.scopes]\n'a b' = ''", 5, "is not a scope"),
        (API + "[vocabulary.roles]\nr = ['x']", 5, "grants the unknown scope `x`"),
        (ISSUER, 4, "`algorithms` is missing"),
        (ISSUER + "algorithms = []", 7, "`algorithms` of an issuer is empty"),
        (ISSUER + "algorithms = ['HS256']", 7, "whoever can verify a shared secret can also sign"),
        (ISSUER + "algorithms = ['none']", 7, "would not be signed"),
        (ISSUER + "algorithms = ['nOnE']", 7, "would not be signed"),
        (ISSUER + "algorithms = ['ES265']", 7, "not a signature algorithm"),
        (ISSUER + "algorithms = ['ES256K']", 7, "not a signature algorithm"),
        (ISSUER + "algorithms = ['ES256']\ntypes = []", 8, "`types` of an issuer is empty"),
        (ISSUER + "algorithms = ['ES256']\njwks = 'ftp://x/y'", 8, "not an https URL"),
        (ISSUER + "algorithms = ['ES256']\nskew = 301", 8, "a number from 0 to 300"),
        (ISSUER.replace("https://i", "i") + "algorithms = ['ES256']", 5, "not an https URL"),
        (
            ISSUER.replace('"a"', '""') + "algorithms = ['ES256']",
            6,
            "`audience` of an issuer is empty",
        ),
        (
            ISSUER + "algorithms = ['ES256']\n" + ISSUER[len(API) :] + "algorithms = ['ES256']",
            9,
            "twice",
        ),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused_with_its_line(text, line, words):
    """Each has path, line, words and an error; nothing is silently ignored."""
    found = findings(text)[0]
    assert found.severity == "error"
    assert (found.path, found.line) == ("yett.toml", line)
    assert words in found.message


@pytest.mark.parametrize(
    "value",
    [
        "h:80", "ftp://h", "http://", "http://h/", "http://h/x", "http://u:p@h", "http://h?x", "http://h#x",
        "http://h:0", "http://h:65536", "http://h:x", "http://[::1", "http://[x]:1", "HTTP://h", "http://H",
        "http://a..b", "http://127.1", "http://0x7f.1", "http://h\n", " http://h", "http://h:80:80", "http://é",
    ],
)  # fmt: skip
def test_an_upstream_is_scheme_host_and_port(value):
    """Anything behind, before or between is refused: no request may be led elsewhere by it."""
    text = API.replace('"http://h"', '"' + value.replace("\n", "\\n") + '"')
    ok = {"http://0x7f.1"}  # a name like any other: it is not read as a number
    assert bool(findings(text)) != (value in ok)


@pytest.mark.parametrize(
    "value",
    [
        "http://h",
        "https://h.example.com:8443",
        "http://127.0.0.1:8000",
        "http://[::1]:80",
        "http://a_b",
    ],
)
def test_upstreams_that_are_taken(value):
    """Names, addresses and ports in their one form."""
    assert not findings(API.replace("http://h", value))


@pytest.mark.parametrize(
    "value", ["v2", "/a?b", "/a#b", "/a/../b", "/a%2fb", "/{x}", "//a", "/a b"]
)
def test_a_path_prefix_has_one_reading(value):
    """Dots, percent signs, queries and braces are refused."""
    assert findings(API + f'path = "{value}"')[0].line == 4


@pytest.mark.parametrize("value", ["", "/", "/v2", "/v2/", "/a/b-c.d"])
def test_path_prefixes_that_are_taken(value):
    """Plain prefixes, with or without the last slash."""
    assert not findings(API + f'path = "{value}"')


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (API + "[gateway]\ntrusted_proxies = ['0.0.0.0/0']", "trusts every address"),
        (API + "[gateway]\nwhen_not_recorded = 'degrade'", "cannot be recorded"),
        (ISSUER.replace("https", "http") + "algorithms = ['ES256']", "the network can sign tokens"),
    ],
)
def test_a_danger_that_is_allowed_is_named(text, words):
    """A hazard is a warning: allowed, and never silent."""
    (found,) = findings(text)
    assert (found.rule, found.severity) == ("config-hazard", "warning")
    assert words in found.message


def test_loopback_may_be_plain():
    """An issuer on this machine is no hazard."""
    assert not findings(
        ISSUER.replace("https://i", "http://127.0.0.1:9") + "algorithms = ['ES256']"
    )
    assert not findings(
        ISSUER.replace("https://i", "http://localhost:9") + "algorithms = ['ES256']"
    )
