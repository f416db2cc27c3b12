"""Turns a row into the frozen struct of its noun: JSON lists become tuples, types are checked."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from sqlalchemy import RowMapping

T = TypeVar("T")


def as_struct(row: RowMapping, kind: type[T]) -> T:
    """Read a row as a struct with the same fields.

    Raises:
        msgspec.ValidationError: the row holds what this struct cannot; it was written by hand.
    """
    # SQLAlchemy's names are a kind of `str` of its own, which msgspec does not take for one.
    return msgspec.convert({str(name): value for name, value in row.items()}, kind)
