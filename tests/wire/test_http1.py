"""The head reader beside httptools and h11: never more lenient, never another reading."""

from __future__ import annotations

import http
import time

import h11
import httptools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vectors.http1.requests import FORWARDED, REFUSED

from yett.problems import UNSUPPORTED_EXPECTATION, UNSUPPORTED_VERSION, Problem
from yett.wire.body import body_for
from yett.wire.forwarding import Hop, Peer
from yett.wire.http1 import MAX_HEAD_BYTES, RequestHead, RequestReader

HOP = Hop(Peer("127.0.0.1", secure=False, trusted=False), (), b"yett-0011")
RAW = b"GET /a/b?c=d HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n"


def read_all(pieces):
    """Every message of a byte stream: (head, body), then a Problem, or None when it is cut."""
    reader, found, body, data = RequestReader(HOP), [], None, b""
    for piece in pieces:
        reader.feed(piece)
        while True:
            if body is None:
                head = reader.next_head()
                if not isinstance(head, RequestHead):
                    if head is not None:
                        return [*found, head]
                    break
                body, data = body_for(head.fields.length), b""
            taken = body.take(reader.data, reader.at)
            if isinstance(taken, Problem):
                return [*found, taken]
            more, reader.at = taken
            data += more
            if not body.done:
                break
            found.append((head.method, head.target.path, head.fields.headers, data))
            body = None
            if not head.persistent:
                return found
    return found


def bytewise(raw):
    return [raw[i : i + 1] for i in range(len(raw))]


@pytest.mark.parametrize("name", [n for n, raw in REFUSED.items() if len(raw) < 2000])
def test_whole_and_bytewise_agree_on_hostile_heads(name):
    """How a stream is cut into pieces never changes what is read."""
    raw = REFUSED[name]
    assert _codes(read_all([raw])) == _codes(read_all(bytewise(raw)))


@pytest.mark.parametrize("name", list(FORWARDED))
def test_whole_and_bytewise_agree_on_sound_heads(name):
    """So it is for what is let through."""
    raw = FORWARDED[name][0]
    assert read_all([raw]) == read_all(bytewise(raw))
    assert not any(isinstance(one, Problem) for one in read_all([raw]))


def _codes(found):
    """Messages, and whether a refusal ended them; which of two true reasons comes first may differ."""
    return [isinstance(one, Problem) or one for one in found]


def test_the_memory_of_the_last_head_changes_nothing():
    """A repeated block is not read again, a changed one is, and the target always is."""
    reader = RequestReader(HOP)
    heads = []
    for raw in (RAW, RAW.replace(b"/a/b", b"/z"), RAW.replace(b"X: y", b"X: z"), RAW):
        reader.feed(raw)
        heads.append(reader.next_head())
    assert heads[0].fields is heads[1].fields
    assert heads[1].target.path == "/z"
    assert heads[2].fields.headers[b"x"] == b"z"
    assert heads[3].fields.headers[b"x"] == b"y"
    # The version is not part of the block and must not be remembered with it.
    reader.feed(RAW.replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert not reader.next_head().persistent


def test_a_head_at_the_cap_and_above():
    """32 KB pass, one byte more does not, however it comes."""
    for over, wanted in ((0, RequestHead), (1, Problem)):
        raw = b"GET / HTTP/1.1\r\nHost: a\r\nX: "
        raw += b"a" * (MAX_HEAD_BYTES - len(raw) + over) + b"\r\n\r\n"
        for pieces in ([raw], [raw[i : i + 1000] for i in range(0, len(raw), 1000)]):
            reader = RequestReader(HOP)
            for piece in pieces:
                reader.feed(piece)
                found = reader.next_head()
                if found is not None:
                    break
            assert isinstance(found, wanted)


def test_16_mb_in_small_pieces_is_linear():
    """A 16 MB field in 1 KB writes costs under 50 ms of CPU: it is refused at 32 KB."""
    reader, piece = RequestReader(HOP), b"a" * 1024
    reader.feed(b"GET / HTTP/1.1\r\nHost: a\r\nX: ")
    spent = time.process_time()
    for _ in range(16 * 1024):
        reader.feed(piece)
        if reader.next_head() is not None:
            break
    assert time.process_time() - spent < 0.05
    assert len(reader.data) < 40_000


class Oracle:
    """What llhttp makes of the same bytes."""

    def __init__(self):
        self.messages, self.headers, self.body, self.url = [], {}, b"", b""

    def on_message_begin(self):
        self.headers, self.body, self.url, self.complete = {}, b"", b"", False

    def on_url(self, url):
        self.url += url

    def on_header(self, name, value):
        if not self.complete:  # trailers come the same way
            name, value = name.lower(), value.strip(b" \t")
            joint = b"; " if name == b"cookie" else b", "
            self.headers[name] = (
                self.headers[name] + joint + value if name in self.headers else value
            )

    def on_headers_complete(self):
        self.complete = True

    def on_body(self, body):
        self.body += body

    def on_message_complete(self):
        self.messages.append((self.url, self.headers, self.body))


def llhttp(raw):
    oracle = Oracle()
    parser = httptools.HttpRequestParser(oracle)
    try:
        parser.feed_data(raw)
    except httptools.HttpParserUpgrade:
        return None
    except httptools.HttpParserError:
        pass
    return oracle.messages


@st.composite
def requests(draw):
    """Streams near the grammar: a sound one with a few bytes changed."""
    raw = draw(st.sampled_from([r for r, _, _ in FORWARDED.values() if b"pgrade" not in r]))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(raw)))
        raw = raw[:at] + draw(st.binary(max_size=3)) + raw[at + draw(st.integers(0, 3)) :]
    return raw


@given(requests())
@settings(max_examples=400, deadline=None)
def test_never_more_lenient_than_llhttp(raw):
    """Whatever is read as a message here llhttp reads too, with the same fields and body."""
    mine = [one for one in read_all([raw]) if not isinstance(one, Problem)]
    theirs = llhttp(raw)
    known = {m.name for m in http.HTTPMethod} | {"QUERY"}
    if theirs is None or b"pgrade" in raw or any(one[0] not in known for one in mine):
        return  # unknown methods are the router's to refuse: 405
    assert len(mine) <= len(theirs), raw
    for (_, _, headers, body), (_, other, other_body) in zip(mine, theirs, strict=False):
        assert (headers, body) == (other, other_body), raw


@given(requests())
@settings(max_examples=200, deadline=None)
def test_the_same_reading_as_h11(raw):
    """Where h11 reads a message too, its target and body are the same."""
    found = read_all([raw])
    if not found or isinstance(found[0], Problem):
        return
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 16)
    connection.receive_data(raw)
    body, head = b"", None
    try:
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            else:
                break
    except h11.RemoteProtocolError:
        return
    if head is not None and isinstance(event, h11.EndOfMessage):
        assert head.method.decode() == found[0][0]
        assert body == found[0][3], raw


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", UNSUPPORTED_VERSION),
        (b"GET / HTTP/1.2\r\nHost: a\r\n\r\n", UNSUPPORTED_VERSION),
        (b"GET / HTTP/1.1\r\nHost: a\r\nExpect: a-miracle\r\n\r\n", UNSUPPORTED_EXPECTATION),
    ],
)
def test_what_is_not_spoken_here_is_named(raw, kind):
    """Another version (505) and another expectation (417) are refused as what they are."""
    (problem,) = read_all([raw])
    assert problem.kind is kind
    assert problem.close
