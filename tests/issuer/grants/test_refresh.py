"""Refreshing: one branch, reuse ends the family, nothing grows, nothing is renewed but the token."""

from __future__ import annotations

import json
import tempfile
import threading
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from kit.accounts import NOW, make_server
from kit.oauth import Party, claims_of, error_of
from kit.proofs import JKT, STRANGER

from yett.issuer.errors import OAuthError
from yett.issuer.grants.issue import end_grant
from yett.issuer.token import token
from yett.state.accounts.grants import find_grant
from yett.state.accounts.notices import untold
from yett.state.accounts.revocations import in_force
from yett.state.accounts.sessions import end_session
from yett.state.accounts.users import change_user, find_user
from yett.terms import Certificate

THUMB = "A" * 43


def grant_of(party, answer):
    with party.server.store.read() as tx:
        return find_grant(tx, claims_of(answer["access_token"])["grant"])


def revoked(party):
    with party.server.store.read() as tx:
        return [(row.kind, row.value, row.reason) for row in in_force(tx, party.now)]


def kinds(party):
    with party.server.store.read() as tx:
        return [event.kind for _, event in untold(tx)]


def test_each_token_is_followed_by_one(party):
    """Ten times in a row: always another token, always the same family."""
    answer = party.exchange()
    seen = {answer["refresh_token"]}
    family = claims_of(answer["access_token"])["grant"]
    for _ in range(10):
        party.now += 300
        answer = party.refresh(answer["refresh_token"])
        seen.add(answer["refresh_token"])
        assert claims_of(answer["access_token"])["grant"] == family
    assert len(seen) == 11
    assert grant_of(party, answer).generation == 10


def test_a_used_token_ends_the_family_in_the_same_second(party):
    """A millisecond after the rotation a replay is theft: both branches die, the gate is told."""
    first = party.exchange()
    second = party.refresh(first["refresh_token"])
    party.now += 0.001
    assert error_of(party.refresh, first["refresh_token"]) == "invalid_grant"
    grant = grant_of(party, first)
    assert grant.ended == party.now
    assert revoked(party) == [("grant", grant.id, "refresh-reuse")]
    assert "grant-ended" in kinds(party)
    assert error_of(party.refresh, second["refresh_token"]) == "invalid_grant"


def test_who_arrived_before_the_commit_was_in_an_honest_race(party):
    """A request that was on its way when another won is refused, and the family lives."""
    first = party.exchange()
    arrived = party.now
    party.now += 0.4  # the winner commits
    second = party.refresh(first["refresh_token"])
    party.now = arrived + 0.3  # arrived after the winner had, before it committed
    assert error_of(party.refresh, first["refresh_token"]) == "invalid_grant"
    party.now = arrived + 1
    assert party.refresh(second["refresh_token"])["access_token"]
    assert revoked(party) == []


def test_two_generations_back_is_never_honest(party):
    """Whoever has used the successor has had its answer: an older token is a stolen one."""
    first = party.exchange()
    arrived = party.now
    party.now += 1
    second = party.refresh(first["refresh_token"])
    party.refresh(second["refresh_token"])
    party.now = arrived
    assert error_of(party.refresh, first["refresh_token"]) == "invalid_grant"
    assert len(revoked(party)) == 1


def test_within_the_grace_the_same_successor_is_given(server):
    """A client that lost the answer gets the same token again, while nobody has used it."""
    server.settings = msgspec.structs.replace(server.settings, refresh_grace=5.0)
    party = Party(server)
    server.clock = lambda: party.now
    first = party.exchange()["refresh_token"]
    second = party.refresh(first)
    party.now += 5
    again = party.refresh(first)
    assert again["refresh_token"] == second["refresh_token"]
    assert again["access_token"] != second["access_token"]
    party.now += 0.1
    assert error_of(party.refresh, first) == "invalid_grant", "the grace is over"
    assert error_of(party.refresh, second["refresh_token"]) == "invalid_grant"


def test_the_grace_ends_when_the_successor_is_used(server):
    """Once the successor was used, its predecessor is reuse, within the grace too."""
    server.settings = msgspec.structs.replace(server.settings, refresh_grace=5.0)
    party = Party(server)
    server.clock = lambda: party.now
    first = party.exchange()["refresh_token"]
    second = party.refresh(first)["refresh_token"]
    third = party.refresh(second)["refresh_token"]
    party.now += 1
    assert error_of(party.refresh, first) == "invalid_grant"
    assert error_of(party.refresh, third) == "invalid_grant"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "yr_",
        "yr_" + "a" * 22 + ".0." + "b" * 43,
        "yr_" + "a" * 22 + ".00." + "b" * 43,
        "yr_" + "a" * 22 + ".-1." + "b" * 43,
        "yr_" + "a" * 22 + ".99999999999." + "b" * 43,
        "eyJhbGciOiJub25lIn0.e30.",
        "\N{ARABIC-INDIC DIGIT ONE}",
        "a" * 100_000,
    ],
)
def test_what_is_no_token_of_ours_is_refused(public, text):
    """Anything else than a token of ours is refused alike."""
    assert error_of(public.refresh, text) == "invalid_grant"


