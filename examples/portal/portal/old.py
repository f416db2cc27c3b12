"""`/v1`: switched off in 2021, everybody says."""

from __future__ import annotations

import sqlite3
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from portal import store

router = APIRouter(prefix="/v1", include_in_schema=False)
Db = Annotated[sqlite3.Connection, Depends(store.connect)]


@router.get("/users")
def dump_users(db: Db) -> list[dict[str, Any]]:
    """HOLE: no token, no paging, every column."""
    return store.every(db, "SELECT * FROM customers")
