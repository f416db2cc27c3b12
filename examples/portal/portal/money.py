"""Invoices, payments, and what the billing service calls when money has moved."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request

from portal import store
from portal.identity import Who, caller

router = APIRouter(tags=["money"])
Db = Annotated[sqlite3.Connection, Depends(store.connect)]
Caller = Annotated[Who, Depends(caller)]


@router.get("/invoices")
def list_invoices(db: Db, who: Caller, limit: int = 20) -> dict[str, Any]:
    mine = "SELECT * FROM invoices WHERE customer_id=? LIMIT ?"
    return {"items": store.every(db, mine, who["sub"], limit)}


@router.get("/invoices/{invoice_id}")
def get_invoice(invoice_id: int, db: Db, _who: Caller) -> dict[str, Any]:
    """HOLE: nobody asks whose invoice it is."""
    return _invoice(db, invoice_id)


@router.delete("/invoices/{invoice_id}", status_code=204)
def delete_invoice(invoice_id: int, db: Db, _who: Caller) -> None:
    """HOLE: written for a test in 2019, in no document since."""
    db.execute("DELETE FROM invoices WHERE id=?", (invoice_id,))


@router.get("/invoices/{invoice_id}/receipt")
def get_receipt(invoice_id: int, db: Db, _who: Caller) -> dict[str, Any]:
    """HOLE: an unpaid invoice has no `paid_at`, and the caller gets the stack trace."""
    invoice = _invoice(db, invoice_id)
    return {"invoice_id": invoice_id, "day": invoice["paid_at"].split("T")[0]}


@router.post("/invoices/{invoice_id}/pay")
async def pay_invoice(invoice_id: int, request: Request, db: Db, who: Caller) -> dict[str, Any]:
    """HOLE: whose invoice, which amount, how often: nobody asks."""
    invoice, order = _invoice(db, invoice_id), await request.json()
    now = datetime.now(UTC).isoformat(timespec="seconds")
    amount = order.get("amount_cents", invoice["amount_cents"])
    db.execute("UPDATE invoices SET status='paid', paid_at=? WHERE id=?", (now, invoice_id))
    payment = {
        "invoice_id": invoice_id,
        "customer_id": who["sub"],
        "amount_cents": amount,
        "reference": order["reference"],
        "at": now,
    }
    return {"id": store.insert(db, "payments", payment), **payment}


@router.get("/payments")
def list_payments(db: Db, who: Caller) -> dict[str, Any]:
    return {"items": store.every(db, "SELECT * FROM payments WHERE customer_id=?", who["sub"])}


@router.post("/refunds", status_code=201)
async def request_refund(request: Request, db: Db, who: Caller) -> dict[str, Any]:
    """HOLE: the invoice is named in the body, and nobody asks whose it is, or a second person."""
    invoice = _invoice(db, (await request.json())["invoice_id"])
    payment = {
        "invoice_id": invoice["id"],
        "customer_id": who["sub"],
        "amount_cents": -invoice["amount_cents"],
        "reference": "refund",
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return {"id": store.insert(db, "payments", payment), **payment}


@router.get("/reports/revenue")
def report_revenue(db: Db, month: str = "") -> dict[str, Any]:
    """HOLE: meant for the accounting service, asks nobody for a key."""
    paid = store.one(db, "SELECT COALESCE(SUM(amount_cents),0) AS cents FROM payments")
    return {"month": month, "revenue_cents": paid["cents"] if paid else 0}


@router.post("/webhooks/billing", status_code=202)
async def receive_billing(request: Request, db: Db) -> dict[str, Any]:
    """HOLE: anybody may say that an invoice was paid; no signature is looked at."""
    event = await request.json()
    if event["type"] == "invoice.paid":
        db.execute("UPDATE invoices SET status='paid' WHERE id=?", (event["invoice_id"],))
    return {"received": event["id"]}


def _invoice(db: sqlite3.Connection, invoice_id: int) -> dict[str, Any]:
    found = store.one(db, "SELECT * FROM invoices WHERE id=?", invoice_id)
    if found is None:
        raise HTTPException(404, "no such invoice")
    return found
