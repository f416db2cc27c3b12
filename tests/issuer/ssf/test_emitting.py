"""What ended here is told once to each stream that asked, signed, about our own people."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from pathlib import Path

from kit.accounts import NOW

import yett.issuer
from yett.credentials.jwt import check_signature
from yett.credentials.keyset import load_keys
from yett.credentials.structure import read_token
from yett.issuer import sessions
from yett.issuer.keys import public_set
from yett.issuer.lifecycle.ending import note_user, sign_out
from yett.issuer.ssf import emitting
from yett.issuer.ssf.effects import CREDENTIAL_CHANGE, SESSION_REVOKED
from yett.issuer.ssf.emitting import CHANGES, SETTLED_SECONDS, emit
from yett.state.accounts.notices import untold
from yett.state.accounts.revocations import revoke
from yett.state.accounts.streams import find_stream


def waiting(manager, id_):
    _, found = manager.ask("POST", f"/ssf/poll/{id_}", {})
    sets = []
    for token in found["sets"].values():
        payload = token.split(".")[1]
        sets.append(json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))
    return sets


def put(lives, kind, value, **more):
    return lives.write(lambda tx: revoke(tx, kind, value, now=NOW, reason="", by="", **more))


def test_a_sign_out_is_told_once(lives, manager):
    """A person's cut-off is one `session-revoked` about them."""
    user, id_ = lives.person(), manager.create()
    emit(lives.server, NOW)
    lives.write(lambda tx: sign_out(lives.server, tx, user, reason="", by=""))
    for _ in range(3):
        emit(lives.server, NOW)
    (told,) = waiting(manager, id_)
    assert told["events"][SESSION_REVOKED]["event_timestamp"] == int(NOW)
    assert told["sub_id"] == {"format": "iss_sub", "iss": lives.server.url, "sub": user.id}
    assert (told["iss"], told["aud"]) == (lives.server.url, "rx")
    assert not told.keys() & {"sub", "exp"}


def test_a_session_is_told_with_its_person(lives, manager):
    """The subject is complex: whose, and which."""
    user, id_ = lives.person(), manager.create()
    session, *_ = lives.equip(user)
    emit(lives.server, NOW)
    lives.write(lambda tx: sessions.end(lives.server, tx, session, reason="", by="", now=NOW))
    emit(lives.server, NOW)
    (told,) = waiting(manager, id_)
    assert told["sub_id"]["session"] == {"format": "opaque", "id": session.id}
    assert told["sub_id"]["user"]["sub"] == user.id


def test_it_is_signed_for_what_it_is(lives, manager):
    """By the published keys, as `secevent+jwt`: it passes for no other token."""
    id_ = manager.create()
    manager.ask("POST", "/ssf/verify", {"stream_id": id_, "state": "abc"})
    _, found = manager.ask("POST", f"/ssf/poll/{id_}", {})
    (token,) = found["sets"].values()
    raw = read_token(token.encode())
    keys = load_keys(json.dumps(lives.write(public_set)).encode(), ("ES256",))
    assert raw.header.type == "secevent+jwt"
    assert check_signature(raw.segments, "ES256", keys.keys[raw.header.kid])
    assert next(iter(raw.unverified_claims["events"].values())) == {"state": "abc"}


def test_what_was_before_the_first_look_is_told_to_nobody(lives, manager):
    """A new receiver does not get the history."""
    put(lives, "sub", "u_1")
    id_ = manager.create()
    emit(lives.server, NOW)
    assert waiting(manager, id_) == []


def test_what_is_not_ours_is_not_told(lives, manager):
    """Another issuer's people, and what names no person, are nobody's business."""
    id_ = manager.create()
    emit(lives.server, NOW)
    put(lives, "sub", "ana", issuer="https://login.example.com")
    for kind in ("client", "jti", "kid", "key", "grant", "sid"):
        put(lives, kind, "x")
    emit(lives.server, NOW)
    assert waiting(manager, id_) == []


def test_a_changed_credential_is_told(lives, manager):
    """Once its transaction is certainly over."""
    user, id_ = lives.person(), manager.create()
    emit(lives.server, NOW)
    lives.write(lambda tx: note_user(lives.server, tx, "passkey-revoked", user, now=NOW, text=""))
    emit(lives.server, NOW)
    assert waiting(manager, id_) == []
    emit(lives.server, NOW + SETTLED_SECONDS)
    (told,) = waiting(manager, id_)
    assert told["events"][CREDENTIAL_CHANGE]["change_type"] == "revoke"


def test_only_what_was_asked_for(lives, manager):
    """And only by streams that take it."""
    wants, paused, deaf = (manager.create() for _ in range(3))
    manager.ask("PATCH", "/ssf/streams", {"stream_id": deaf, "events_requested": ["urn:x"]})
    manager.ask("POST", "/ssf/status", {"stream_id": paused, "status": "paused"})
    emit(lives.server, NOW)
    put(lives, "sub", "u_1")
    assert emit(lives.server, NOW) == 2
    assert len(waiting(manager, wants)) == 1
    assert waiting(manager, deaf) == []
    manager.ask("POST", "/ssf/status", {"stream_id": paused, "status": "enabled"})
    assert len(waiting(manager, paused)) == 1


def test_a_receiver_that_takes_nothing_is_disabled(lives, manager, monkeypatch):
    """What waits is bounded; what was dropped is recorded."""
    monkeypatch.setattr(emitting, "MAX_WAITING", 2)
    id_ = manager.create()
    emit(lives.server, NOW)
    for number in range(3):
        put(lives, "sub", f"u_{number}")
        emit(lives.server, NOW)
    assert lives.read(lambda tx: find_stream(tx, id_)).status == "disabled"
    assert waiting(manager, id_) == []
    assert "2 events were not taken" in [e.note for _, e in lives.read(untold)][-1]


def test_each_change_that_is_told_is_one_that_happens():
    """A kind that nobody notes down would be told to nobody."""
    folder = Path(yett.issuer.__file__).parent
    written = "".join(
        path.read_text() for path in folder.rglob("*.py") if path.parent.name != "ssf"
    )
    for kind in CHANGES:
        assert f'"{kind}"' in written, kind
