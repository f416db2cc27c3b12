"""The portal's data: SQLite, one connection per request, a seed that is always the same."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Row = dict[str, Any]

SCHEMA = """
CREATE TABLE customers (
  id INTEGER PRIMARY KEY, email TEXT UNIQUE, name TEXT, phone TEXT, role TEXT DEFAULT 'customer',
  password_hash TEXT, internal_notes TEXT, preferences TEXT DEFAULT '{}', account TEXT UNIQUE);
CREATE TABLE bookings (
  id INTEGER PRIMARY KEY, customer_id INTEGER, title TEXT, starts_on TEXT, seats INTEGER,
  note TEXT DEFAULT '', price_cents INTEGER DEFAULT 0, status TEXT DEFAULT 'draft');
CREATE TABLE invoices (
  id INTEGER PRIMARY KEY, customer_id INTEGER, booking_id INTEGER, amount_cents INTEGER,
  status TEXT DEFAULT 'open', paid_at TEXT);
CREATE TABLE payments (
  id INTEGER PRIMARY KEY, invoice_id INTEGER, customer_id INTEGER, amount_cents INTEGER,
  reference TEXT, at TEXT);
CREATE TABLE documents (
  id INTEGER PRIMARY KEY, customer_id INTEGER, title TEXT, file TEXT, media_type TEXT);
"""

CUSTOMERS = (
    (1, "ada@example.com", "Ada Byron", "+44 20 7946 0001", "customer", "$2b$12$Ada", "pays late"),
    (2, "ben@example.com", "Ben Okri", "+44 20 7946 0002", "customer", "$2b$12$Ben", "VIP"),
    (3, "carol@example.com", "Carol Shaw", "+44 20 7946 0003", "support", "$2b$12$Car", ""),
    (4, "dora@example.com", "Dora Marsden", "+44 20 7946 0004", "admin", "$2b$12$Dor", ""),
)
BOOKINGS = (
    (1, 1, "Harbour tour", "2027-03-01", 2, "window seat, please", 9800, "draft"),
    (2, 1, "Night train", "2027-04-12", 1, "", 14900, "confirmed"),
    (3, 2, "Private island", "2027-06-20", 8, "surprise for Mrs Okri", 990000, "confirmed"),
    (4, 2, "City walk", "2027-02-02", 2, "", 3000, "draft"),
)
INVOICES = (
    (1, 1, 2, 14900, "open", None),
    (2, 2, 3, 990000, "open", None),
    (3, 1, 1, 9800, "paid", "2026-11-01T10:00:00Z"),
)
PAYMENTS = ((1, 3, 1, 9800, "card 4242", "2026-11-01T10:00:00Z"),)
DOCUMENTS = ((1, 1, "Ticket", "ticket.txt", "text/plain"),)
SETTINGS = "PAYMENT_PROVIDER_KEY=not-a-real-key\nDATABASE=portal.db\n"


def folder() -> Path:
    """Where the portal keeps its files (`PORTAL_DATA`, else `var/portal`)."""
    return Path(os.environ.get("PORTAL_DATA", "var/portal"))


def prepare() -> None:
    """Make the database and the files once."""
    files = folder() / "documents"
    files.mkdir(parents=True, exist_ok=True)
    (folder() / "settings.env").write_text(SETTINGS)
    (files / "ticket.txt").write_text("Harbour tour, two seats, 1 March 2027\n")
    if (folder() / "portal.db").exists():
        return
    with sqlite3.connect(folder() / "portal.db") as db:
        db.executescript(SCHEMA)
        _seed(db, "customers(id,email,name,phone,role,password_hash,internal_notes)", CUSTOMERS)
        _seed(db, "bookings", BOOKINGS)
        _seed(db, "invoices", INVOICES)
        _seed(db, "payments", PAYMENTS)
        _seed(db, "documents", DOCUMENTS)
    db.close()


def _seed(db: sqlite3.Connection, table: str, rows: tuple[tuple[Any, ...], ...]) -> None:
    marks = ",".join("?" * len(rows[0]))
    db.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)


def connect() -> Iterator[sqlite3.Connection]:
    """Give a request its connection (a FastAPI dependency)."""
    db = sqlite3.connect(folder() / "portal.db", check_same_thread=False, timeout=10)
    db.row_factory = sqlite3.Row
    try:
        with db:
            yield db
    finally:
        db.close()


def every(db: sqlite3.Connection, sql: str, *values: Any) -> list[Row]:
    """Fetch all rows as dictionaries."""
    return [dict(row) for row in db.execute(sql, values)]


def one(db: sqlite3.Connection, sql: str, *values: Any) -> Row | None:
    """Fetch one row as a dictionary."""
    row = db.execute(sql, values).fetchone()
    return dict(row) if row else None


def insert(db: sqlite3.Connection, table: str, fields: Row) -> int:
    """Insert whatever fields came. HOLE: mass assignment, a client may name any column."""
    columns, marks = ",".join(fields), ",".join("?" * len(fields))
    cursor = db.execute(f"INSERT INTO {table}({columns}) VALUES ({marks})", tuple(fields.values()))
    return cursor.lastrowid or 0


def update(db: sqlite3.Connection, table: str, key: int, fields: Row) -> None:
    """Change whatever fields came. HOLE: mass assignment, as above."""
    for column, value in fields.items():
        db.execute(f"UPDATE {table} SET {column}=? WHERE id=?", (value, key))
