"""A receiver fetches, acknowledges and fetches on; only its own (RFC 8936)."""

from __future__ import annotations

import pytest

from yett.issuer.ssf.streams import PUSH_URN


@pytest.fixture
def id_(manager):
    made = manager.create()
    for state in "abc":
        manager.ask("POST", "/ssf/verify", {"stream_id": made, "state": state})
    return made


def poll(manager, id_, **body):
    return manager.ask("POST", f"/ssf/poll/{id_}", body)


def test_what_is_acknowledged_is_gone(manager, id_):
    """What is not stays, and comes again."""
    _, first = poll(manager, id_, maxEvents=2)
    assert first["moreAvailable"]
    assert len(first["sets"]) == 2
    _, again = poll(manager, id_, maxEvents=2)
    assert again == first
    _, rest = poll(manager, id_, ack=list(first["sets"]))
    assert len(rest["sets"]) == 1
    assert "moreAvailable" not in rest
    bad = {jti: {"err": "invalid_key", "description": ""} for jti in rest["sets"]}
    assert poll(manager, id_, setErrs=bad)[1] == {"sets": {}}


def test_acknowledging_alone(manager, id_):
    """`maxEvents: 0` fetches nothing (s2.2)."""
    _, found = poll(manager, id_)
    assert poll(manager, id_, ack=list(found["sets"]), maxEvents=0)[1] == {"sets": {}}
    assert poll(manager, id_)[1] == {"sets": {}}


def test_another_s_events_cannot_be_acknowledged(manager, stranger, id_):
    """Nor by the name of an event."""
    _, found = poll(manager, id_)
    theirs = stranger.create()
    poll(stranger, theirs, ack=list(found["sets"]))
    assert poll(manager, id_)[1] == found


@pytest.mark.parametrize(
    "body",
    [
        {"ack": "x"},
        {"ack": [5]},
        {"ack": ["x"] * 1001},
        {"setErrs": []},
        {"maxEvents": -1},
        {"maxEvents": "2"},
        {"maxEvents": True},
    ],
)
def test_what_cannot_be_read_is_refused(manager, id_, body):
    """400, and nothing is acknowledged."""
    assert poll(manager, id_, **body)[0] == 400
    assert len(poll(manager, id_)[1]["sets"]) == 3


def test_a_pushed_stream_is_not_polled(manager, receiver):
    """Events would be delivered twice."""
    id_ = manager.create(method=PUSH_URN, endpoint_url=receiver.url)
    assert poll(manager, id_)[0] == 400
