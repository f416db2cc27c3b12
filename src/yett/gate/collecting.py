"""Step 14: an answer that a rule must read is collected whole, and asked about before it leaves.

Not a byte goes to the client before; what is larger than `[authz] max_checked` is not let through
unread. Fields that describe the body as the service wrote it go when the body changes; its entity
tag stays, because it names the record for `If-Match`. RFC 9110 s8, RFC 9530 s2 and s3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from yett.engine.release import Released, Reply, release
from yett.problems import ANSWER_UNCHECKABLE, INTERNAL
from yett.wire.lines import is_coded, media_type, without

if TYPE_CHECKING:
    from yett.gate.relay import Relay
    from yett.wire.response import ResponseHead

_BODILESS = frozenset({204, 304})
# Ranges are not asked for any more, so none is offered.
_UNTRUE = frozenset((b"accept-ranges",))
# Digests and signatures of another body; totals that count records which were left out.
_UNTRUE_OF_LESS = _UNTRUE | frozenset(
    b"content-digest content-md5 content-range digest pagination-count repr-digest signature "
    b"signature-input total-count x-count x-pagination x-result-count x-total x-total-count "
    b"x-total-pages".split()
)


class Collecting:
    """The answer to one request, as far as it has come.

    Args:
        relay: the request.
        head: the answer's head.
    """

    __slots__ = ("_head", "_pieces", "_relay", "_size")

    def __init__(self, relay: Relay, head: ResponseHead) -> None:
        self._relay = relay
        self._head = head
        self._pieces: list[bytes] = []
        self._size = 0

    def take(self, data: bytes, *, complete: bool) -> None:
        """Take more of the body; the last of it is the moment of the decision."""
        relay = self._relay
        self._size += len(data)
        settings = relay.current.settings
        if max(self._size, self._head.length or 0) > min(
            settings.max_checked, settings.max_response
        ):
            relay.give_up()
            relay.fail(ANSWER_UNCHECKABLE(note=f"larger than {settings.max_checked} bytes"))
            return
        self._pieces.append(data)
        if complete:
            self._decide(b"".join(self._pieces))

    def _decide(self, body: bytes) -> None:
        relay, head = self._relay, self._head
        reply = Reply(head.status, media_type(head.block), is_coded(head.block), body)
        try:
            released = release(relay.x, reply)
        except Exception as error:  # noqa: BLE001 — a bug in a rule must refuse, not let through
            relay.connection.gate.on_error(error)
            relay.fail(INTERNAL(close=True))
            return
        for event in released.events:
            relay.connection.gate.sink.append(event)
        if released.problem is not None:
            relay.fail(released.problem)
        else:
            self._write(released, changed=released.body != body)

    def _write(self, released: Released, *, changed: bool) -> None:
        relay, head, body = self._relay, self._head, released.body
        assert relay.x.plan is not None
        block = head.block + head.caching if relay.x.plan.operation.cache else head.block
        block = without(block, _UNTRUE_OF_LESS if changed else _UNTRUE)
        framing = b"" if head.status in _BODILESS else b"content-length: %d\r\n" % len(body)
        if relay.head.method == "HEAD" or head.status in _BODILESS:
            body = b""
        persist = relay.may_persist()
        relay.sent += len(body)
        relay.write_head(head.status, block, framing, body, persist=persist)
        relay.finish(persist=persist)
