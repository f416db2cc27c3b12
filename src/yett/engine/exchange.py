"""The working state of one request on its way through the steps.

One object per request, mutable, owned by `decide`; everything it points to is frozen. Steps read
and fill it, adapters read it afterwards to build the response and the event. It does no I/O.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yett.terms import ANONYMOUS

if TYPE_CHECKING:
    from yett.engine.program import Plan, Program
    from yett.engine.view import Taken, View
    from yett.policy.cedar.model import Entity
    from yett.policy.model import Limit
    from yett.problems import Problem
    from yett.terms import Principal, Request


class Exchange:
    """One request being decided.

    Attributes:
        program: the bound policy this request started with; a swap does not touch it.
        plan: steps and facts of the matched operation, None until step 1.
        arguments: values of the path template's parameters in order.
        principal: who is asking, `ANONYMOUS` until step 4.
        proven: scheme name -> principal, where an operation needs several credentials.
        values: parameter values by location, after step 8.
        query: canonical query to forward.
        body: body bytes to forward, None when no rule reads the body.
        parsed: the parsed body, for the rules after step 8.
        observed: problems of rules in mode `observe`, in order.
        once: proofs that this request uses up: name, until when, since when.
        taken: limits counted for this request, for the `RateLimit` fields.
        cors: response fields for the caller's origin, empty when there are none.
        entered: subjects counted as under way, to be left again.
        subject: the principal as a Cedar entity, None until step 11 needs it.
        context: what policies see of the request, None until step 11 needs it.
        enriched: attributes of the principal that the service was asked for, as Cedar values.
        unjudged: why the principal is no entity; whatever is decided for it is a denial.
        record: the JSON of the record that was read before a write, None when none was.
        entity: that record (or a new one, from the body) as a Cedar entity.
        locked: the record that this exchange holds the lock of, empty for none.
        expected: states the record may be in after this request; empty when nothing says.
        granted: the rules on records permit whatever the answer holds.
        approval: id of the approval that this exchange has used up, empty for none.
        extra: header lines for the service, such as `if-match`.
        without: the client's fields that are not forwarded.
        resources: uids of records this request is about, for the record of it.
        policies: ids of the rules that determined the decision.
        why: false clauses in words, for operators only.
    """

    __slots__ = (
        "approval",
        "arguments",
        "body",
        "context",
        "cors",
        "enriched",
        "entered",
        "entity",
        "expected",
        "extra",
        "granted",
        "locked",
        "now",
        "observed",
        "once",
        "parsed",
        "plan",
        "policies",
        "principal",
        "program",
        "proven",
        "query",
        "record",
        "request",
        "resources",
        "subject",
        "taken",
        "unjudged",
        "values",
        "view",
        "why",
        "without",
    )

    def __init__(self, program: Program, request: Request, view: View, now: float) -> None:
        self.program = program
        self.request = request
        self.view = view
        self.now = now
        self.plan: Plan | None = None
        self.arguments: tuple[str, ...] = ()
        self.principal: Principal = ANONYMOUS
        self.proven: dict[str, Principal] = _NOTHING
        self.values: dict[str, dict[str, Any]] = _NOTHING
        self.query = request.query
        self.body: bytes | None = None
        self.parsed: Any = None
        self.observed: tuple[Problem, ...] = ()
        self.once: tuple[tuple[str, float, float], ...] = ()
        self.taken: tuple[tuple[Limit, Taken], ...] = ()
        self.cors = b""
        self.entered: tuple[str, ...] = ()
        self.subject: Entity | None = None
        self.context: dict[str, Any] | None = None
        self.enriched: dict[str, Any] = _NOTHING
        self.unjudged = ""
        self.record: Any = None
        self.entity: Entity | None = None
        self.locked = ""
        self.expected: tuple[str, ...] = ()
        self.granted = False
        self.approval = ""
        self.extra = b""
        self.without: frozenset[bytes] = _NONE
        self.resources: tuple[str, ...] = ()
        self.policies: tuple[str, ...] = ()
        self.why: tuple[str, ...] = ()

    def release(self) -> None:
        """Leave the concurrency counters; the adapter calls it once, whatever happened."""
        for subject in self.entered:
            self.view.leave(subject)
        self.entered = ()


_NONE: frozenset[bytes] = frozenset()
_NOTHING: dict[str, Any] = {}  # shared and never written: a dict per request costs 30 ns twice
