"""The body of an answer as a value with one reading, and back to bytes.

As strict as for requests (policy/jsonbody.py): what a client could read in another way than the
rules did is not checked at all. Bytes are written anew only where something was left out.
"""

from __future__ import annotations

import json
from typing import Any

import orjson

from yett.contract.media import is_json
from yett.policy.jsonbody import read_json
from yett.policy.model import Fault

# Beside the bound in bytes, `[authz] max_checked`: the walks below cost by member, not by byte.
MAX_ANSWER_KEYS = 200_000
MAX_ANSWER_CONTAINERS = 200_000
USUAL = "application/json"


def read_answer(body: bytes) -> Any | Fault:
    """Parse strictly: no repeated member, no NaN, no BOM, no UTF-16, depth bounded."""
    found = read_json(body, most_keys=MAX_ANSWER_KEYS, most_containers=MAX_ANSWER_CONTAINERS)
    return found if isinstance(found, Fault) else found[0]


def write_answer(value: Any) -> bytes:
    """Write a value that `read_answer` gave; integers beyond 64 bits stay exact."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def may_be_json(media_type: str) -> bool:
    """Whether clients read such an answer as JSON; one that does not say is tried."""
    return not media_type or media_type == USUAL or is_json(media_type)
