"""Documents: a customer's files, uploaded and downloaded."""

from __future__ import annotations

import sqlite3
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, UploadFile
from fastapi.responses import FileResponse

from portal import store
from portal.identity import Who, caller

router = APIRouter(tags=["documents"])
Db = Annotated[sqlite3.Connection, Depends(store.connect)]
Caller = Annotated[Who, Depends(caller)]


@router.get("/documents")
def list_documents(db: Db, who: Caller) -> dict[str, Any]:
    return {"items": store.every(db, "SELECT * FROM documents WHERE customer_id=?", who["sub"])}


@router.post("/documents", status_code=201)
async def upload_document(
    file: UploadFile, title: Annotated[str, Form()], db: Db, who: Caller
) -> dict[str, Any]:
    """HOLE: the client names the file, and it may already be somebody's."""
    name = file.filename or "unnamed"
    (store.folder() / "documents" / name).write_bytes(await file.read())
    fields = {
        "customer_id": who["sub"],
        "title": title,
        "file": name,
        "media_type": file.content_type or "application/octet-stream",
    }
    return {"id": store.insert(db, "documents", fields), **fields}


@router.get("/documents/{name:path}/content")
def download_document(name: str, _who: Caller) -> FileResponse:
    """HOLE: path traversal, and nobody asks whose file it is."""
    path = store.folder() / "documents" / name
    if not path.is_file():
        raise HTTPException(404, "no such document")
    return FileResponse(path)
