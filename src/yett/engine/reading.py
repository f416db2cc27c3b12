"""Reading a record from the service, to decide on it: the target, the question, the answer.

An id becomes one segment of the path and nothing else: what some server reads as a separator, a
parent or the start of a query is no id (CWE-22, CWE-918). What is not plainly the record asked for
is refused. The answer is data to decide on and never reaches the client. RFC 3986 s3.3.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from yett.contract.media import is_json
from yett.engine.entities import record
from yett.engine.exchange import Exchange
from yett.engine.located import Find, make_finder
from yett.engine.pointing import MISSING, pointed, text_of
from yett.engine.questions import Question, ReadRecord, RecordRead
from yett.policy.authz.model import Read
from yett.policy.cedar.model import Entity
from yett.policy.jsonbody import read_json
from yett.policy.model import Fault, OperationPolicy, Policy
from yett.problems import NO_SUCH_RECORD, RECORD_UNREADABLE, Problem

MAX_TARGET_CHARACTERS = 4096
# What the wire leaves raw in a canonical path, so that a record has one target.
_SAFE = "-._~!$&'()*+,=:@"
_AMBIGUOUS = re.compile(r"[/\\%;\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_DOTS = frozenset((".", ".."))
_OK = 200
# The caller may not see it, or there is none: from outside both look the same.
_ABSENT = frozenset((403, 404, 410))


class Found(Struct, frozen=True):
    """A record that was read: its JSON, the entity made of it, where it was, its strong ETag."""

    value: Any
    entity: Entity
    target: str
    etag: bytes


class Reader:
    """Reads records of one kind on behalf of one operation."""

    __slots__ = ("_limit", "_pieces", "read")

    def __init__(self, read: Read, operation: OperationPolicy, policy: Policy) -> None:
        self.read = read
        self._limit = policy.config.authz.max_checked
        self._pieces: tuple[str | Find | None, ...] = tuple(
            piece if isinstance(piece, str | None) else make_finder(piece, operation)
            for piece in read.path
        )

    def fetch(self, x: Exchange, id_: str) -> Generator[Question, Any, Found | Problem]:
        """Read one record; whatever is not plainly it is a problem."""
        target = self.target(x, id_)
        if target is None:
            return NO_SUCH_RECORD(note="the id cannot stand in a path")
        answer = yield ReadRecord(self.read.upstream, target, self._limit)
        value = open_answer(answer, self._limit)
        return value if isinstance(value, Problem) else self._found(id_, target, value, answer)

    def target(self, x: Exchange, id_: str) -> str | None:
        """Build the target of a record; None when an id has no place in one."""
        parts: list[str] = []
        for piece in self._pieces:
            if isinstance(piece, str):
                parts.append(piece)
                continue
            text = id_ if piece is None else piece(x)
            written = segment(text) if text is not None else None
            if written is None:
                return None
            parts.append(written)
        target = "".join(parts)
        return target if len(target) <= MAX_TARGET_CHARACTERS else None

    def _found(self, id_: str, target: str, value: Any, answer: RecordRead) -> Found | Problem:
        shape = self.read.shape
        value = pointed(value, self.read.pointer)
        own = pointed(value, shape.key) if shape.key else MISSING
        if own is not MISSING and own is not None and text_of(own) != id_:
            # The service answered with another record (an alias, a folded case): a decision on
            # that one would let through a write to this one (CWE-441).
            return NO_SUCH_RECORD(note="the service answered with another record")
        entity = record(shape, id_, value)
        if entity is None:
            note = "the record lacks an attribute, or one is of another type than declared"
            return RECORD_UNREADABLE(note=note)
        return Found(value, entity, target, answer.etag)


def segment(text: str) -> str | None:
    """Write an id as one segment of a path; None when some server might read more than that."""
    if not text or text in _DOTS or _AMBIGUOUS.search(text):
        return None
    return quote(text, safe=_SAFE)


def open_answer(answer: RecordRead | Problem | Any, limit: int) -> Any | Problem:
    """Return the JSON value of a 200, else the problem that there is none."""
    if isinstance(answer, Problem):
        return answer
    if not isinstance(answer, RecordRead):
        return RECORD_UNREADABLE(note="the read was not answered")
    if answer.status in _ABSENT:
        return NO_SUCH_RECORD(note=f"the service answered the read with {answer.status}")
    if answer.status != _OK or not is_json(answer.media_type):
        note = f"the service answered the read with {answer.status}, not with JSON"
        return RECORD_UNREADABLE(note=note)
    if len(answer.body) > limit:
        return RECORD_UNREADABLE(note="the record is larger than `max_checked`")
    found = read_json(answer.body)
    if isinstance(found, Fault):
        return RECORD_UNREADABLE(note=f"the record's JSON cannot be read: {found.code}")
    return found[0]
