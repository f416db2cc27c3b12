"""ID tokens of an outside provider: one honest token, and every way it could be something else."""

from __future__ import annotations

import base64
import json
import time

import msgspec
import pytest
from joserfc.jwk import ECKey
from kit.openid import CLIENT, SECRET, Provider

from yett.contract.identity_settings import ProviderConfig
from yett.issuer.errors import OAuthError
from yett.issuer.server import digest
from yett.issuer.sso_token import Wanted, judge, rules_of
from yett.state.openid import OpenIdProvider

NONCE = "n-0S6_WzA2Mj"
WANTED = Wanted(nonce=digest(NONCE))


@pytest.fixture(scope="module")
def outside():
    """A provider on loopback."""
    provider = Provider()
    yield provider
    provider.close()


@pytest.fixture
def corp(outside, tmp_path):
    """The provider as it is configured here."""
    (tmp_path / "secret").write_text(SECRET)
    outside.claims, outside.header, outside.metadata = {}, {}, {}
    config = ProviderConfig(
        name="corp",
        url=outside.url,
        client_id=CLIENT,
        secret="secret",
        acr={"2": "urn:yett:multi-factor", "9": "urn:made:up"},
    )
    return OpenIdProvider(config, tmp_path)


def token(outside, key=None, header=None, **claims):
    outside.claims = claims
    return outside.sign(outside.honest(NONCE), key, **(header or {})).encode()


def refuse(corp, text, wanted=WANTED):
    """Return why it proves nobody."""
    with pytest.raises(OAuthError) as refused:
        judge(corp, text, wanted, time.time())
    assert refused.value.status == 403
    assert "provider" in refused.value.description
    return refused.value.note


def test_an_honest_token_proves_a_person(outside, corp):
    """Issuer, subject, the mapped `acr`, the time, and what may be shown."""
    now = int(time.time())
    found = judge(
        corp,
        token(outside, acr="2", auth_time=now - 60, email="a@b", email_verified=True, name="Ada"),
        WANTED,
        time.time(),
    )
    assert (found.issuer, found.subject) == (outside.url, "248289761001")
    assert (found.acr, found.auth_time) == ("urn:yett:multi-factor", now - 60)
    assert (found.email, found.name) == ("a@b", "Ada")


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"iss": "https://evil.example"}, "`iss` is not a configured issuer"),
        ({"iss": None}, "`iss` is not a configured issuer"),
        ({"aud": "somebody"}, "`aud` does not name this API"),
        ({"aud": [CLIENT, "somebody"]}, "`aud` names somebody beside this client"),
        ({"aud": None}, "`aud` does not name this API"),
        ({"azp": "somebody"}, "`azp` is another client"),
        ({"nonce": "of another sign-in"}, "`nonce` is not of this sign-in"),
        ({"nonce": None}, "`nonce` is required"),
        ({"nonce": ["n-0S6_WzA2Mj"]}, "`nonce` is not of this sign-in"),
        ({"exp": 1}, "credential-expired"),
        ({"exp": None}, "`exp` is missing"),
        ({"exp": "soon"}, "`exp` is not a date"),
        ({"iat": 9_999_999_999}, "the token was issued in the future"),
        ({"iat": None}, "`iat` is required"),
        ({"sub": None}, "`sub` is missing or not an identifier"),
        ({"sub": ""}, "`sub` is missing or not an identifier"),
        ({"sub": 42}, "`sub` is missing or not an identifier"),
        ({"sub": "x" * 256}, "`sub` is missing or not an identifier"),
        ({"sub": "a\r\nset-cookie: x"}, "`sub` is missing or not an identifier"),
        ({"auth_time": "now"}, "`auth_time` is not a date of the past"),
        ({"auth_time": True}, "`auth_time` is not a date of the past"),
        ({"auth_time": -1}, "`auth_time` is not a date of the past"),
        ({"auth_time": 9_999_999_999}, "`auth_time` is not a date of the past"),
        ({"cnf": {"jkt": "x" * 43}}, ""),
    ],
)
def test_wrong_claims_prove_nobody(outside, corp, claims, why):
    """Each claim that is wrong refuses the token, for its own reason."""
    assert why in refuse(corp, token(outside, **claims))


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "at+jwt"},
        {"typ": "logout+jwt"},
        {"typ": "secevent+jwt"},
        {"kid": None},
        {"kid": "unknown"},
        {"kid": "../../etc/passwd"},
        {"jku": "http://127.0.0.1:1/jwks"},
        {"x5u": "http://127.0.0.1:1/x"},
        {"crit": ["exp"]},
        {"cty": "JWT"},
    ],
)
def test_wrong_headers_prove_nobody(outside, corp, header):
    """Another kind of token, another key, or anything that makes a verifier fetch or skip."""
    before = list(outside.hits)
    assert refuse(corp, token(outside, header=header))
    assert set(outside.hits) - set(before) <= {"/.well-known/openid-configuration", "/jwks"}


