"""The builtin authorization server as an issuer among others."""

from __future__ import annotations

from yett.contract.builtin import BUILTIN_KEYS_FILE, builtin_issuer, issuers_of
from yett.contract.config import IdentityConfig, IssuerConfig
from yett.contract.identity_settings import BuiltinConfig

OWN = BuiltinConfig(url="https://api.example.com/auth", audience="https://api.example.com")
OTHER = IssuerConfig(url="https://b.example", audience="a", algorithms=("ES256",))


def test_it_is_an_issuer_of_access_tokens_with_keys_in_a_file():
    """Exact issuer and audience, only `at+jwt`, no key from the network."""
    issuer = builtin_issuer(OWN)
    assert (issuer.url, issuer.audience) == (OWN.url, OWN.audience)
    assert issuer.types == ("at+jwt",)
    assert issuer.jwks == BUILTIN_KEYS_FILE
    assert not issuer.acr
    assert issuer.introspection is None


def test_it_comes_after_the_outside_issuers():
    """Without it there are only those."""
    assert issuers_of(IdentityConfig(issuer=(OTHER,))) == (OTHER,)
    both = issuers_of(IdentityConfig(issuer=(OTHER,), builtin=OWN))
    assert [one.url for one in both] == [OTHER.url, OWN.url]
