"""Server-Sent Events: what happens to a customer's bookings, as it happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse

from portal.identity import Who, caller

router = APIRouter(tags=["events"])
PAUSE_SECONDS = 0.1


@router.get("/events")
async def stream_events(who: Annotated[Who, Depends(caller)], count: int = 3) -> StreamingResponse:
    return StreamingResponse(_events(str(who["sub"]), count), media_type="text/event-stream")


async def _events(customer: str, count: int) -> AsyncIterator[str]:
    for number in range(count):
        yield f'event: booking\nid: {number}\ndata: {{"customer": "{customer}"}}\n\n'
        await asyncio.sleep(PAUSE_SECONDS)