def test_an_invented_token_of_a_real_family_harms_nobody(party):
    """Whoever knows a family's id, as every API does, cannot end it by inventing tokens of it."""
    first = party.exchange()
    text = first["refresh_token"]
    party.now += 1
    second = party.refresh(text)
    party.now += 1
    head, generation, mac = text.split(".")
    for forged in (
        f"{head}.{generation}.{'A' * 43}",
        f"{head}.1.{mac}",
        f"{head}.7.{mac}",
        f"{head}.{generation}.{mac[:-1]}{'A' if mac[-1] != 'A' else 'E'}",
    ):
        assert error_of(party.refresh, forged) == "invalid_grant"
    assert revoked(party) == []
    assert party.refresh(second["refresh_token"])


def test_the_unused_bits_of_a_token_do_not_make_a_second_one(party):
    """The last character has bits that say nothing: another spelling is another token, refused."""
    text = party.exchange()["refresh_token"]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = alphabet[alphabet.index(text[-1]) ^ 1]
    assert error_of(party.refresh, text[:-1] + twin) == "invalid_grant"
    assert party.refresh(text)


def test_another_client_cannot_use_it(party):
    """A token of another client is refused, and stays good for its own."""
    held = party.exchange()["refresh_token"]
    stranger = Party(party.server, name="stranger")
    assert error_of(stranger.refresh, held) == "invalid_grant"
    assert party.refresh(held)


def test_scopes_only_shrink(party):
    """A part may be asked for, once; more than was granted never; the family keeps all."""
    held = party.exchange()["refresh_token"]
    assert error_of(party.refresh, held, scope="orders:read admin") == "invalid_scope"
    assert error_of(party.refresh, held, scope="openid") == "invalid_scope"
    less = party.refresh(held, scope="orders:read")
    assert less["scope"] == "orders:read"
    assert party.refresh(less["refresh_token"])["scope"] == "orders:read orders:write"


def test_a_refused_refresh_uses_nothing_up(party):
    """What was refused before the rotation leaves the token good."""
    held = party.exchange()["refresh_token"]
    for form in ({"scope": "admin"}, {"scope": "orders:write admin"}):
        assert error_of(party.refresh, held, **form) == "invalid_scope"
    assert party.refresh(held)


def test_the_sign_in_is_never_renewed(party):
    """`auth_time`, `acr` and `amr` stay those of the sign-in, and an ID token has no nonce."""
    answer = party.exchange(party.code(scopes=("orders:read", "openid"), nonce="n"))
    party.now += 4000
    later = party.refresh(answer["refresh_token"])
    claims, identity = claims_of(later["access_token"]), claims_of(later["id_token"])
    assert claims["auth_time"] == identity["auth_time"] == int(NOW)
    assert claims["acr"] == identity["acr"] == "urn:yett:multi-factor"
    assert claims["iat"] == NOW + 4000
    assert "nonce" not in identity


def test_a_family_ends_when_it_was_to_end(party):
    """Refreshing does not extend a grant, and its last access token ends with it."""
    scopes = ("orders:read", "offline_access")
    party.change(scopes=scopes)
    answer = party.exchange(party.code(scopes=scopes))
    lifetime = party.server.settings.refresh_lifetime
    party.now = NOW + lifetime - 60
    last = party.refresh(answer["refresh_token"])
    assert claims_of(last["access_token"])["exp"] == int(NOW + lifetime)
    assert last["expires_in"] == 60
    party.now = NOW + lifetime
    assert error_of(party.refresh, last["refresh_token"]) == "invalid_grant"


def test_roles_of_today_count(party):
    """A role that was taken away is gone from the next token; a disabled account gets none."""
    held = party.exchange()["refresh_token"]
    change = lambda **fields: party.server.store.write(  # noqa: E731 - reads as a table
        lambda tx: change_user(tx, find_user(tx, party.user.id), now=party.now, **fields)
    )
    change(roles=("clerk",))
    answer = party.refresh(held)
    assert answer["scope"] == "orders:read"
    assert claims_of(answer["access_token"])["roles"] == ["clerk"]
    change(status="disabled")
    assert error_of(party.refresh, answer["refresh_token"]) == "invalid_grant"


def test_a_client_that_lost_a_scope_or_the_grant_gets_no_more(party):
    """What is taken from the client is taken from its families."""
    held = party.exchange()["refresh_token"]
    party.change(scopes=("orders:read",))
    answer = party.refresh(held)
    assert answer["scope"] == "orders:read"
    party.change(grants=("authorization_code",))
    assert error_of(party.refresh, answer["refresh_token"]) == "unauthorized_client"


def test_signing_out_ends_it_but_for_offline_access(party):
    """Without `offline_access` a family lives no longer than its session."""
    party.change(scopes=("orders:read", "offline_access"))
    here = party.exchange(party.code(scopes=("orders:read",)))["refresh_token"]
    away = party.exchange(party.code(scopes=("orders:read", "offline_access")))["refresh_token"]
    party.server.store.write(lambda tx: end_session(tx, party.session.id, party.now))
    assert error_of(party.refresh, here) == "invalid_grant"
    assert party.refresh(away)


