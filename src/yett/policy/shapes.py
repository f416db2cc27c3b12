"""The shapes of one API: what its parameters and bodies may be, compiled once.

One normalised 2020-12 document and one validator for all operations; readers are closures over
tables made here. Nothing is fetched and nothing is kept between contracts.
"""

from __future__ import annotations

from yett.contract.model import Api, Operation
from yett.policy.bodies import Bodies
from yett.policy.inputs import Inputs
from yett.policy.model import Shapes, TextSource
from yett.policy.workshop import Workshop
from yett.terms import Finding, Mode


def compile_shapes(
    api: Api, *, unknown_fields: Mode = Mode.ENFORCE, unknown_query: Mode = Mode.ENFORCE
) -> dict[str, Shapes]:
    """Compile the input of every operation, by operation id.

    Args:
        api: the service.
        unknown_fields: what to do with body fields no schema declares, unless an operation says.
        unknown_query: the same for query parameters.

    Raises:
        PolicyError: the schemas cannot be enforced as written.
    """
    return examine(api, unknown_fields=unknown_fields, unknown_query=unknown_query)[0]


def examine(
    api: Api, *, unknown_fields: Mode = Mode.ENFORCE, unknown_query: Mode = Mode.ENFORCE
) -> tuple[dict[str, Shapes], tuple[Finding, ...]]:
    """Compile as `compile_shapes` and also say what was dropped, tightened or left open."""
    shop = Workshop(api)
    drafts: list[tuple[Operation, Inputs, Bodies]] = []
    for operation in api.operations:
        shop.report.subject = operation.id
        shop.report.source = operation.source
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
    shop.report.raise_errors()
    return shapes, shop.report.findings()
