"""The shapes of one API: what its parameters and bodies may be, compiled once.

One normalised 2020-12 document and one validator for all operations; readers are closures over
tables made here. Nothing is fetched and nothing is kept between contracts.
"""

from __future__ import annotations

from yett.contract.model import Api, Operation
from yett.contract.report import Report
from yett.policy.bodies import Bodies
from yett.policy.inputs import Inputs
from yett.policy.model import Shapes, TextSource
from yett.policy.workshop import Workshop
from yett.terms import Mode


def compile_shapes(
    api: Api,
    *,
    unknown_fields: Mode = Mode.ENFORCE,
    unknown_query: Mode = Mode.ENFORCE,
    report: Report | None = None,
) -> dict[str, Shapes]:
    """Compile the input of every operation, by operation id.

    Args:
        api: the service.
        unknown_fields: what to do with body fields no schema declares, unless an operation says.
        unknown_query: the same for query parameters.
        report: takes what was dropped, tightened or left open.

    Raises:
        ContractError: the schemas cannot be enforced as written.
    """
    shop = Workshop(api, report or Report())
    drafts: list[tuple[Operation, Inputs, Bodies]] = []
    for operation in api.operations:
        shop.notes.turn_to(operation)
        drafts.append(
            (
                operation,
                Inputs(shop, operation, unknown_query),
                Bodies(shop, operation, unknown_fields),
            )
        )
    shop.finish()
    document = shop.root.document(shop.bundle.defs)
    shapes = {
        operation.id: Shapes(
            parameters=inputs.reader(),
            body=bodies.reader(),
            body_required=operation.body is not None and operation.body.required,
            text=TextSource(
                parameters=tuple(inputs.schemas), bodies=tuple(bodies.schemas), root=document
            ),
        )
        for operation, inputs, bodies in drafts
    }
    shop.notes.refuse()
    return shapes
