"""What the gate costs inside a service: `python bench/within.py`; microseconds a request, one core.

The application answers at once and no server is in between, so that the difference is the gate's:
a request of a caller with a JWT to an operation without a rule on records, to one whose answer is
checked, and to a list of 20 of which every item is.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from kit.gateway import ListSink
from kit.scenario import token, write_contract
from kit.within import scope, small_contract

from yett.asgi import Yett

ROUNDS, REQUESTS = 5, 4_000
RECORD = {"id": 1, "customer_id": 1, "status": "draft", "price": 10}
LIST = {"items": [RECORD | {"id": number} for number in range(20)], "total": 20}


class Silent(ListSink):
    """Counts nothing, keeps nothing."""

    def append(self, event):
        pass


def answering(value):
    text = json.dumps(value).encode()
    head = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(text))]

    async def app(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": text})

    return app


async def measure(app, told):
    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        pass

    best = float("inf")
    for _ in range(ROUNDS):
        gc.collect()
        began = time.perf_counter()
        for _ in range(REQUESTS):
            await app(dict(told), receive, send)
        best = min(best, (time.perf_counter() - began) / REQUESTS * 1e6)
    return best


async def main():
    with tempfile.TemporaryDirectory() as name:
        small = small_contract(Path(name) / "small")
        shop = write_contract(Path(name) / "shop", 1)
        for says, contract, target, value in (
            ("a JWT, no rule on records", small, "/events", RECORD),
            ("a JWT, the record is checked", shop, "/bookings/1", RECORD),
            ("a JWT, 20 records are checked", shop, "/bookings", LIST),
        ):
            bare = answering(value)
            yett = Yett(bare, contract, sink=Silent())
            headers = [(b"accept", b"*/*"), (b"user-agent", b"bench")]
            told = scope(target=target, headers=headers)
            told["headers"].append((b"authorization", f"Bearer {token('ann')}".encode()))
            alone, guarded = await measure(bare, told), await measure(yett, told)
            await yett.upkeep.stop()
            cost = guarded - alone
            print(f"{says:32} bare {alone:6.1f}  guarded {guarded:6.1f}  gate {cost:6.1f} us")


asyncio.run(main())
