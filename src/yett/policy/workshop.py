"""What is shared while the shapes of one API are compiled: schemas, bundle, root and notes.

Schemas are emitted first and the validator is compiled last, so what needs it is made as a promise
(`Judging`) and kept by `judge` once `finish` has run.
"""

from __future__ import annotations

from typing import Any

import jsonschema_rs
from msgspec import Struct

from yett.contract.model import Api
from yett.contract.report import Report
from yett.policy.bundle import Bundle, TooDeepError
from yett.policy.fields import Fits
from yett.policy.graph import Graph, Links
from yett.policy.notes import Notes
from yett.policy.rules import (
    SCHEMA_ALTERNATIVES,
    SCHEMA_CIRCLE,
    SCHEMA_DEPTH,
    SCHEMA_INVALID,
    SCHEMA_SIZE,
)
from yett.policy.schemas import Schemas, TooManySchemasError
from yett.policy.validator import MAX_EXPLAINED_CHOICES, Judge, Root, make_judge
from yett.terms import Mode

# `is_valid` costs up to 3 times more for each dynamically closed place above another.
MAX_DYNAMIC_NESTING = 5


class Judging(Struct, frozen=True):
    """Keys of a schema with unknown fields refused, and let by; None where it is not needed."""

    closed: str | None
    opened: str | None


class Workshop:
    """One API on its way to shapes."""

    def __init__(self, api: Api, report: Report) -> None:
        self.notes = Notes(report, api.source)
        self.schemas = Schemas(api.document, api.version, self.notes)
        self.bundle = Bundle(self.schemas)
        self.root = Root()
        self._choices: dict[str, int] = {}

    def site(self, node: Any, *, closed: bool) -> Any:
        """Return the emitted schema of an input; `false` with an error when it cannot be."""
        try:
            return self.bundle.site(node, closed=closed)
        except TooDeepError:
            self._too_deep()
        except TooManySchemasError:
            self._too_many()
        return False

    def promise(self, node: Any, mode: Mode) -> tuple[Judging, Any]:
        """Add a schema under the keys its mode needs; also return it as emitted."""
        closed = None if mode is Mode.OFF else self.site(node, closed=True)
        opened = None if mode is Mode.ENFORCE else self.site(node, closed=False)
        keys = [None if schema is None else self.root.add(schema) for schema in (closed, opened)]
        return Judging(keys[0], keys[1]), closed if opened is None else opened

    def fits(self, node: Any) -> Fits:
        """Return a decision about one schema alone, usable after `finish`."""
        return self.root.fits(self.root.add(self.site(node, closed=False)))

    def finish(self) -> None:
        """Emit what is still referred to, check it for crashes and costs, and compile.

        Raises:
            ContractError: with every error found.
        """
        try:
            self.bundle.drain()
        except TooDeepError:
            self._too_deep()
        except TooManySchemasError:
            self._too_many()
        self.notes.refuse()
        graph = Graph(self.bundle.defs)
        if graph.endless():
            self.notes.add(
                SCHEMA_CIRCLE,
                "a schema applies itself to the same value without end",
                "let a property or an item stand between the two",
            )
            self.notes.refuse()
        self._simplify(graph)
        self._choices = graph.choices()
        self._compile()

    def judge(self, judging: Judging) -> Judge:
        """Keep a promise."""
        key = judging.closed if judging.closed is not None else judging.opened
        return make_judge(
            self.root,
            judging.closed,
            judging.opened,
            explained=self._cost(self.root.schemas[str(key)]) <= MAX_EXPLAINED_CHOICES,
        )

    def _too_deep(self) -> None:
        hint = "name its parts as components"
        self.notes.add(SCHEMA_DEPTH, "a schema is nested too deeply", hint)

    def _too_many(self) -> None:
        self.notes.add(SCHEMA_SIZE, "the document has too many schemas", "split the API")

    def _cost(self, schema: Any) -> int:
        links = Links(schema)
        return links.alternatives + max((self._choices[n] for n in links.all), default=0)

    def _simplify(self, graph: Graph) -> None:
        nesting = graph.nesting(set(self.bundle.dynamic))
        deep = [name for name in self.bundle.dynamic if nesting[name] > MAX_DYNAMIC_NESTING]
        for name in deep:
            self.bundle.simplify(name)
        if deep:
            self.notes.turn_to(None)
            self.notes.add(
                SCHEMA_ALTERNATIVES,
                f"{len(deep)} schemas nest alternatives over {MAX_DYNAMIC_NESTING} deep; "
                "a field of any alternative is known to all",
                "tell the alternatives apart by a `discriminator`",
            )

    def _compile(self) -> None:
        try:
            self.root.compile(self.bundle.defs, fancy=self.schemas.dialect.fancy)
        except (ValueError, jsonschema_rs.ReferencingError) as error:
            self.notes.add(SCHEMA_INVALID, _reason(error), "see the OpenAPI Schema Object")
            self.notes.refuse()


def _reason(error: Exception) -> str:
    text = str(error).splitlines()[0].replace("`", "'") if str(error) else "unknown"
    return f"the schemas cannot be compiled: {text[:200]}"
