"""Codes for tokens: once, by whom they were made for, with the verifier that made the challenge."""

from __future__ import annotations

import json
import threading

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.accounts import NOW
from kit.oauth import CHALLENGE, REDIRECT, VERIFIER, Party, claims_of, error_of, s256
from kit.proofs import JKT, STRANGER, holder_jwk, thumbprint

from yett.issuer.errors import OAuthError
from yett.issuer.grants.authorization_code import challenge_of
from yett.issuer.grants.issue import CODE_SECONDS
from yett.issuer.token import token
from yett.state.accounts.grants import find_grant, list_grants
from yett.state.accounts.revocations import in_force
from yett.state.accounts.sessions import end_session
from yett.state.accounts.users import change_user, find_user

OTHER = "x" * 43


def ended(server, grant):
    """Whether the gate is told that a family is over."""
    with server.store.read() as tx:
        rows = in_force(tx, NOW)
        found = find_grant(tx, grant.id)
    return found.ended > 0 and [(row.kind, row.value) for row in rows] == [("grant", grant.id)]


def test_a_code_gives_what_was_granted(party):
    """The tokens say who, for which client, what, how and when they signed in, and which family."""
    grant = party.grant(nonce="n-1", scopes=("orders:read", "openid"))
    answer = party.exchange(party.code(grant))
    claims, identity = claims_of(answer["access_token"]), claims_of(answer["id_token"])
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 600)
    assert claims["sub"] == identity["sub"] == party.user.id
    assert claims["grant"] == grant.id
    assert claims["sid"] == identity["sid"] == party.session.id
    assert (claims["client_id"], identity["aud"]) == ("app", "app")
    assert (claims["scope"], answer["scope"]) == ("orders:read openid", "orders:read openid")
    assert (claims["acr"], claims["amr"]) == ("urn:yett:multi-factor", ["pwd", "otp"])
    assert claims["auth_time"] == identity["auth_time"] == int(NOW)
    assert identity["nonce"] == "n-1"


def test_the_vector_of_rfc_7636():
    """Appendix B of RFC 7636 comes out."""
    assert challenge_of(VERIFIER) == CHALLENGE


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"code": "unknown"}, "invalid_grant"),
        ({"code": ...}, "invalid_request"),
        ({"redirect_uri": ...}, "invalid_request"),
        ({"redirect_uri": "https://evil.example/callback"}, "invalid_grant"),
        ({"redirect_uri": REDIRECT + "/"}, "invalid_grant"),
        ({"redirect_uri": REDIRECT + "/more"}, "invalid_grant"),
        ({"redirect_uri": REDIRECT + "?a=b"}, "invalid_grant"),
        ({"redirect_uri": REDIRECT.replace("app.", "a@app.")}, "invalid_grant"),
        ({"redirect_uri": REDIRECT.replace("/callback", "%2Fcallback")}, "invalid_grant"),
        ({"redirect_uri": REDIRECT.upper()}, "invalid_grant"),
        ({"redirect_uri": "é"}, "invalid_grant"),
        ({"code_verifier": ...}, "invalid_request"),
        ({"code_verifier": OTHER}, "invalid_grant"),
        ({"code_verifier": VERIFIER[:-1]}, "invalid_request"),  # 42 characters
        ({"code_verifier": "a" * 129}, "invalid_request"),
        ({"code_verifier": VERIFIER[:-1] + "+"}, "invalid_request"),
        ({"code_verifier": VERIFIER + "\n"}, "invalid_request"),
        ({"code_verifier": "é" * 43}, "invalid_request"),
        ({"code_verifier": CHALLENGE}, "invalid_grant"),  # `plain`, which nobody may use
    ],
)
def test_what_does_not_fit_is_refused(public, changed, code):
    """A wrong, missing or malformed part is refused, and the code stays good for its owner."""
    good = public.code()
    assert error_of(public.exchange, good, **changed) == code
    assert public.exchange(good)["access_token"]


def test_a_verifier_of_a_plain_challenge_is_refused(public):
    """Also where a challenge was put down as it is, its own text does not verify it."""
    assert error_of(public.exchange, public.code(challenge=VERIFIER)) == "invalid_grant"


def test_a_code_without_a_challenge_cannot_be_used(public):
    """A downgrade to no PKCE ends here, whatever the authorization endpoint did (RFC 9700 4.8)."""
    code = public.code(challenge="")
    assert error_of(public.exchange, code) == "invalid_grant"
    assert error_of(public.exchange, code, code_verifier=...) == "invalid_request"


def test_a_code_is_good_for_a_minute(party):
    """One moment before its end it is good, at its end it is not."""
    late, early = party.code(), party.code()
    party.now += CODE_SECONDS - 0.001
    assert party.exchange(early)["access_token"]
    party.now += 0.001
    assert error_of(party.exchange, late) == "invalid_grant"


def test_a_replayed_code_ends_what_came_of_it(party):
    """The second use is refused, the refresh token of the first is dead, the gate is told."""
    grant = party.grant()
    code = party.code(grant)
    first = party.exchange(code)
    assert error_of(party.exchange, code) == "invalid_grant"
    assert ended(party.server, grant)
    assert error_of(party.refresh, first["refresh_token"]) == "invalid_grant"
    assert error_of(party.exchange, code) == "invalid_grant"


