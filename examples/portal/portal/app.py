"""The application: `uvicorn --app-dir examples/portal portal.app:app`."""

from __future__ import annotations

import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from portal import bookings, documents, events, money, old, people, store


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """Make the database before the first request."""
    store.prepare()
    yield


app = FastAPI(title="Customer portal", version="2.3.0", lifespan=lifespan)
for part in (bookings, money, documents, people, events, old):
    app.include_router(part.router)


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


@app.middleware("http")
async def boast(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """HOLE: says what it is made of, and lets every origin in, with credentials."""
    answer = await call_next(request)
    answer.headers["X-Powered-By"] = "FastAPI portal 2.3.0"
    origin = request.headers.get("origin")
    if origin:
        answer.headers["Access-Control-Allow-Origin"] = origin
        answer.headers["Access-Control-Allow-Credentials"] = "true"
    return answer


@app.exception_handler(Exception)
def explain(_request: Request, error: Exception) -> JSONResponse:
    """HOLE: the stack trace, with paths and SQL, for whoever asks."""
    return JSONResponse({"error": "".join(traceback.format_exception(error))}, 500)
