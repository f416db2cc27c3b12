"""What an operation's JSON answers may hold, compiled from its response schemas.

The other direction of `shapes.py`: there `readOnly` is taken out of requests, here `writeOnly` of
answers, and what no schema declares is left out instead of refused, because the client is not to
blame. What cannot be told is kept, and a note says so. OpenAPI 3.1.1 s4.8.24, CWE-213.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from yett.contract.media import admits_json, is_json
from yett.contract.model import Api, MediaType, Operation
from yett.contract.report import Report
from yett.contract.rules import Rule
from yett.policy.cuts import Prune
from yett.policy.model import Declared
from yett.policy.notes import Notes
from yett.policy.pruning import Pruning
from yett.policy.rules import ANSWER_OPEN, SCHEMA_STRUCTURE, SCHEMA_TARGET
from yett.policy.schemas import Schemas, TooManySchemasError

Keep = Callable[[Any], tuple[Any, tuple[str, ...]]]


def compile_declared(api: Api, operation: Operation, report: Report) -> Declared | None:
    """Compile one operation; for many of one API use `Answers`, which shares their schemas."""
    return Answers(api, report).declared(operation)


class Answers:
    """The response schemas of one API."""

    def __init__(self, api: Api, report: Report) -> None:
        self._report = report
        self._unclear = Unclear(report, api.source)
        self._schemas = Schemas(api.document, api.version, self._unclear, hides="writeOnly")
        self._pruning = Pruning(self._schemas)

    def declared(self, operation: Operation) -> Declared | None:
        """Compile one operation.

        Returns:
            What its answers may hold; None when nothing would ever be left out, or its answers
            are not read (streams, WebSockets).
        """
        settings = operation.settings
        if settings.websocket or settings.stream in ("response", "both"):
            return None
        self._unclear.said = ""
        keep = {one.status: make_keep(self._prune(one.content)) for one in operation.responses}
        if self._unclear.said:
            hint = "what a schema does not tell is kept in answers"
            message = f"an answer's schema is not clear: {self._unclear.said}"
            source, subject = operation.source, operation.id
            self._report.add(ANSWER_OPEN, message, source, hint=hint, subject=subject)
        if all(one is keep_all for one in keep.values()):
            return None
        plain = (one.status for one in operation.responses if _is_plain(one.content))
        return Declared(keep, frozenset(plain))

    def _prune(self, content: tuple[MediaType, ...]) -> Prune | None:
        medias = [media for media in content if admits_json(media.name)]
        nodes = [media.schema for media in medias]
        if not nodes or any(node is None for node in nodes):
            return None
        try:
            if len(nodes) == 1:
                return self._pruning.of(nodes[0])
            return self._pruning.place([(node, True) for node in nodes])
        except TooManySchemasError:
            self._unclear.said = "the document has too many schemas"
            return None


class Unclear(Notes):
    """Takes what the request side reports as errors: an answer is kept instead."""

    said = ""

    def add(self, rule: Rule, message: str, hint: str = "") -> None:
        """Remember the first that bears on names; what a value must be is nothing here."""
        del hint
        if rule in (SCHEMA_TARGET, SCHEMA_STRUCTURE):
            self.said = self.said or message


def keep_all(value: Any) -> tuple[Any, tuple[str, ...]]:
    """Leave nothing out."""
    return value, ()


def _is_plain(content: tuple[MediaType, ...]) -> bool:
    """Whether JSON is all that is declared: a service may speak XML to who asks for it."""
    return bool(content) and all(is_json(m.name) for m in content)


def make_keep(prune: Prune | None) -> Keep:
    """Return the function of `Declared`; it changes the value it is given."""
    if prune is None:
        return keep_all

    def keep(value: Any) -> tuple[Any, tuple[str, ...]]:
        lost = prune(value)
        return value, tuple(lost) if lost else ()

    return keep