def test_a_typ_of_jwt_is_fine(outside, corp):
    """Some providers write `typ: JWT`, most write none."""
    assert judge(corp, token(outside, header={"typ": "JWT"}), WANTED, time.time()).subject


def test_another_key_proves_nobody(outside, corp):
    """A token that somebody else signed under the provider's `kid` is refused."""
    stranger = ECKey.generate_key("P-256", {"kid": "k1"})
    assert refuse(corp, token(outside, stranger)) == "the signature is wrong"


def test_no_signature_proves_nobody(outside, corp):
    """`none` is no algorithm, whatever its spelling."""
    honest = token(outside).decode().split(".")
    for name in ("none", "None", "NONE", ""):
        head = json.dumps({"alg": name, "kid": "k1"}).encode()
        head = base64.urlsafe_b64encode(head).rstrip(b"=").decode()
        for signature in ("", honest[2], "AA"):
            assert refuse(corp, f"{head}.{honest[1]}.{signature}".encode())


def test_the_public_key_is_no_secret(outside, corp):
    """HS256 keyed with the public key, or with our own client secret, is refused."""
    for secret in (outside.key.as_pem(private=False), SECRET.encode() * 2):
        text = token(outside, secret, header={"alg": "HS256"})
        assert refuse(corp, text) == "`alg` is not a configured algorithm"


@pytest.mark.parametrize(
    "text", [b"", b"a.b.c", b"....", b"\xff" * 50, b"x" * 9000, "ü.ü.ü".encode()]
)
def test_nonsense_proves_nobody(corp, text):
    """What is no token is refused like one."""
    assert refuse(corp, text)


def test_a_sign_in_that_is_too_old_is_refused(outside, corp):
    """Asked for a fresh sign-in, an older one or one without a time does not do."""
    now = int(time.time())
    wanted = msgspec.structs.replace(WANTED, since=now - 60.0)
    why = "`auth_time` is missing or too long ago"
    assert refuse(corp, token(outside, auth_time=now - 120), wanted) == why
    assert refuse(corp, token(outside, auth_time=None), wanted) == why
    assert judge(corp, token(outside, auth_time=now - 70), wanted, time.time())


@pytest.mark.parametrize("acr", [None, "1", "9", 2, ["2"], {}, "urn:yett:phishing-resistant"])
def test_an_unlisted_acr_is_one_factor(outside, corp, acr):
    """A value that the table lacks, or maps to something that is not ours, means nothing."""
    assert judge(corp, token(outside, acr=acr), WANTED, time.time()).acr == (
        "urn:yett:single-factor"
    )


@pytest.mark.parametrize("verified", [None, False, "true", 1])
def test_an_unverified_address_is_not_kept(outside, corp, verified):
    """Only `true` is true."""
    text = token(outside, email="ceo@example.com", email_verified=verified)
    assert judge(corp, text, WANTED, time.time()).email == ""


@pytest.mark.parametrize("name", ["x" * 201, "a\x00b", 3, None, "a\u202eb"])
def test_a_name_that_cannot_be_shown_is_none(outside, corp, name):
    """Control characters and endless names do not get into pages or the record."""
    assert judge(corp, token(outside, name=name), WANTED, time.time()).name == ""


def test_a_new_key_is_found_and_a_flood_of_names_is_not_fetched(outside, corp):
    """A rotated key is fetched once; a thousand unknown names cost one look in half a minute."""
    judge(corp, token(outside), WANTED, time.time())
    before = outside.hits.count("/jwks")
    for number in range(50):
        refuse(corp, token(outside, header={"kid": f"k{number + 100}"}))
    assert outside.hits.count("/jwks") - before <= 1


def test_only_configured_algorithms(corp):
    """The rules name what the configuration names, and no claim gives roles or scopes."""
    rules = rules_of(corp)
    assert rules.algorithms == ("RS256", "ES256")
    assert (rules.scope_claim, rules.roles_claim) == ("", "")


def test_no_sign_in_is_of_the_future(corp, outside):
    """A provider's clock that is ahead makes no sign-in that stays fresh for longer."""
    now = time.time()
    found = judge(corp, token(outside, auth_time=int(now) + 200), WANTED, now)
    assert found.auth_time == now
