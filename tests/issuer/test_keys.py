"""Signing keys follow one another, and whatever is accepted was signed by one that may be known."""

from __future__ import annotations

import json
import tempfile
import threading
from base64 import urlsafe_b64decode
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from kit.accounts import AUDIENCE, ISSUER, NOW, make_server

from yett.contract.builtin import BUILTIN_KEYS_FILE
from yett.credentials import JwtRules, Verified, load_keys, read_issued, verify_jwt
from yett.credentials.rules import MAX_SKEW_SECONDS
from yett.issuer import keys, tokens
from yett.issuer.keys import DAY_SECONDS, PUBLISHED_SECONDS
from yett.state.accounts import AccountStore
from yett.state.accounts.notices import untold
from yett.state.accounts.revocations import in_force
from yett.state.accounts.signing_keys import list_keys
from yett.state.errors import StateError

RULES = JwtRules(
    issuer=ISSUER, audience=AUDIENCE, algorithms=("ES256", "EdDSA", "PS256", "RS256"), skew=5.0
)


def states(server):
    with server.store.read() as tx:
        return [key.state for key in list_keys(tx)]


def claims(now, lifetime=600):
    return {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "u_1",
        "client_id": "app",
        "jti": "j",
        "iat": now,
        "exp": int(now + lifetime),
    }


def issue(server, now, lifetime=600):
    return server.store.write(
        lambda tx: tokens.sign(server, tx, claims(now, lifetime), "at+jwt", now)
    ).encode()


def published(server):
    return load_keys((server.folder / BUILTIN_KEYS_FILE).read_bytes(), RULES.algorithms)


def accepted(token, known, now):
    """Whether the gate's own verifier takes a token, with the key set that it has."""
    raw, rules = read_issued(token, {ISSUER: RULES})
    found = verify_jwt(raw, rules, known, now)
    return isinstance(found, Verified) and found.principal is not None


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "PS256", "RS256"])
def test_what_is_signed_is_accepted_by_the_gate(tmp_path, algorithm):
    """With each algorithm: signed here, verified there, with the file between them."""
    server = make_server(tmp_path, algorithm=algorithm)
    keys.tick(server, NOW)
    assert accepted(issue(server, NOW), published(server), NOW)
    header = json.loads(tokens_header(issue(server, NOW)))
    assert set(header) == {"alg", "kid", "typ"}
    server.store.close()


def tokens_header(token):
    part = token.split(b".")[0]
    return urlsafe_b64decode(part + b"=" * (-len(part) % 4))


def test_the_life_of_a_key(server):
    """First active at once; its successor published an hour before; retired, then removed."""
    keys.tick(server, NOW)
    assert states(server) == ["active"]
    end = NOW + server.settings.key_days * DAY_SECONDS
    keys.tick(server, end - PUBLISHED_SECONDS - 1)
    assert states(server) == ["active"]
    keys.tick(server, end - PUBLISHED_SECONDS)
    assert states(server) == ["active", "published"]
    keys.tick(server, end - 1)
    assert states(server) == ["active", "published"]
    keys.tick(server, end)
    assert states(server) == ["retired", "active"]
    gone = end + server.settings.session_lifetime + MAX_SKEW_SECONDS
    keys.tick(server, gone - 1)
    assert states(server) == ["retired", "active"]
    keys.tick(server, gone)
    assert states(server) == ["active"]


def test_nobody_meets_a_key_that_was_not_published(server):
    """A verifier that keeps the set for `max-age` knows the key of every token it is shown."""
    keys.tick(server, NOW)
    known, read = published(server), NOW
    end = NOW + server.settings.key_days * DAY_SECONDS
    now = end - 2 * PUBLISHED_SECONDS
    while now < end + 2 * PUBLISHED_SECONDS:
        keys.tick(server, now)
        if now - read >= keys.JWKS_MAX_AGE_SECONDS:
            known, read = published(server), now
        assert accepted(issue(server, now), known, now)
        now += 97


def test_the_last_token_of_a_key_is_accepted_until_it_ends(server):
    """A session signed a moment before its key retired is good for its whole life."""
    keys.tick(server, NOW)
    end = NOW + server.settings.key_days * DAY_SECONDS
    keys.tick(server, end - PUBLISHED_SECONDS)
    lifetime = server.settings.session_lifetime
    token = issue(server, end - 1, lifetime)
    keys.tick(server, end)
    last = end - 1 + lifetime - 1
    keys.tick(server, last)
    assert accepted(token, published(server), last)


