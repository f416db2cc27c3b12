"""Bookings: list, make, change, confirm, cancel, search."""

from __future__ import annotations

import sqlite3
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request

from portal import store
from portal.identity import Who, caller

router = APIRouter(tags=["bookings"])
Db = Annotated[sqlite3.Connection, Depends(store.connect)]
Caller = Annotated[Who, Depends(caller)]


@router.get("/bookings")
def list_bookings(  # noqa: PLR0917 — FastAPI calls it by name
    db: Db,
    who: Caller,
    status: str = "",
    limit: int = 20,
    offset: int = 0,
    as_customer: str = "",
) -> dict[str, Any]:
    """HOLE: `as_customer` was for the support desk, once."""
    rows = store.every(
        db,
        "SELECT * FROM bookings WHERE customer_id=? AND (?='' OR status=?) LIMIT ? OFFSET ?",
        as_customer or who["sub"],
        status,
        status,
        limit,
        offset,
    )
    return {"items": rows, "limit": limit, "offset": offset}


@router.post("/bookings", status_code=201)
async def create_booking(request: Request, db: Db, who: Caller) -> dict[str, Any]:
    """HOLE: any content type, any field (`price_cents`, `status`), any type."""
    fields = {"customer_id": who["sub"], **await request.json()}
    return _booking(db, store.insert(db, "bookings", fields))


@router.get("/bookings/{booking_id}")
def get_booking(booking_id: int, db: Db, _who: Caller) -> dict[str, Any]:
    """HOLE: nobody asks whose booking it is."""
    return _booking(db, booking_id)


@router.patch("/bookings/{booking_id}")
async def change_booking(booking_id: int, request: Request, db: Db, _who: Caller) -> Any:
    """HOLE: nobody asks whose booking it is, or which fields may change."""
    _booking(db, booking_id)
    store.update(db, "bookings", booking_id, await request.json())
    return _booking(db, booking_id)


@router.delete("/bookings/{booking_id}", status_code=204)
def delete_booking(booking_id: int, db: Db, _who: Caller) -> None:
    db.execute("DELETE FROM bookings WHERE id=?", (booking_id,))


@router.post("/bookings/{booking_id}/confirm")
def confirm_booking(booking_id: int, db: Db, _who: Caller) -> dict[str, Any]:
    return _move(db, booking_id, "confirmed")


@router.post("/bookings/{booking_id}/cancel")
def cancel_booking(booking_id: int, db: Db, _who: Caller) -> dict[str, Any]:
    return _move(db, booking_id, "cancelled")


@router.get("/search")
def search_bookings(q: str, db: Db, who: Caller) -> dict[str, Any]:
    """HOLE: SQL built from strings."""
    sql = (
        "SELECT title, note FROM bookings "
        f"WHERE customer_id={who['sub']} AND (title LIKE '%{q}%' OR note LIKE '%{q}%')"
    )
    return {"items": store.every(db, sql)}


def _booking(db: sqlite3.Connection, booking_id: int) -> dict[str, Any]:
    found = store.one(db, "SELECT * FROM bookings WHERE id=?", booking_id)
    if found is None:
        raise HTTPException(404, "no such booking")
    return found


def _move(db: sqlite3.Connection, booking_id: int, status: str) -> dict[str, Any]:
    """HOLE: any state may follow any other."""
    _booking(db, booking_id)
    db.execute("UPDATE bookings SET status=? WHERE id=?", (status, booking_id))
    return _booking(db, booking_id)
