"""What is signed says exactly what was decided, and each kind is taken for nothing else."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.accounts import AUDIENCE, ISSUER, NOW, VOCABULARY
from kit.oauth import Party, claims_of

from yett.contract.builtin import BUILTIN_KEYS_FILE
from yett.credentials import JwtRules, Verified, load_keys, read_issued, verify_jwt
from yett.engine.steps.scopes import granted
from yett.issuer import keys, tokens
from yett.state.accounts.grants import Grant

TYPES = ("at+jwt", "session+jwt", "JWT", "logout+jwt", "secevent+jwt")


@pytest.fixture
def party(server):
    return Party(server)


def minted(party, **more):
    grant = more.pop("grant", None) or party.grant()
    scopes = more.pop("scopes", ("orders:read", "orders:write"))
    return party.server.store.write(
        lambda tx: tokens.mint_access(
            party.server, tx, grant, party.client, scopes, **{"now": NOW, **more}
        )
    )


def verified(server, token, types):
    rules = JwtRules(issuer=ISSUER, audience=AUDIENCE, algorithms=("ES256",), types=types)
    keys.publish(server)
    known = load_keys((server.folder / BUILTIN_KEYS_FILE).read_bytes(), ("ES256",))
    raw, _ = read_issued(token.encode(), {ISSUER: rules})
    return verify_jwt(raw, rules, known, NOW)


def test_the_gate_reads_what_was_written(party):
    """Each claim of an access token comes back as a part of the principal."""
    issued = minted(party)
    found = verified(party.server, issued.token, ("at+jwt",)).principal
    assert (found.id, found.client, found.kind) == (party.user.id, "app", "user")
    assert (found.scopes, found.roles) == ({"orders:read", "orders:write"}, {"manager"})
    assert (found.credential, issued.expires) == (issued.jti, int(NOW) + 600)


@pytest.mark.parametrize("scopes", [(), ("orders:read",), ("orders:write",), ("openid",)])
def test_no_role_opens_what_was_not_granted(party, scopes):
    """A manager lets an application read: the gate takes its token for reading and nothing else."""
    found = verified(party.server, minted(party, scopes=scopes).token, ("at+jwt",)).principal
    carried = {role: frozenset(names) for role, names in VOCABULARY.roles.items()}
    assert granted(found, carried) == set(scopes)


def test_a_role_that_is_granted_whole_is_carried(party):
    """A role goes along with all of its scopes; one without scopes was never asked about."""
    roles = ("clerk", "manager", "guest")
    assert tokens.carried_roles(party.server, roles, ("orders:read",)) == ("clerk", "guest")


def test_a_service_is_taken_for_one(party):
    """Where nobody else is behind it, `sub` is the client (RFC 9068 s2.2)."""
    issued = minted(party, grant=Grant(id="", client="app"))
    assert verified(party.server, issued.token, ("at+jwt",)).principal.kind == "service"


@pytest.mark.parametrize("made", TYPES)
def test_each_kind_passes_for_itself_alone(party, made):
    """Signed by the same key with another `typ`, none of them is accepted (RFC 8725 3.11)."""
    server = party.server
    claims = claims_of(minted(party).token)
    text = server.store.write(lambda tx: tokens.sign(server, tx, claims, made, NOW))
    for wanted in TYPES:
        found = verified(server, text, (wanted,))
        assert isinstance(found, Verified) == (wanted == made)


def test_a_lifetime_can_only_be_shorter(party):
    """Nobody gets more than `access_lifetime`, or than is left of the grant."""
    assert minted(party, lifetime=60).expires == int(NOW) + 60
    assert minted(party, lifetime=10**6).expires == int(NOW) + 600
    nearly = NOW + party.server.settings.refresh_lifetime - 5
    assert minted(party, now=nearly).expires == int(nearly + 5)


def test_who_acts_for_whom_is_in_it(party):
    """`act` names who acts (RFC 8693 4.1), and is absent where nobody does."""
    assert "act" not in claims_of(minted(party).token)
    assert claims_of(minted(party, act={"sub": "s_1"}).token)["act"] == {"sub": "s_1"}


def test_a_binding_becomes_a_confirmation():
    """One member, of the kind that was proven; nothing for nothing."""
    assert tokens.confirmation("jkt:abc") == {"jkt": "abc"}
    assert tokens.confirmation("x5t:abc") == {"x5t#S256": "abc"}
    assert tokens.confirmation("") == {}
    with pytest.raises(KeyError):
        tokens.confirmation("other:abc")


def test_a_session_says_how_and_when_and_never_outlives_it(party):
    """It ends with the session, or when it would have been idle; scopes are those of the roles."""
    server = party.server
    made = server.store.write(
        lambda tx: tokens.mint_session(server, tx, party.session, party.user, NOW)
    )
    claims = claims_of(made.token)
    assert claims["exp"] == int(NOW + server.settings.session_idle)
    assert (claims["sid"], claims["sub"]) == (party.session.id, party.user.id)
    assert claims["scope"] == "orders:read orders:write"
    assert claims["acr"] == "urn:yett:multi-factor"
    late = party.session.expires - 10
    made = server.store.write(
        lambda tx: tokens.mint_session(server, tx, party.session, party.user, late)
    )
    assert made.expires == int(party.session.expires)


@given(now=st.floats(min_value=1, max_value=4e9))
def test_no_token_is_newer_than_it_is(now):
    """`iat` is rounded down: a cut-off a moment later catches it, though they share a second."""
    assert now - 0.0011 < tokens.instant(now) <= now


def test_a_cut_off_within_the_second_tells_tokens_apart(party):
    """One made before the cut-off is older than it, one made after it is not."""
    before = claims_of(minted(party, now=NOW + 0.2).token)["iat"]
    after = claims_of(minted(party, now=NOW + 0.6).token)["iat"]
    assert before < NOW + 0.5 < after


def test_no_two_tokens_share_a_name(party):
    """`jti` has 128 random bits."""
    assert len({minted(party).jti for _ in range(50)}) == 50


def test_the_half_hash_of_the_rfc():
    """OpenID Connect Core 3.1.3.6: the left half, of SHA-256 or for EdDSA of SHA-512."""
    whole = hashlib.sha256(b"token").digest()
    assert tokens.half_hash("token", "ES256") == urlsafe_b64encode(whole[:16]).rstrip(b"=").decode()
    assert len(tokens.half_hash("token", "EdDSA")) == 43


def test_a_token_shows_in_no_representation(party):
    """What was issued can be logged by mistake without harm."""
    issued = minted(party)
    assert issued.token not in repr(issued)
