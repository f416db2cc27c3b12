"""Customers and the admin area."""

from __future__ import annotations

import json
import sqlite3
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request

from portal import store
from portal.identity import Who, caller

router = APIRouter(tags=["people"])
Db = Annotated[sqlite3.Connection, Depends(store.connect)]
Caller = Annotated[Who, Depends(caller)]


@router.get("/me")
def get_me(db: Db, who: Caller) -> dict[str, Any]:
    """HOLE: the whole row goes out, `password_hash` and `internal_notes` with it."""
    return _customer(db, int(who["sub"]))


@router.patch("/me")
async def change_me(request: Request, db: Db, who: Caller) -> dict[str, Any]:
    """HOLE: mass assignment, `role` is a column like any other."""
    store.update(db, "customers", int(who["sub"]), await request.json())
    return _customer(db, int(who["sub"]))


@router.put("/me/preferences")
async def set_preferences(request: Request, db: Db, who: Caller) -> Any:
    """HOLE: stored as it came, and merged into an object in every browser."""
    preferences = json.dumps(await request.json())
    db.execute("UPDATE customers SET preferences=? WHERE id=?", (preferences, who["sub"]))
    return json.loads(preferences)


@router.get("/admin/users")
def list_users(db: Db, _who: Caller) -> dict[str, Any]:
    """HOLE: nobody asks for a role."""
    return {"items": store.every(db, "SELECT * FROM customers")}


@router.patch("/admin/users/{user_id}")
async def change_role(user_id: int, request: Request, db: Db, _who: Caller) -> dict[str, Any]:
    store.update(db, "customers", user_id, await request.json())
    return _customer(db, user_id)


@router.delete("/admin/users/{user_id}", status_code=204)
def delete_user(user_id: int, db: Db, _who: Caller) -> None:
    db.execute("DELETE FROM customers WHERE id=?", (user_id,))


def _customer(db: sqlite3.Connection, customer_id: int) -> dict[str, Any]:
    found = store.one(db, "SELECT * FROM customers WHERE id=?", customer_id)
    if found is None:
        raise HTTPException(404, "no such customer")
    return found
