"""Each client manages its own streams, in the words of SSF 8.1; nobody manages another's."""

from __future__ import annotations

import pytest

from yett.issuer.ssf.effects import CREDENTIAL_CHANGE, SESSION_REVOKED
from yett.issuer.ssf.streams import MAX_STREAMS, PUSH_URN
from yett.state.accounts.streams import find_stream

STREAMS = "/ssf/streams"


def test_the_metadata_names_what_there_is(manager, lives):
    """Where to go, and by which means (SSF s7.1)."""
    status, said = manager.ask("GET", "/.well-known/ssf-configuration", token="")
    assert (status, said["issuer"]) == (200, lives.server.url)
    assert said["configuration_endpoint"] == lives.server.url + STREAMS
    assert PUSH_URN in said["delivery_methods_supported"]


def test_a_stream_lives(manager):
    """Made, read, changed, replaced, listed and removed."""
    id_ = manager.create()
    status, shown = manager.ask("GET", STREAMS, stream_id=id_)
    assert (status, shown["aud"]) == (200, "rx")
    assert shown["events_delivered"] == [SESSION_REVOKED, CREDENTIAL_CHANGE]
    wanted = {"stream_id": id_, "events_requested": [SESSION_REVOKED, "urn:unknown"]}
    _, changed = manager.ask("PATCH", STREAMS, wanted)
    assert changed["events_delivered"] == [SESSION_REVOKED]
    assert changed["events_requested"] == [SESSION_REVOKED, "urn:unknown"]
    _, again = manager.ask("PUT", STREAMS, {"stream_id": id_})
    assert again["events_delivered"] == [SESSION_REVOKED, CREDENTIAL_CHANGE]
    assert [one["stream_id"] for one in manager.ask("GET", STREAMS)[1]] == [id_]
    assert manager.ask("DELETE", STREAMS, stream_id=id_) == (204, None)
    assert manager.ask("GET", STREAMS, stream_id=id_)[0] == 404


def test_the_authorization_of_a_receiver_is_sealed(manager, lives, receiver):
    """It is in no answer and not readable in the store."""
    id_ = manager.create(
        method=PUSH_URN, endpoint_url=receiver.url, authorization_header="Bearer hush"
    )
    assert "hush" not in str(manager.ask("GET", STREAMS, stream_id=id_))
    held = lives.read(lambda tx: find_stream(tx, id_))
    assert b"hush" not in held.bearer
    assert "hush" not in repr(held)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", STREAMS),
        ("PATCH", STREAMS),
        ("PUT", STREAMS),
        ("DELETE", STREAMS),
        ("GET", "/ssf/status"),
        ("POST", "/ssf/status"),
        ("POST", "/ssf/verify"),
        ("POST", "/ssf/poll/ID"),
    ],
)
def test_another_s_stream_does_not_exist(manager, stranger, nobody, method, path):
    """404 for another client, 403 without the scope, 401 without a token."""
    id_ = manager.create()
    path = path.replace("ID", id_)
    body = {"stream_id": id_, "status": "paused"} if method in ("PATCH", "PUT", "POST") else None
    if path.startswith("/ssf/poll"):
        body = {}
    query = {"stream_id": id_} if method in ("GET", "DELETE") else {}
    assert stranger.ask(method, path, body, **query)[0] == 404
    assert nobody.ask(method, path, body, **query)[0] == 403
    assert stranger.ask(method, path, body, token="", **query)[0] == 401
    assert stranger.ask(method, path, body, token="a.b.c", **query)[0] == 401
    assert manager.ask("GET", STREAMS, stream_id=id_)[0] == 200


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://example.com/x",
        "https://10.0.0.1/x",
        "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[fd00::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://0.0.0.0/",
        "https://user@example.com/",
        "https://example.com/#f",
        "file:///etc/passwd",
        "gopher://example.com/",
        "",
        None,
        5,
    ],
)
def test_events_are_pushed_to_no_inner_address(manager, endpoint):
    """A receiver cannot have the issuer call into its own network (CWE-918)."""
    body = {"delivery": {"method": PUSH_URN, "endpoint_url": endpoint}}
    assert manager.ask("POST", STREAMS, body)[0] == 400


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"a":1,"a":2}',
        {"delivery": "x"},
        {"delivery": {"method": "urn:x"}},
        {"delivery": {"method": PUSH_URN}},
        {"events_requested": "all"},
        {"events_requested": [5]},
        {
            "delivery": {
                "method": PUSH_URN,
                "endpoint_url": "https://example.com/",
                "authorization_header": "a\r\nb: c",
            }
        },
    ],
)
def test_a_request_that_cannot_be_read_makes_nothing(manager, body):
    """400, and no stream."""
    assert manager.ask("POST", STREAMS, body)[0] == 400
    assert manager.ask("GET", STREAMS)[1] == []


def test_a_client_has_few_streams(manager):
    """Each costs work at every event: 409 beyond the bound (SSF s8.1.1.1)."""
    for _ in range(MAX_STREAMS):
        manager.create()
    assert manager.ask("POST", STREAMS, {"description": "more"})[0] == 409


def test_a_status_is_set_and_read(manager):
    """Paused keeps events, disabled drops them; no other value."""
    id_ = manager.create()
    assert manager.ask("GET", "/ssf/status", stream_id=id_)[1]["status"] == "enabled"
    manager.ask("POST", "/ssf/verify", {"stream_id": id_})
    manager.ask("POST", "/ssf/status", {"stream_id": id_, "status": "paused"})
    assert manager.ask("POST", f"/ssf/poll/{id_}", {})[1] == {"sets": {}}
    manager.ask("POST", "/ssf/status", {"stream_id": id_, "status": "enabled"})
    assert len(manager.ask("POST", f"/ssf/poll/{id_}", {})[1]["sets"]) == 1
    manager.ask("POST", "/ssf/status", {"stream_id": id_, "status": "disabled"})
    assert manager.ask("POST", "/ssf/verify", {"stream_id": id_})[0] == 400
    assert manager.ask("POST", "/ssf/status", {"stream_id": id_, "status": "gone"})[0] == 400