def test_a_replay_after_the_code_has_expired_counts(party):
    """A used code that comes back later has leaked just the same."""
    grant = party.grant()
    code = party.code(grant)
    party.exchange(code)
    party.now += CODE_SECONDS * 10
    assert error_of(party.exchange, code) == "invalid_grant"
    assert ended(party.server, grant)


def test_another_client_gets_nothing_and_breaks_nothing(party):
    """A code of another client is refused, and its owner can still use it."""
    code = party.code()
    stranger = Party(party.server, name="stranger")
    assert error_of(stranger.exchange, code) == "invalid_grant"
    assert party.exchange(code)["access_token"]
    assert error_of(stranger.exchange, code) == "invalid_grant"
    with party.server.store.read() as tx:
        assert len(list_grants(tx, NOW, client="app")) == 1, "a stranger's replay ends nothing"


def test_of_many_at_once_one_comes_through(party):
    """Twenty exchanges of one code at once: one answer, nineteen refusals."""
    code = party.code()
    ask = party.ask(
        grant_type="authorization_code", code=code, redirect_uri=REDIRECT, code_verifier=VERIFIER
    )
    results = []

    def go():
        try:
            results.append(json.loads(token(party.server, ask).body)["token_type"])
        except OAuthError as error:
            results.append(error.code)

    threads = [threading.Thread(target=go) for _ in range(20)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(results) == ["Bearer"] + ["invalid_grant"] * 19


def test_a_code_bound_to_a_key_needs_that_key(party):
    """`dpop_jkt`: without a proof, or with another key, a stolen code is worth nothing."""
    code = party.code(binding=f"jkt:{JKT}")
    assert error_of(party.exchange, code) == "invalid_grant"
    assert error_of(party.exchange, code, headers=party.dpop(key=STRANGER)) == "invalid_grant"
    answer = party.exchange(code, headers=party.dpop())
    assert answer["token_type"] == "DPoP"
    assert claims_of(answer["access_token"])["cnf"] == {"jkt": JKT}


def test_the_first_proof_binds_the_family(public):
    """The refresh token of a public client is good only with the key that fetched it."""
    answer = public.exchange(headers=public.dpop())
    held = answer["refresh_token"]
    assert error_of(public.refresh, held) == "invalid_grant"
    assert error_of(public.refresh, held, headers=public.dpop(key=STRANGER)) == "invalid_grant"
    again = public.refresh(held, headers=public.dpop())
    assert claims_of(again["access_token"])["cnf"] == {"jkt": JKT}
    assert thumbprint(holder_jwk()) == JKT


def test_what_was_taken_away_since_is_not_given(party):
    """Between consent and exchange an account, a session or a role may go."""
    server, user = party.server, party.user
    demoted, signed_out, disabled = party.code(), party.code(), party.code()
    server.store.write(
        lambda tx: change_user(tx, find_user(tx, user.id), roles=("clerk",), now=NOW)
    )
    assert party.exchange(demoted)["scope"] == "orders:read"
    server.store.write(lambda tx: end_session(tx, party.session.id, NOW))
    assert error_of(party.exchange, signed_out) == "invalid_grant"
    server.store.write(
        lambda tx: change_user(tx, find_user(tx, user.id), status="disabled", now=NOW)
    )
    assert error_of(party.exchange, disabled) == "invalid_grant"


def test_nothing_left_to_give_is_said(party):
    """Where no scope of those granted is left, the client is told so."""
    code = party.code(scopes=("orders:write",))
    party.server.store.write(
        lambda tx: change_user(tx, find_user(tx, party.user.id), roles=(), now=NOW)
    )
    assert error_of(party.exchange, code) == "invalid_scope"


def test_a_token_for_one_operation_is_short_and_has_no_successor(party):
    """`bind: operation`: two minutes, the details in it, and no refresh token."""
    detail = {"type": "urn:yett:operation", "operation": "payOrder", "digest": "0" * 64}
    answer = party.exchange(party.code(details=(detail,)))
    assert answer["expires_in"] == 120
    assert "refresh_token" not in answer
    assert answer["authorization_details"] == [detail]
    assert claims_of(answer["access_token"])["authorization_details"] == [detail]


def test_a_client_without_refresh_gets_none(server):
    """A refresh token is given only to a client that may use it."""
    party = Party(server, grants=("authorization_code",))
    assert "refresh_token" not in party.exchange()


@given(verifier=st.from_regex(r"[A-Za-z0-9._~-]{43,128}", fullmatch=True))
def test_the_challenge_is_that_of_the_rfc(verifier):
    """Any verifier's challenge is what hashlib and base64 say, and is itself well-formed."""
    assert challenge_of(verifier) == s256(verifier)
    assert len(challenge_of(verifier)) == 43


def test_a_code_that_is_gone_with_its_grant_is_refused(party):
    """A code whose grant has been removed is refused like an unknown one."""
    grant = msgspec.structs.replace(party.grant(), id="nothing")
    assert error_of(party.exchange, party.code(grant)) == "invalid_grant"
