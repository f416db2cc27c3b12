# ruff: noqa: ARG001 — FastAPI and slowapi read the parameters
"""The same checks in a service: FastAPI, PyJWT, slowapi, pydantic.

With BENCH_FORWARD it forwards what passes to that upstream by aiohttp, as a gateway does; without,
it answers by itself, which spares it a hop. There is no injection scan and no record here, in its
favour; PyJWT verifies each token anew, as its documentation shows. Run by uvicorn with uvloop and
httptools, one worker, no access log.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import os
import uuid
from pathlib import Path as File
from typing import Annotated, Any, Literal

import aiohttp
import jwt
from fastapi import Depends, FastAPI, HTTPException, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from slowapi import Limiter
from slowapi.util import get_remote_address
from yarl import URL

from bench.contract import AUDIENCE, ISSUER

KEYS = {
    row["kid"]: jwt.PyJWK(row)
    for row in json.loads(File(os.environ["BENCH_JWKS"]).read_text())["keys"]
}
ANSWER = File(os.environ["BENCH_ANSWER"]).read_bytes()
FORWARD = os.environ.get("BENCH_FORWARD", "")
Text = Annotated[str, Field(min_length=1, max_length=200)]
Status = Literal["draft", "confirmed", "cancelled"]


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Address(Closed):
    street: Text
    city: Text
    postcode: Annotated[str, Field(pattern="^[0-9A-Z -]{3,10}$")]
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")]


class Item(Closed):
    sku: Annotated[str, Field(pattern="^[A-Z]{3}-[0-9]{4}$")]
    quantity: Annotated[int, Field(ge=1, le=100)]
    price: Annotated[float, Field(ge=0)]
    label: Text | None = None


class NewBooking(Closed):
    customer: uuid.UUID
    status: Status
    day: dt.date
    contact: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")] | None = None
    note: Annotated[str, Field(max_length=500)] | None = None
    gift: bool = False
    items: Annotated[list[Item], Field(min_length=1, max_length=50)]
    address: Address
    tags: Annotated[list[Annotated[str, Field(max_length=30)]], Field(max_length=20)] = []


class Filter(Closed):
    status: Status
    limit: Annotated[int, Field(ge=1, le=100)]
    since: Annotated[dt.date, Field(alias="from")]
    q: Annotated[str, Field(max_length=100)]


def caller(request: Request) -> dict[str, Any]:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise HTTPException(401)
    try:
        key = KEYS[jwt.get_unverified_header(token)["kid"]]
        claims = jwt.decode(
            token,
            key,
            ["ES256"],
            audience=AUDIENCE,
            issuer=ISSUER,
            options={"require": ["exp", "iat", "sub", "jti"]},
        )
    except (jwt.InvalidTokenError, KeyError) as error:
        raise HTTPException(401) from error
    request.state.caller = claims["sub"]
    return claims


def needs(scope: str) -> Any:
    async def check(claims: Annotated[dict[str, Any], Depends(identify)]) -> None:
        if scope not in claims["scope"].split():
            raise HTTPException(403)

    return Depends(check)


async def identify(request: Request) -> dict[str, Any]:
    return caller(request)


def principal(request: Request) -> str:
    return str(request.state.caller)


async def answer(request: Request) -> Response:
    """Answer by itself, or what the upstream answers."""
    if not FORWARD:
        return Response(ANSWER, media_type="application/json")
    kept = [
        (name.decode(), value.decode("latin-1"))
        for name, value in request.headers.raw
        if name in (b"accept", b"authorization", b"content-type", b"user-agent")
    ]
    url = URL(f"{FORWARD}{request.url.path}?{request.url.query}", encoded=True)
    body = await request.body()
    async with client().request(request.method, url, headers=kept, data=body or None) as got:
        kind = got.headers.get("content-type")
        return Response(await got.read(), got.status, media_type=kind)


@functools.cache
def client() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64), auto_decompress=False)


limiter = Limiter(key_func=principal)
app = FastAPI(openapi_url=None)
app.state.limiter = limiter


@app.get("/v1/customers/{customer_id}/bookings/{booking_id}", dependencies=[needs("bookings:read")])
@limiter.limit("100000000/minute")
@limiter.limit("100000000/minute", key_func=get_remote_address)
async def get_booking(
    request: Request,
    customer_id: uuid.UUID,
    booking_id: Annotated[str, Path(pattern="^bk_[0-9a-f]{16}$")],
    query: Annotated[Filter, Query()],
) -> Response:
    return await answer(request)


@app.post("/v1/bookings", dependencies=[needs("bookings:write")])
@limiter.limit("100000000/minute")
@limiter.limit("100000000/minute", key_func=get_remote_address)
async def create_booking(request: Request, booking: NewBooking) -> Response:
    return await answer(request)
