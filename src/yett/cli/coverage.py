"""What guards each operation, as `yett check` shows it: a row for each, a column per control.

Drawn from the compiled policy, not from what the files intended.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from yett.cli import coverage_records
from yett.cli.coverage_records import NOTHING, UNCHECKABLE
from yett.contract.model import Contract, Operation
from yett.policy.authz.model import Place
from yett.policy.model import OperationPolicy, Policy
from yett.terms import Mode

CALLING = (
    "operation", "method", "path", "credential", "scopes", "parameters", "body",
    "unknown_fields", "injection", "limits",
)  # fmt: skip
AUTHORIZING = ("record", "rules", "references", "fields", "states", "sensitive")
COLUMNS = (*CALLING, *AUTHORIZING)


class Row(Struct, frozen=True):
    """The controls of one operation; `-` where there is nothing to check."""

    operation: str
    method: str
    path: str
    credential: str
    scopes: str
    parameters: str
    body: str
    unknown_fields: str
    injection: str
    limits: str
    record: str
    rules: str
    references: str
    fields: str
    states: str
    sensitive: str

    @property
    def authorizes(self) -> bool:
        """Whether anything is asked of the caller that scopes do not say."""
        return any(getattr(self, name) != NOTHING for name in AUTHORIZING)

    @property
    def uncheckable(self) -> bool:
        """Whether a rule reads what nothing declares, so that every call is refused."""
        return self.record.startswith(UNCHECKABLE)

    @property
    def reads_record(self) -> bool:
        """Whether a record is looked into, in the answer, the request or by reading it first."""
        return self.record != NOTHING and not self.record.startswith((UNCHECKABLE, Place.BEFORE))


def rows(contract: Contract, policy: Policy) -> tuple[Row, ...]:
    """Return a row for each operation that is served."""
    declared = {o.id: o for api in contract.apis for o in api.operations}
    return tuple(_row(declared[p.id], p) for p in policy.operations if p.id in declared)


def _row(operation: Operation, policy: OperationPolicy) -> Row:
    modes, guard = policy.modes, policy.guard
    return Row(
        operation=operation.id,
        method=operation.method,
        path=policy.template,
        credential=_with_mode(_credential(policy), modes["credential"]),
        scopes=_with_mode(_scopes(policy), modes["scopes"]),
        parameters=_with_mode(_parameters(operation), modes["parameters"]),
        body=_with_mode(_body(operation, policy), modes["body"]),
        unknown_fields=modes["unknown_fields"] if _reads(policy) else NOTHING,
        injection=modes["injection"] if policy.text is not None else NOTHING,
        limits=_with_mode(_limits(operation, policy), modes["limits"]),
        record=_with_mode(coverage_records.record(guard), modes["records"]),
        rules=", ".join(coverage_records.rules(guard)) or NOTHING,
        references=_with_mode(coverage_records.references(guard), modes["records"]),
        fields=_with_mode(coverage_records.fields(guard), modes["fields"]),
        states=_with_mode(coverage_records.states(policy.id, guard), modes["records"]),
        sensitive=_with_mode(coverage_records.sensitive(policy), modes["sensitive"]),
    )


def _reads(policy: OperationPolicy) -> bool:
    """Whether a body is read at all; one that streams through is not."""
    return policy.body is not None and not policy.stream_request


def _credential(policy: OperationPolicy) -> str:
    if policy.public:
        return "public"
    if policy.security is None:
        return "refused"
    if () in policy.security:
        return "anonymous"
    return (
        " or ".join("+".join(need.scheme.name for need in a) for a in policy.security) or "refused"
    )


def _scopes(policy: OperationPolicy) -> str:
    if policy.public or not policy.security or () in policy.security:
        return NOTHING
    texts = [" ".join(sorted(s for need in a for s in need.scopes)) for a in policy.security]
    return " or ".join(dict.fromkeys(text for text in texts if text)) or NOTHING


def _parameters(operation: Operation) -> str:
    number = len(operation.parameters)
    return f"{number} checked" if number else "none taken"


def _body(operation: Operation, policy: OperationPolicy) -> str:
    if operation.body is None or not operation.body.content:
        return "none taken"
    names = ", ".join(_media_types(operation))
    return f"{names}, unread" if policy.stream_request else names


def _media_types(operation: Operation) -> Iterator[str]:
    assert operation.body is not None
    for media_type in operation.body.content:
        yield media_type.name.removeprefix("application/")


def _limits(operation: Operation, policy: OperationPolicy) -> str:
    if not policy.limits:
        return NOTHING
    source = "own" if operation.settings.limit is not None else "default"
    return f"{len(policy.limits)} {source}"


def _with_mode(text: str, mode: Mode) -> str:
    """Say it when a control is not enforced."""
    return text if mode is Mode.ENFORCE or text == NOTHING else f"{text} ({mode})"
