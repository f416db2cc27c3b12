"""The settings of client certificates: what would never be looked at, or never match, is named."""

from __future__ import annotations

import pytest
from kit.settings import findings

from yett.contract.config_certificates import name_flaw

API = '[api.shop]\nopenapi = "o.json"\nupstream = "http://h"\n'
TLS = API + "[gateway.tls]\ncert = 'c'\nkey = 'k'\n"
NAME = API + '[[identity.certificate]]\nname = "uri:spiffe://a/b"\nservice = "billing"\n'
WORDS = "[vocabulary.scopes]\n'orders:read' = ''\n[vocabulary.roles]\nstaff = []\n"


@pytest.mark.parametrize(
    "text",
    [
        TLS + "client_ca = 'ca'\ncrl = 'crl'\nmutual = '127.0.0.1:8443'\n",
        API + "[gateway]\nclient_cert = true\ntrusted_proxies = ['10.0.0.0/8']\n",
        NAME,
        NAME + "scopes = ['anything']\nroles = ['any']\n",
        WORDS + NAME + "scopes = ['orders:read']\nroles = ['staff']\n",
        NAME + '[[identity.certificate]]\nname = "dns:a.example"\nservice = "billing"\n',
    ],
)
def test_what_fits_is_taken(text):
    """Nothing is said of settings that do what they say."""
    assert findings(text) == ()


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (TLS + "crl = 'crl'", 7, "`gateway.tls.crl` says nothing without `client_ca`"),
        (TLS + "mutual = '1.2.3.4:1'", 7, "`gateway.tls.mutual` says nothing without `client_ca`"),
        (TLS + "client_ca = 'a'\nmutual = '8443'", 8, "`8443` is not a place to listen"),
        (API + "[gateway]\nclient_cert = true", 5, "`client_cert` is never looked at"),
        (NAME.replace("uri:spiffe://a/b", "CN=billing"), 5, "is not a certificate's name"),
        (NAME.replace("billing", ""), 6, "is not the id of a service"),
        (NAME.replace("billing", "a b"), 6, "is not the id of a service"),
        (NAME + NAME.removeprefix(API), 8, "is configured twice"),
        (NAME + "scopes = ['a b']", 7, "`a b` is not a word"),
        (WORDS + NAME + "scopes = ['orders:raed']", 11, "has `orders:raed`, which `[vocabulary]`"),
        (WORDS + NAME + "roles = ['stuff']", 11, "has `stuff`, which `[vocabulary]` has not"),
    ],
)
def test_what_does_not_is_named(text, line, words):
    """Each with its line, and a next step where there is one."""
    (found,) = findings(text)
    assert words in found.message
    assert (found.severity, found.line) == ("error", line)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("uri:spiffe://example.org/billing", ""),
        ("dns:billing.example.org", ""),
        ("email:ops@example.org", ""),
        ("", "begins with"),
        ("dn:CN=billing", "begins with"),
        ("URI:spiffe://a", "begins with"),
        ("uri:", "empty or too long"),
        ("uri:" + "a" * 2049, "empty or too long"),
        ("uri:spiffe://a/b c", "characters"),
        ("uri:spiffe://é", "characters"),
        ("uri:spiffe://a/\n", "characters"),
        ("dns:*.example.org", "pattern"),
        ("uri:spiffe://a/*", "pattern"),
        ("dns:A.example.org", "lower case"),
    ],
)
def test_names_that_can_match(name, words):
    """A name that no certificate can have, or that asks for more than one, says why."""
    assert words in name_flaw(name)
    assert bool(name_flaw(name)) is bool(words)
