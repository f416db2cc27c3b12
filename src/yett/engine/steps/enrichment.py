"""Step 11, enrichment: attributes of the caller that the service knows and the token does not.

The service is asked with the caller's own credential, once for each credential and a short time.
The key of what is kept binds contract, issuer, principal and the very bytes presented: two callers
never share an answer (graphql-shield#349). Without an answer nothing is decided: refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from yett.engine.callers import Unjudged, typed_attributes
from yett.engine.exchange import Exchange
from yett.engine.questions import ReadRecord
from yett.engine.reading import open_answer
from yett.engine.step import Asking, Outcome, Step, asking, observing
from yett.engine.steps.credential import Ways, ways_of
from yett.policy.authz.model import Enrichment, Guard
from yett.policy.browser import Browser
from yett.policy.cedar.model import Slice
from yett.policy.model import OperationPolicy, Policy
from yett.problems import NO_SUCH_RECORD, NOT_PERMITTED, Problem
from yett.terms import Mode

RULES = ("records", "fields", "sensitive")
# What else a service may take for a credential goes along with the read, so it is bound too.
_CREDENTIAL_FIELDS = (b"authorization", b"cookie", b"x-api-key")


def make_enrichment(operation: OperationPolicy, policy: Policy, browser: Browser) -> Step | None:
    """Ask for the caller's attributes where a rule of the operation reads one."""
    del browser
    guard, authz = operation.guard, policy.authz
    if guard is None or authz is None or authz.identity.enrichment is None:
        return None
    enrichment = authz.identity.enrichment
    if not guard.enrich and not _reads(guard, enrichment, policy):
        return None
    modes = {operation.modes[rule] for rule in RULES}
    if modes == {Mode.OFF}:
        return None
    step = Enriching(enrichment, ways_of(operation), policy)
    return step if Mode.ENFORCE in modes else observing(step)


class Enriching:
    """The enrichment of one operation's callers."""

    __slots__ = ("_ask", "_digest", "_enrichment", "_limit", "_target", "_ways")

    def __init__(self, enrichment: Enrichment, ways: Ways, policy: Policy) -> None:
        self._enrichment = enrichment
        self._ways = ways
        self._digest = policy.digest.encode()
        self._limit = policy.config.authz.max_checked
        self._target = "".join(piece for piece in enrichment.read.path if isinstance(piece, str))
        self._ask = asking(self.ask)

    def __call__(self, x: Exchange) -> Outcome:
        """Take what is known of the caller, and ask where nothing is."""
        if x.principal.kind != "user":
            return None  # only people have such attributes: see `policy.authz.schema`
        known = x.view.enriched(self.key(x), x.now)
        if known is None:
            return self._ask(x)
        x.enriched = known
        return None

    def ask(self, x: Exchange) -> Asking:
        """Ask the service who the caller is."""
        read = self._enrichment.read
        answer = yield ReadRecord(read.upstream, self._target, self._limit, own=True)
        value = open_answer(answer, self._limit)
        if isinstance(value, Problem):
            if value.kind is NO_SUCH_RECORD:
                return NOT_PERMITTED(note=f"enrichment: {value.note}")
            return value
        found = typed_attributes(self._enrichment.attributes, value)
        if isinstance(found, Unjudged):
            return NOT_PERMITTED(note=f"enrichment: {found.reason}")
        x.enriched = found
        until = min(x.now + self._enrichment.seconds, x.principal.expires)
        x.view.enrich(self.key(x), found, until)
        return None

    def key(self, x: Exchange) -> str:
        """Name the caller and the very credential; each part with its length before it."""
        digest = sha256(self._digest)
        for part in self._parts(x):
            digest.update(b"%d:%b" % (len(part), part))
        return digest.hexdigest()

    def _parts(self, x: Exchange) -> Iterator[bytes]:
        principal, headers = x.principal, x.request.headers
        for text in (principal.issuer, principal.kind, principal.id, principal.credential):
            yield text.encode("utf-8", "surrogatepass")
        for name in _CREDENTIAL_FIELDS:
            yield headers.get(name, b"")
        for scheme, extract in self._ways:
            kind, value = extract(x.request) or ("", b"")
            yield f"{scheme} {kind}".encode()
            yield value


def _reads(guard: Guard, enrichment: Enrichment, policy: Policy) -> bool:
    """Whether any rule that this operation is judged by reads what only the service knows."""
    known = {attribute.name for attribute, _ in enrichment.attributes}
    return any(
        known & one.footprint.principal or "principal" in one.footprint.whole
        for one in _slices(guard, policy)
    )


def _slices(guard: Guard, policy: Policy) -> Iterator[Slice]:
    if guard.slice is not None:
        yield guard.slice
    for referred in guard.references:
        if referred.read.slice is not None:
            yield referred.read.slice
    for fields in (*guard.written, *guard.shown):
        yield fields.slice
    if guard.machine is None or policy.authz is None:
        return
    for id_ in guard.machine.moves:  # another operation's rules judge a move made by the body
        other = policy.authz.guards.get(id_)
        if other is not None and other.slice is not None:
            yield other.slice
