"""Who can vouch, across key changes and reloads."""

from __future__ import annotations

import json

import msgspec
import pytest
from kit import hostile

from yett.contract.builtin import BUILTIN_KEYS_FILE
from yett.contract.identity_settings import BuiltinConfig, IntrospectionConfig
from yett.credentials.verifier import Verified
from yett.problems import CREDENTIAL_EXPIRED, CREDENTIAL_INVALID, KEYS_UNAVAILABLE
from yett.state.errors import StateError
from yett.state.identity import Identity
from yett.state.keys import COOL_DOWN_SECONDS


def test_an_issuer_twice_is_refused(configure, folder):
    """Two rules for one issuer would be two answers."""
    config = configure().identity
    twice = msgspec.structs.replace(config, issuer=config.issuer * 2)
    with pytest.raises(StateError, match="configured twice"):
        Identity.from_config(twice, folder)


def test_a_missing_file_of_api_keys_says_how_to_make_one(configure, folder):
    """The hint names the command."""
    with pytest.raises(StateError) as caught:
        Identity.from_config(configure(keys="none.json").identity, folder)
    assert "yett key issue" in caught.value.hint


def test_a_reload_that_did_not_touch_identity_keeps_it(configure, folder):
    """Same settings, same object: nothing is verified or fetched again."""
    first = Identity.from_config(configure().identity, folder)
    assert Identity.from_config(configure().identity, folder, first) is first
    assert Identity.from_config(configure(skew=1.0).identity, folder, first) is not first


async def test_a_reload_keeps_the_keys_of_an_issuer_that_is_down(configure, folder, origin):
    """Another issuer's change does not lose the keys of this one."""
    origin.answers["/k"] = (200, {}, json.dumps(hostile.JWKS).encode())
    one = configure(jwks=origin.url + "/k").identity
    first = Identity.from_config(one, folder)
    await first.issuers[hostile.ISSUER].keys.fetch()
    other = msgspec.structs.replace(one.issuer[0], url="https://b.example", jwks="jwks.json")
    both = msgspec.structs.replace(one, issuer=(*one.issuer, other))
    second = Identity.from_config(both, folder, first)
    assert isinstance(second.verify_token(hostile.GOOD, hostile.NOW).principal, object)
    changed = msgspec.structs.replace(
        one, issuer=(msgspec.structs.replace(one.issuer[0], skew=1.0),)
    )
    third = Identity.from_config(changed, folder, second)
    assert third.issuers[hostile.ISSUER].keys.keys is None


async def test_without_keys_the_answer_is_503_once_asking_is_of_no_use(configure, folder, origin):
    """An issuer that never answered is an outage, not a bad credential."""
    identity = Identity.from_config(configure(jwks=origin.url + "/none").identity, folder)
    assert identity.verify_token(hostile.GOOD, hostile.NOW) == Verified(None, hostile.ISSUER, "ec")
    await identity.issuers[hostile.ISSUER].keys.fetch()
    problem = identity.verify_token(hostile.GOOD, hostile.NOW)
    assert problem.kind is KEYS_UNAVAILABLE
    assert problem.headers == ((b"retry-after", b"%d" % COOL_DOWN_SECONDS),)


def test_an_unknown_key_of_a_file_is_refused_at_once(configure, folder):
    """There is nothing to fetch, so nothing is asked."""
    identity = Identity.from_config(configure().identity, folder)
    problem = identity.verify_token(hostile.HOSTILE["kid unknown"], hostile.NOW)
    assert problem.kind is CREDENTIAL_INVALID
    assert problem.note == f"unknown key of {hostile.ISSUER}"


