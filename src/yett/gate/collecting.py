"""Step 14: an answer that a rule must read is collected whole, and asked about before it leaves.

Not a byte goes to the client before. What is larger than `[authz] max_checked` is refused, or goes
on unread where the rules only observe. Fields that describe the body as the service wrote it go
when the body changes; its entity tag stays, because it names the record for `If-Match`.
RFC 9110 s8, RFC 9530 s2 and s3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from yett.engine.release import Released, Reply, reading, release, uncheckable
from yett.problems import INTERNAL
from yett.terms import Mode
from yett.wire.lines import describe, without

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


def collect(relay: Relay, head: ResponseHead, body: bytes, complete: bool) -> bool:
    """Begin to collect an answer; False where it may go on as it comes."""
    mode = reading(relay.x, head.status, describe(head.block).media_type)
    # The service was asked for the body of a HEAD, too (see `Sending.send`): it ends here.
    if mode is Mode.OFF and relay.head.method != "HEAD":
        return False
    relay.collecting = Collecting(relay, head, mode)
    relay.collecting.take(body, complete=complete)
    return True


def collected_fields(
    head: ResponseHead, *, cache: bool, changed: bool, ranges: bool = False
) -> bytes:
    """Return the field lines of an answer that was collected, without those that lie about it now.

    Args:
        head: the service's.
        cache: the operation declares its own caching.
        changed: the body is not as the service wrote it.
        ranges: the client may ask for a part.
    """
    block = head.block + head.caching if cache else head.block
    if ranges and not changed:
        return block
    return without(block, _UNTRUE_OF_LESS if changed else _UNTRUE)


class Collecting:
    """The answer to one request, as far as it has come.

    Args:
        relay: the request.
        head: the answer's head.
        mode: `enforce` refuses an answer that cannot be read, `off` does not read it.
    """

    __slots__ = ("_head", "_mode", "_pieces", "_relay", "_size")

    def __init__(self, relay: Relay, head: ResponseHead, mode: Mode) -> None:
        self._relay = relay
        self._head = head
        self._mode = mode
        self._pieces: list[bytes] = []
        self._size = 0

    def take(self, data: bytes, *, complete: bool) -> None:
        """Take more of the body; the last of it is the moment of the decision."""
        relay = self._relay
        self._size += len(data)
        self._pieces.append(data)
        most = relay.current.settings.max_checked
        if max(self._size, self._head.length or 0) > most:
            if self._mode is Mode.ENFORCE:
                relay.give_up()
                relay.withhold(uncheckable(relay.x, f"larger than {most} bytes"))
            else:
                self._pass_by(b"".join(self._pieces), complete=complete)
        elif complete:
            self._decide(b"".join(self._pieces))

    def _pass_by(self, body: bytes, *, complete: bool) -> None:
        """Let go on unread what no rule that is enforced must read."""
        relay = self._relay
        relay.collecting, relay.passing = None, True
        if relay.head.method == "HEAD":
            relay.give_up()
            relay.bodiless, body, complete = True, b"", True
        relay.relay_head(self._head, body, complete=complete)

    def _decide(self, body: bytes) -> None:
        relay, head = self._relay, self._head
        told = describe(head.block)
        reply = Reply(head.status, told.media_type, told.coded, body)
        try:
            off = self._mode is Mode.OFF
            released = Released(body) if off else release(relay.x, reply)
        except Exception as error:  # noqa: BLE001 — a bug in a rule must refuse, not let through
            relay.connection.gate.on_error(error)
            relay.fail(INTERNAL(close=True))
            return
        for event in released.events:
            relay.connection.gate.sink.append(event)
        if released.problem is not None:
            relay.withhold(released.problem)
        else:
            self._write(released, changed=released.body != body)

    def _write(self, released: Released, *, changed: bool) -> None:
        relay, head, body = self._relay, self._head, released.body
        assert relay.x.plan is not None
        checks = relay.x.plan.checks
        ranges = checks is not None and b"range" not in checks.without
        cache = relay.x.plan.operation.cache
        block = collected_fields(head, cache=cache, changed=changed, ranges=ranges)
        framing = b"" if head.status in _BODILESS else b"content-length: %d\r\n" % len(body)
        if relay.head.method == "HEAD" or head.status in _BODILESS:
            body = b""
        persist = relay.may_persist()
        relay.sent += len(body)
        relay.write_head(head.status, block, framing, body, persist=persist)
        relay.finish(persist=persist)
