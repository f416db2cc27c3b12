"""Leaves out of an answer what its schema does not declare, or declares `writeOnly` (CWE-213)."""

from __future__ import annotations

import re
from typing import Any

from yett.engine.answers.body import may_be_json
from yett.engine.answers.checks import Checks
from yett.engine.exchange import Exchange
from yett.policy.model import Declared
from yett.problems import ANSWER_UNDECLARED
from yett.terms import Mode

MAX_TOLD_CHARACTERS = 200
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
    names = (str(status), f"{status // 100}XX", "default")
    return next((name for name in names if name in declared.keep), None)


def told(lost: tuple[str, ...]) -> str:
    """Name what was left out, for operators."""
    names = [pointer if _PLAIN.fullmatch(pointer) else "…" for pointer in lost]
    return ", ".join(dict.fromkeys(names))[:MAX_TOLD_CHARACTERS]
