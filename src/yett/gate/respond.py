"""The only writer of `application/problem+json`: a `Problem` to status, fields and body.

The client is told the code, the detail and the request id, and where its mistake lies; never a
value it sent, never the note. RFC 9457 s3.
"""

from __future__ import annotations

from typing import Any

import orjson

from yett.problems import Problem

CONTENT_TYPE = (b"content-type", b"application/problem+json")

Answer = tuple[int, tuple[tuple[bytes, bytes], ...], bytes]


def problem_response(problem: Problem, request_id: str, status: int = 0) -> Answer:
    """Write a refusal.

    Args:
        problem: what to tell.
        request_id: the id under which the record will be found.
        status: another status than the problem's own (a scrubbed answer keeps the service's).

    Returns:
        status, header fields (without `Content-Length`) and body.
    """
    kind = problem.kind
    status = status or kind.status
    members: dict[str, Any] = {
        **dict(problem.members),  # first: none of them replaces what RFC 9457 s3.1 names
        "type": kind.type,
        "title": kind.title,
        "status": status,
        "detail": problem.detail,
        "code": kind.code,
        "request_id": request_id,
    }
    if problem.pointer:
        members["pointer"] = problem.pointer
    return status, (CONTENT_TYPE, *problem.headers), orjson.dumps(members)