def test_a_family_that_was_ended_is_over(party):
    """After `end_grant` nothing is given, and its key is gone."""
    answer = party.exchange()
    family = claims_of(answer["access_token"])["grant"]
    end = lambda tx: end_grant(tx, family, party.now, "revoked", "ada")  # noqa: E731
    assert party.server.store.write(end)
    assert not party.server.store.write(end), "once"
    assert error_of(party.refresh, answer["refresh_token"]) == "invalid_grant"
    assert grant_of(party, answer).key == b""


def test_a_client_that_authenticates_may_change_its_key_but_not_drop_it(party):
    """RFC 9449 s5: a confidential client's family is bound to its authentication, never to none."""
    held = party.exchange(headers=party.dpop())["refresh_token"]
    assert error_of(party.refresh, held) == "invalid_grant"
    answer = party.refresh(held, headers=party.dpop(key=STRANGER))
    assert claims_of(answer["access_token"])["cnf"]["jkt"] != JKT
    party.change(bound=True)
    certificate = Certificate(thumbprint=THUMB)
    held = answer["refresh_token"]
    assert error_of(party.refresh, held, certificate=certificate) == "invalid_grant"


def test_of_twenty_at_once_exactly_one_comes_through(party):
    """Ten rounds of twenty threads that all arrived together: one branch each, which lives on."""
    held = party.exchange()["refresh_token"]
    for _ in range(10):
        party.now += 1
        ask = party.ask(grant_type="refresh_token", refresh_token=held)
        good, bad = [], []

        def go(ask=ask, good=good, bad=bad):
            try:
                good.append(json.loads(token(party.server, ask).body))
            except OAuthError as error:
                bad.append(error.code)

        threads = [threading.Thread(target=go) for _ in range(20)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert (len(good), bad) == (1, ["invalid_grant"] * 19)
        held = good[0]["refresh_token"]
    assert revoked(party) == []


class _CrashError(Exception):
    pass


def test_a_crash_before_the_commit_leaves_the_old_token_good(party, monkeypatch):
    """What was not committed has not happened: the client tries again with the same token."""
    held = party.exchange()["refresh_token"]

    def crash(*_arguments, **_more):
        raise _CrashError

    with monkeypatch.context() as patched:
        patched.setattr("yett.issuer.grants.refresh.hand_over", crash)
        with pytest.raises(_CrashError):
            party.refresh(held)
    assert party.refresh(held)


def test_a_crash_after_the_commit_costs_the_family_without_grace(party):
    """The answer was lost: a second try is reuse; with `refresh_grace` it is not."""
    party.server.settings = msgspec.structs.replace(party.server.settings, refresh_grace=5.0)
    held = party.exchange()["refresh_token"]
    party.refresh(held)  # the answer never arrives
    party.now += 2
    assert party.refresh(held)["refresh_token"]
    party.now += 60
    assert error_of(party.refresh, held) == "invalid_grant"


class Family(RuleBasedStateMachine):
    """A model of one family: a token is good, used, or everything is over."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.server = make_server(Path(self.folder.name))
        self.party = Party(self.server)
        self.server.clock = lambda: self.party.now
        self.held = [self.party.exchange()["refresh_token"]]
        self.rotated = self.party.now
        self.dead = False

    @precondition(lambda self: not self.dead)
    @rule(after=st.sampled_from([0.001, 1.0, 100.0]))
    def refresh(self, after):
        self.party.now += after
        self.held.append(self.party.refresh(self.held[-1])["refresh_token"])
        self.rotated = self.party.now

    @precondition(lambda self: len(self.held) > 1)
    @rule(data=st.data(), after=st.sampled_from([0.001, 5.0]))
    def reuse(self, data, after):
        self.party.now += after
        used = data.draw(st.sampled_from(self.held[:-1]))
        assert error_of(self.party.refresh, used) == "invalid_grant"
        self.dead = True

    @precondition(lambda self: not self.dead and len(self.held) > 1)
    @rule()
    def race(self):
        now, self.party.now = self.party.now, self.rotated
        assert error_of(self.party.refresh, self.held[-2]) == "invalid_grant"
        self.party.now = now

    @rule(generation=st.integers(0, 3))
    def forge(self, generation):
        head = self.held[0].split(".")[0]
        forged = f"{head}.{generation}.{'A' * 43}"
        assert error_of(self.party.refresh, forged) == "invalid_grant"

    @precondition(lambda self: self.dead)
    @rule(data=st.data())
    def try_again(self, data):
        text = data.draw(st.sampled_from(self.held))
        assert error_of(self.party.refresh, text) == "invalid_grant"

    @invariant()
    def the_store_says_the_same(self):
        with self.server.store.read() as tx:
            family = find_grant(tx, self.held[0][3:25])
        assert bool(family.ended) == self.dead
        assert family.generation == len(self.held) - 1

    def teardown(self):
        self.server.store.close()
        self.folder.cleanup()


TestFamily = Family.TestCase
TestFamily.settings = settings(
    max_examples=15, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
)
