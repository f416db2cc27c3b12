"""Step 16 for sensitive operations: the outcome is on disk before the answer leaves.

The upstream is held while the recorder fsyncs; then the response goes on as any other. Where the
outcome cannot be made durable the answer is withheld: a 503 that says so, and the intent that was
written before forwarding stays as the trace (step 13).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from yett.engine import record
from yett.problems import NOT_RECORDED
from yett.wire.clock import NEVER
from yett.wire.tasks import spawn

if TYPE_CHECKING:
    from yett.gate.relay import Relay
    from yett.wire.response import ResponseHead

DETAIL = "the service has answered, but the outcome cannot be recorded; do not repeat blindly"


def witness(relay: Relay, head: ResponseHead, body: bytes, *, complete: bool) -> None:
    """Hold a response until its outcome is durable; the sink bounds the wait."""
    relay.witnessing = True
    relay.connection.deadline = NEVER
    if relay.link is not None:
        relay.link.hold(hold=True)
    spawn(_release(relay, head, body, complete=complete), "outcome")


async def _release(relay: Relay, head: ResponseHead, body: bytes, *, complete: bool) -> None:
    gate = relay.connection.gate
    durable = False
    try:
        durable = await gate.sink.durable(record.outcome(relay.x, head.status))
    except Exception as error:  # noqa: BLE001 — a recorder's failure is a no
        gate.on_error(error)
    relay.witnessing = False
    if relay.over:
        return
    if not durable:
        relay.give_up()
        relay.fail(NOT_RECORDED(DETAIL))
        return
    if relay.link is not None:
        relay.link.hold(hold=False)
    relay.await_response()
    relay.relay_head(head, body, complete=complete)