def test_the_private_part_is_sealed_and_then_gone(server):
    """In the store it opens only under its own name; once retired it is not there at all."""
    keys.tick(server, NOW)
    with server.store.read() as tx:
        (key,) = list_keys(tx)
    assert b'"d"' not in key.private
    assert "d" not in key.public
    with pytest.raises(StateError):
        server.box.open(key.private, "signing-key:other")
    later = NOW + server.settings.key_days * DAY_SECONDS
    keys.tick(server, later - PUBLISHED_SECONDS)
    keys.tick(server, later)
    with server.store.read() as tx:
        old, new = list_keys(tx)
    assert (old.state, old.private) == ("retired", b"")
    assert new.private


def test_a_key_under_another_seal_signs_nothing(server, tmp_path):
    """Where the seal key was lost nothing is signed and the file is named; removal helps."""
    keys.tick(server, NOW)
    (server.folder / "var/seal.key").unlink()
    other = make_server(tmp_path)
    keys.tick(other, NOW + 1)
    with pytest.raises(StateError) as caught:
        issue(other, NOW + 1)
    assert "seal.key" in caught.value.hint
    with other.store.read() as tx:
        (lost,) = list_keys(tx)
    keys.remove_key(other, lost.kid, now=NOW + 2, reason="lost", by="cli:ops")
    assert accepted(issue(other, NOW + 2), published(other), NOW + 2)
    other.store.close()


def test_a_stolen_key_is_removed_at_once(server):
    """Its tokens are refused by the new set and by the revocation; another key signs."""
    keys.tick(server, NOW)
    token = issue(server, NOW)
    with server.store.read() as tx:
        (stolen,) = list_keys(tx)
    keys.remove_key(server, stolen.kid, now=NOW + 1, reason="copied", by="cli:ops")
    assert not accepted(token, published(server), NOW + 1)
    assert accepted(issue(server, NOW + 1), published(server), NOW + 1)
    with server.store.read() as tx:
        (row,) = in_force(tx, NOW + 1)
        told = [event for _, event in untold(tx) if event.kind == "signing-key-removed"]
    assert (row.kind, row.value, row.issuer, row.before) == ("kid", stolen.kid, ISSUER, None)
    assert [(event.principal, event.credential) for event in told] == [("cli:ops", stolen.kid)]
    with pytest.raises(StateError):
        keys.remove_key(server, stolen.kid, now=NOW + 2, reason="again", by="cli:ops")


def test_the_gate_has_a_key_before_it_signs(server, monkeypatch):
    """When the stolen key goes its successor stands in the file already; a mistake makes none."""
    keys.tick(server, NOW)
    with server.store.read() as tx:
        (stolen,) = list_keys(tx)
    with pytest.raises(StateError):
        keys.remove_key(server, "k_other", now=NOW + 1, reason="x", by="y")
    file, seen = server.folder / BUILTIN_KEYS_FILE, []

    def watched(*arguments):
        named = {key["kid"] for key in json.loads(file.read_bytes())["keys"]}
        seen.append(named)
        return advance(*arguments)

    advance = keys.advance
    monkeypatch.setattr(keys, "advance", watched)
    keys.remove_key(server, stolen.kid, now=NOW + 2, reason="copied", by="cli:ops")
    with server.store.read() as tx:
        (active,) = list_keys(tx)
    assert seen == [{stolen.kid, active.kid}]


def test_a_key_that_waits_takes_the_place_of_a_stolen_one(server):
    """Where a successor is published already, it is the one that signs."""
    keys.tick(server, NOW)
    waiting = keys.follow(server, now=NOW + 1, by="cli:ops")
    assert keys.follow(server, now=NOW + 2, by="cli:ops") == waiting, "one is enough"
    with server.store.read() as tx:
        stolen = next(key for key in list_keys(tx) if key.state == "active")
    keys.remove_key(server, stolen.kid, now=NOW + 3, reason="x", by="y")
    with server.store.read() as tx:
        assert [(key.kid, key.state) for key in list_keys(tx)] == [(waiting, "active")]


