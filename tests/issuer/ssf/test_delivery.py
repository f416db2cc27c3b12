"""Events are pushed in their order until they are taken, with growing pauses, and not for ever."""

from __future__ import annotations

import pytest
from kit.accounts import NOW

from yett.issuer.ssf import delivery
from yett.issuer.ssf.delivery import (
    LONGEST_PAUSE_SECONDS,
    MAX_TRIES,
    PUSHING_SECONDS,
    pause_after,
    tick,
)
from yett.issuer.ssf.streams import PUSH_URN
from yett.state.accounts.notices import untold
from yett.state.accounts.outbox import claim, count_waiting, waiting_for


@pytest.fixture
def pushed(manager, receiver):
    return manager.create(
        method=PUSH_URN, endpoint_url=receiver.url, authorization_header="Bearer hush"
    )


def verify(manager, id_, state=""):
    assert manager.ask("POST", "/ssf/verify", {"stream_id": id_, "state": state})[0] == 204


def left(lives, id_):
    return lives.read(lambda tx: count_waiting(tx, id_))


def test_an_event_is_pushed_once(lives, manager, receiver, pushed):
    """With its media type and the receiver's authorization; taken means gone."""
    verify(manager, pushed)
    tick(lives.server, NOW)
    tick(lives.server, NOW + 10)
    ((path, fields, body),) = receiver.got
    assert path == "/events"
    assert fields["content-type"] == "application/secevent+jwt"
    assert fields["authorization"] == "Bearer hush"
    assert body.count(b".") == 2
    assert left(lives, pushed) == 0


@pytest.mark.parametrize("status", [400, 401, 500, 503, 302, 307])
def test_what_is_not_taken_is_tried_again(lives, manager, receiver, pushed, status):
    """After a pause, in order; a redirect is not followed with a receiver's secret."""
    receiver.status = status
    for state in "ab":
        verify(manager, pushed, state)
    tick(lives.server, NOW)
    tick(lives.server, NOW + 1)
    assert [path for path, _, _ in receiver.got] == ["/events"]
    receiver.status = 202
    tick(lives.server, NOW + 3)
    assert len(receiver.got) == 3
    assert receiver.got[0][2] == receiver.got[1][2]
    assert left(lives, pushed) == 0


def test_one_of_several_hosts_pushes(lives, manager, receiver, pushed):
    """What another host is pushing is left to it; where it died, somebody goes on after a minute."""
    verify(manager, pushed)
    (one,) = lives.read(lambda tx: waiting_for(tx, pushed, 9))
    store = lives.server.store
    assert store.write(lambda tx: claim(tx, one=one, due=NOW + PUSHING_SECONDS))
    assert not store.write(lambda tx: claim(tx, one=one, due=NOW + PUSHING_SECONDS))
    tick(lives.server, NOW + 1)
    assert receiver.got == []
    tick(lives.server, NOW + PUSHING_SECONDS)
    assert len(receiver.got) == 1


def test_a_receiver_that_is_away_holds_nobody_up(lives, manager, receiver, pushed):
    """Others are pushed to at the same turn."""
    away = manager.create(method=PUSH_URN, endpoint_url="http://127.0.0.1:9/x")
    verify(manager, away)
    verify(manager, pushed)
    tick(lives.server, NOW)
    assert len(receiver.got) == 1
    assert left(lives, away) == 1


def test_it_ends_after_some_days(lives, manager, receiver, pushed):
    """What nobody takes is dropped, and recorded."""
    receiver.status = 500
    verify(manager, pushed)
    now = NOW
    for _ in range(MAX_TRIES):
        tick(lives.server, now)
        now += LONGEST_PAUSE_SECONDS
    assert left(lives, pushed) == 0
    assert len(receiver.got) == MAX_TRIES
    assert "ssf-dropped" in [event.kind for _, event in lives.read(untold)]


def test_a_paused_stream_waits(lives, manager, receiver, pushed):
    """Nothing is pushed, nothing is lost."""
    verify(manager, pushed)
    manager.ask("POST", "/ssf/status", {"stream_id": pushed, "status": "paused"})
    tick(lives.server, NOW)
    assert receiver.got == []
    assert left(lives, pushed) == 1


def test_pauses_grow_and_end():
    """From seconds to an hour."""
    pauses = [pause_after(tries) for tries in range(100)]
    assert pauses[0] == 2.0
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE_SECONDS


def test_an_issuer_in_the_world_pushes_to_no_loopback(
    lives, manager, receiver, pushed, monkeypatch
):
    """What was configured on a laptop is not reached from a server."""
    monkeypatch.setattr(delivery, "may_be_local", lambda _server: False)
    verify(manager, pushed)
    tick(lives.server, NOW)
    assert receiver.got == []
    (one,) = lives.read(lambda tx: waiting_for(tx, pushed, 9))
    assert one.tries == 1
