"""Every compiled operation into one route table, and what cannot be told apart by path said aloud.

Two operations for the same requests refuse the contract, and so does one below the issuer's path;
templates that cross are served with a warning. Paths are what `contract.operations` lets through:
no query, no fragment.
"""

from __future__ import annotations

from collections.abc import Iterable

from yett.contract.model import Api, Operation
from yett.contract.report import Report
from yett.policy.model import OperationPolicy
from yett.policy.route_tree import template_segments
from yett.policy.routes import RouteConflict, Router
from yett.policy.rules import ROUTE_CONFLICT, ROUTE_CROSSING

FALLBACK_METHOD = "*"  # of the operation that stands for all undeclared ones of an API


def route(
    apis: Iterable[Api], operations: Iterable[OperationPolicy], report: Report
) -> Router[OperationPolicy]:
    """Fill the table; mistakes go to `report`, at the place of the operation they are about."""
    router: Router[OperationPolicy] = Router()
    declared = {operation.id: operation for api in apis for operation in api.operations}
    first: dict[str, Operation] = {}
    rest = []
    for operation in operations:  # those first that take whole bases for themselves
        if operation.method == FALLBACK_METHOD:
            base = template_segments(operation.template)
            router.fall_back(base, operation, owned=operation.pages)
        else:
            rest.append(operation)
    for operation in rest:
        source = declared[operation.id]
        first.setdefault(operation.template, source)
        if router.owned(template_segments(operation.template)):
            message = f"`{operation.template}` lies below the issuer's path"
            hint = "give `identity.builtin.url` another path"
            report.add(ROUTE_CONFLICT, message, source.source, hint=hint, subject=source.id)
        try:
            router.add(operation.method, operation.template, operation)
        except RouteConflict as conflict:
            hint = "keep one of the two"
            report.add(ROUTE_CONFLICT, str(conflict), source.source, hint=hint, subject=source.id)
    for one, two in router.seal():
        _note_crossing(one, two, first[one], report)
    return router


def _note_crossing(one: str, two: str, operation: Operation, report: Report) -> None:
    report.add(
        ROUTE_CROSSING,
        f"some paths match both `{one}` and `{two}`",
        operation.source,
        hint="paths that match both are refused, because the service may read them either way",
        subject=operation.id,
    )