def test_a_rotation_begun_early_keeps_its_hour(server):
    """`follow` publishes; the key signs when everybody has it."""
    keys.tick(server, NOW)
    kid = keys.follow(server, now=NOW + 10, by="cli:ops")
    keys.tick(server, NOW + 9 + PUBLISHED_SECONDS)
    assert states(server) == ["active", "published"]
    keys.tick(server, NOW + 10 + PUBLISHED_SECONDS)
    with server.store.read() as tx:
        assert [key.kid for key in list_keys(tx) if key.state == "active"] == [kid]


def test_another_algorithm_comes_in_by_a_rotation(tmp_path):
    """A changed setting publishes a key of that kind; until it signs, the old one does."""
    server = make_server(tmp_path)
    keys.tick(server, NOW)
    old = issue(server, NOW)
    server.settings = msgspec.structs.replace(server.settings, algorithm="EdDSA")
    keys.tick(server, NOW + 1)
    assert states(server) == ["active", "published"]
    assert accepted(issue(server, NOW + 2), published(server), NOW + 2)
    server.settings = msgspec.structs.replace(server.settings, algorithm="ES256")
    keys.tick(server, NOW + 3)
    assert states(server) == ["active"], "one that is not wanted any more never signs"
    server.settings = msgspec.structs.replace(server.settings, algorithm="EdDSA")
    keys.tick(server, NOW + 4)
    keys.tick(server, NOW + 4 + PUBLISHED_SECONDS)
    with server.store.read() as tx:
        assert [(k.algorithm, k.state) for k in list_keys(tx)] == [
            ("ES256", "retired"),
            ("EdDSA", "active"),
        ]
    assert accepted(old, published(server), NOW + 5)
    server.store.close()


def test_many_processes_make_one_key(account_store, tmp_path):
    """Eight that start at once on one store: one key, on SQLite and on PostgreSQL."""
    made = []
    for number in range(8):
        folder = tmp_path / str(number)
        folder.mkdir()
        server = make_server(tmp_path)
        server.folder = folder
        server.store.close()
        server.store = AccountStore(account_store.url, tmp_path)
        made.append(server)
    threads = [threading.Thread(target=keys.tick, args=(server, NOW)) for server in made]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    with account_store.read() as tx:
        assert len(list_keys(tx)) == 1
    assert len({(server.folder / BUILTIN_KEYS_FILE).read_bytes() for server in made}) == 1
    for server in made:
        server.store.close()


class Rotation(RuleBasedStateMachine):
    """Time goes on in any steps, keys are stolen, algorithms change: the promises hold."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.server = make_server(Path(self.folder.name), key_days=1)
        self.now = NOW
        self.stolen = set()
        self.tokens = []
        keys.tick(self.server, self.now)

    @rule(seconds=st.sampled_from([1, 600, 3600, 40_000, 86_400, 400_000]))
    def wait(self, seconds):
        self.now += seconds
        keys.tick(self.server, self.now)

    @rule(algorithm=st.sampled_from(["ES256", "EdDSA"]))
    def want(self, algorithm):
        self.server.settings = msgspec.structs.replace(self.server.settings, algorithm=algorithm)
        keys.tick(self.server, self.now)

    @rule()
    def sign(self):
        token = issue(self.server, self.now)
        keys.publish(self.server)
        self.tokens.append((token, json.loads(tokens_header(token))["kid"], self.now + 600))

    @rule()
    def steal(self):
        with self.server.store.read() as tx:
            kid = next(key.kid for key in list_keys(tx) if key.state == "active")
        self.stolen.add(kid)
        keys.remove_key(self.server, kid, now=self.now, reason="x", by="y")

    @invariant()
    def one_key_signs(self):
        assert states(self.server).count("active") == 1
        assert len(states(self.server)) <= 64

    @invariant()
    def tokens_are_good_until_they_end_or_their_key_was_stolen(self):
        known = published(self.server)
        for token, kid, end in self.tokens:
            wanted = kid not in self.stolen and self.now < end
            assert not wanted or accepted(token, known, self.now)
            assert kid not in self.stolen or not accepted(token, known, self.now)

    def teardown(self):
        self.server.store.close()
        self.folder.cleanup()


TestRotation = Rotation.TestCase
TestRotation.settings = settings(
    max_examples=12, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
)