def test_a_key_that_signs_at_once_is_known_at_once(configure, folder):
    """After a removal the next key signs: the file is read when its first token comes, not later."""
    identity = Identity.from_config(configure().identity, folder)
    known = {"keys": [hostile.ec_jwk(hostile.OTHER_EC, "ec2")]}
    (folder / "jwks.json").write_text(json.dumps(known))
    identity.issuers[hostile.ISSUER].poll()
    assert identity.verify_token(hostile.GOOD, hostile.NOW).kind is CREDENTIAL_INVALID
    known["keys"].append(hostile.ec_jwk(hostile.EC, "ec"))
    (folder / "jwks.json").write_text(json.dumps(known))
    assert identity.verify_token(hostile.GOOD, hostile.NOW).principal.kid == "ec"
    problem = identity.verify_token(hostile.HOSTILE["kid unknown"], hostile.NOW)
    assert problem.note == f"unknown key of {hostile.ISSUER}"


def test_a_retired_key_forgets_what_it_signed(configure, folder):
    """A remembered token is not better than the key behind it."""
    identity = Identity.from_config(configure().identity, folder)
    assert isinstance(identity.verify_token(hostile.GOOD, hostile.NOW), Verified)
    assert len(identity.tokens) == 1
    rest = {"keys": [hostile.ec_jwk(hostile.OTHER_EC, "ec2")]}
    (folder / "jwks.json").write_text(json.dumps(rest))
    identity.issuers[hostile.ISSUER].file.poll()
    assert len(identity.tokens) == 0
    assert identity.verify_token(hostile.GOOD, hostile.NOW).kind is CREDENTIAL_INVALID


def test_api_keys_without_a_file_are_refused(configure, folder):
    """No file, no keys."""
    identity = Identity.from_config(configure().identity, folder)
    assert identity.verify_key(b"x", hostile.NOW, "").kind is CREDENTIAL_INVALID


BUILTIN = BuiltinConfig(url="https://api.example.com/auth", audience=hostile.AUDIENCE)


def own(typ="session+jwt", **changed):
    """A token of the builtin issuer."""
    told = {"iss": BUILTIN.url, "sid": "s1", **changed}
    return hostile.good({"typ": typ}, **told)


@pytest.fixture
def with_builtin(configure, folder):
    """An identity with an outside and the builtin issuer; no keys of the latter yet."""
    config = msgspec.structs.replace(configure().identity, builtin=BUILTIN)
    return Identity.from_config(config, folder)


def publish(folder, *jwks):
    path = folder / BUILTIN_KEYS_FILE
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"keys": jwks or [hostile.ec_jwk(hostile.EC, "ec")]}))


def poll(identity):
    for issuer in identity.issuers.values():
        issuer.poll()


def test_the_builtin_issuer_may_publish_its_keys_later(with_builtin, folder):
    """Until the file is there its tokens are an outage; then they are good, without a restart."""
    token = own("at+jwt")
    assert with_builtin.verify_token(token, hostile.NOW).kind is KEYS_UNAVAILABLE
    publish(folder)
    poll(with_builtin)
    principal = with_builtin.verify_token(token, hostile.NOW).principal
    assert (principal.issuer, principal.scheme, principal.kid) == (BUILTIN.url, "jwt", "ec")
    (folder / BUILTIN_KEYS_FILE).unlink()
    poll(with_builtin)
    assert with_builtin.verify_token(own("at+jwt", jti="t2"), hostile.NOW).principal


def test_a_reload_while_its_file_is_away_keeps_the_keys_of_ours(with_builtin, configure, folder):
    """The deployment that deletes before it writes refuses nobody."""
    publish(folder)
    poll(with_builtin)
    (folder / BUILTIN_KEYS_FILE).unlink()
    config = msgspec.structs.replace(configure(skew=1.0).identity, builtin=BUILTIN)
    after = Identity.from_config(config, folder, with_builtin)
    assert after.verify_token(own("at+jwt"), hostile.NOW).principal
    publish(folder, hostile.ec_jwk(hostile.OTHER_EC, "ec2"))
    poll(after)
    assert after.verify_token(own("at+jwt", jti="t2"), hostile.NOW).kind is CREDENTIAL_INVALID


def test_a_broken_file_of_the_builtin_issuer_refuses_to_start(configure, folder):
    """Missing is early, broken is wrong."""
    publish(folder)
    (folder / BUILTIN_KEYS_FILE).write_text("{")
    config = msgspec.structs.replace(configure().identity, builtin=BUILTIN)
    with pytest.raises(StateError, match=r"issuer-jwks\.json"):
        Identity.from_config(config, folder)


