"""Leaves out of an answer what its schema does not declare, or declares `writeOnly` (CWE-213)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from yett.engine.answers.body import may_be_json
from yett.engine.answers.checks import Checks
from yett.engine.exchange import Exchange
from yett.policy.model import Declared
from yett.problems import ANSWER_UNDECLARED
from yett.terms import Mode

MAX_TOLD_CHARACTERS = 200
MAX_REMEMBERED_CHARACTERS = 400
DEFAULT = "default"
# Names of members may be a client's own words; only plain ones are recorded.
_PLAIN = re.compile(r"[A-Za-z0-9_.$@*/-]{1,100}")


def leave_out(x: Exchange, checks: Checks, status: int, value: Any) -> bool:
    """Change the value; whether what leaves is another one now.

    In mode `observe` the caller must have written the value before: it is changed all the same, to
    find out what would have been left out.
    """
    keep = keeper(checks.declared, status) if checks.declared is not None else None
    if keep is None:
        return False
    lost = keep(value)[1]
    if not lost:
        return False
    if checks.undeclared is Mode.OBSERVE:
        x.observed += (ANSWER_UNDECLARED(note=told(lost)),)
        return False
    x.why += (f"left out as undeclared: {told(lost)}",)
    return True


def keeper(declared: Declared, status: int) -> Any:
    """Choose by status: itself, its class, the default (OpenAPI 3.1.1 s4.8.16)."""
    status_ = _entry(declared, status)
    return declared.keep[status_] if status_ is not None else None


def speaks_json(checks: Checks, status: int, media_type: str) -> bool:
    """Whether an answer is read for what is not declared: it is JSON, or should be nothing else."""
    declared = checks.declared
    if declared is None:
        return False
    return may_be_json(media_type) or _entry(declared, status) in declared.plain


def _entry(declared: Declared, status: int) -> str | None:
    keep, name = declared.keep, str(status)
    if name in keep:
        return name
    name = f"{name[0]}XX"
    if name in keep:
        return name
    return DEFAULT if DEFAULT in keep else None


def told(lost: tuple[str, ...]) -> str:
    """Name what was left out, for operators."""
    short = sum(map(len, lost)) <= MAX_REMEMBERED_CHARACTERS
    return (_remembered_told if short else _told)(lost)


def _told(lost: tuple[str, ...]) -> str:
    names = [pointer if _PLAIN.fullmatch(pointer) else "…" for pointer in lost]
    return ", ".join(dict.fromkeys(names))[:MAX_TOLD_CHARACTERS]


# A service says too much in every answer, and always the same: 0.3 us instead of 1.2.
_remembered_told = lru_cache(maxsize=64)(_told)