def test_each_token_of_ours_is_good_in_one_place(with_builtin, folder):
    """A session is none as a bearer token, an access token none in a cookie, warm or cold."""
    publish(folder)
    poll(with_builtin)
    session, access, id_token = own(), own("at+jwt"), own("JWT")
    for _ in range(2):
        found = with_builtin.verify_session(session, hostile.NOW).principal
        assert (found.id, found.scheme, found.kid) == ("user-1", "session", "ec")
        assert with_builtin.verify_token(access, hostile.NOW).principal.scheme == "jwt"
        for wrong in (session, id_token):
            assert with_builtin.verify_token(wrong, hostile.NOW).kind is CREDENTIAL_INVALID
        for wrong in (access, id_token):
            assert with_builtin.verify_session(wrong, hostile.NOW).kind is CREDENTIAL_INVALID


def test_a_session_of_another_issuer_is_no_session(with_builtin, folder):
    """An outside issuer cannot make browser sessions by calling a token so."""
    publish(folder)
    poll(with_builtin)
    foreign = hostile.good({"typ": "session+jwt"}, sid="s1")
    assert with_builtin.verify_session(foreign, hostile.NOW).kind is CREDENTIAL_INVALID
    plain = with_builtin.verify_session(hostile.GOOD, hostile.NOW).principal
    assert (plain.id, plain.issuer) == ("user-1", hostile.ISSUER)


@pytest.mark.parametrize("name", ["sid", "jti", "iat"])
def test_a_session_that_nobody_could_end_is_none(name, with_builtin, folder):
    """Revocation needs its names."""
    publish(folder)
    poll(with_builtin)
    assert with_builtin.verify_session(own(**{name: ...}), hostile.NOW).kind is CREDENTIAL_INVALID


def test_an_expired_session_is_told_so(with_builtin, folder):
    """Also when it is remembered."""
    publish(folder)
    poll(with_builtin)
    token, end = own(), int(hostile.NOW) + 300 + 5
    for now in (hostile.NOW, end - 0.1):
        assert with_builtin.verify_session(token, now).principal
    assert with_builtin.verify_session(token, end).kind is CREDENTIAL_EXPIRED


def test_a_retired_key_of_ours_forgets_sessions(with_builtin, folder):
    """The next look verifies again, and finds no key."""
    publish(folder)
    poll(with_builtin)
    assert with_builtin.verify_session(own(jti="a"), hostile.NOW).principal
    token = own()
    assert with_builtin.verify_session(token, hostile.NOW).principal
    publish(folder, hostile.ec_jwk(hostile.OTHER_EC, "ec2"))
    poll(with_builtin)
    assert len(with_builtin.sessions) == 0
    assert with_builtin.verify_session(token, hostile.NOW).kind is CREDENTIAL_INVALID


@pytest.fixture
def asking(configure, folder, origin):
    """Make an identity whose issuer is asked about tokens, answered by a real server."""

    def go(answer, **changed):
        (folder / "secret").write_text("s3cret")
        origin.posts["/i"] = (200, {}, json.dumps(answer).encode())
        url = origin.url + "/i"
        how = IntrospectionConfig(client_id="gate", secret="secret", url=url, **changed)
        identity = Identity.from_config(configure(introspection=how).identity, folder)
        identity.issuers[hostile.ISSUER].introspection._clock = lambda: hostile.NOW
        return identity

    return go


ACTIVE = {"active": True, "token_type": "Bearer", "sub": "user-1", "aud": hostile.AUDIENCE}


async def test_an_opaque_token_is_asked_about(asking, origin):
    """The first look says whom to ask, the second knows."""
    identity = asking(ACTIVE)
    first = identity.verify_token(b"opaque", hostile.NOW)
    assert first == Verified(None, hostile.ISSUER, opaque=True)
    assert await identity.introspect(hostile.ISSUER, b"opaque", hostile.NOW)
    found = identity.verify_token(b"opaque", hostile.NOW).principal
    assert (found.id, found.scheme) == ("user-1", "introspection")
    assert len(identity.tokens) == 0
    assert origin.hits["/i"] == 1


async def test_nobody_is_shown_a_token_that_is_not_theirs(asking, origin):
    """JWTs, JWEs and what is no token at all are not sent anywhere."""
    identity = asking(ACTIVE)
    jwe = b"a.b.c.d.e"
    for token in (*hostile.HOSTILE.values(), hostile.GOOD, hostile.good(iss="https://b"), jwe):
        if b"." in token and token.count(b".") < 2:
            continue
        first = identity.verify_token(token, hostile.NOW)
        if isinstance(first, Verified) and first.opaque:
            assert token.count(b".") < 2
    assert not await identity.introspect(hostile.ISSUER, jwe, hostile.NOW)
    assert not await identity.introspect(hostile.ISSUER, b"a b", hostile.NOW)
    assert not await identity.introspect("https://other.example", b"opaque", hostile.NOW)
    forged = hostile.HOSTILE["swapped payload"]
    assert not await identity.introspect(hostile.ISSUER, forged, hostile.NOW)
    assert not origin.hits


async def test_always_asks_about_a_jwt_that_is_good(asking, origin):
    """Signature first, then the issuer; a bad one costs the issuer nothing."""
    identity = asking({"active": True}, always=True)
    first = identity.verify_token(hostile.GOOD, hostile.NOW)
    assert first == Verified(None, hostile.ISSUER, opaque=True)
    assert await identity.introspect(hostile.ISSUER, hostile.GOOD, hostile.NOW)
    found = identity.verify_token(hostile.GOOD, hostile.NOW).principal
    assert (found.id, found.scheme, found.kid) == ("user-1", "jwt", "ec")
    forged = hostile.HOSTILE["swapped payload"]
    assert identity.verify_token(forged, hostile.NOW).kind is CREDENTIAL_INVALID
    assert origin.hits["/i"] == 1


async def test_a_jwt_that_its_issuer_takes_back_is_refused(asking):
    """`always` is what makes a revocation there count here."""
    identity = asking({"active": False}, always=True)
    assert await identity.introspect(hostile.ISSUER, hostile.GOOD, hostile.NOW)
    assert identity.verify_token(hostile.GOOD, hostile.NOW).kind is CREDENTIAL_INVALID


async def test_a_retired_key_forgets_what_was_asked_about(asking, folder):
    """An issuer's yes does not outlive the key of the token."""
    identity = asking({"active": True}, always=True)
    await identity.introspect(hostile.ISSUER, hostile.GOOD, hostile.NOW)
    (folder / "jwks.json").write_text(
        json.dumps({"keys": [hostile.ec_jwk(hostile.OTHER_EC, "ec2")]})
    )
    poll(identity)
    assert identity.verify_token(hostile.GOOD, hostile.NOW).kind is CREDENTIAL_INVALID


def test_two_issuers_cannot_both_be_asked_about_opaque_tokens(configure, folder):
    """Each would be shown the other's; all but one say `opaque = false`."""
    (folder / "secret").write_text("s3cret")
    how = IntrospectionConfig(client_id="gate", secret="secret", url="https://a.example/i")
    one = configure(introspection=how).identity
    quiet = msgspec.structs.replace(how, opaque=False)
    for second, good in ((how, False), (quiet, True)):
        other = msgspec.structs.replace(
            one.issuer[0], url="https://b.example", introspection=second
        )
        both = msgspec.structs.replace(one, issuer=(*one.issuer, other))
        if good:
            assert Identity.from_config(both, folder)
        else:
            with pytest.raises(StateError, match="both be asked"):
                Identity.from_config(both, folder)


def test_without_introspection_an_opaque_token_is_refused(configure, folder):
    """Nobody is asked where nobody was named."""
    identity = Identity.from_config(configure().identity, folder)
    assert identity.verify_token(b"opaque", hostile.NOW).kind is CREDENTIAL_INVALID
