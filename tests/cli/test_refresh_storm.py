"""Twenty refreshes at once, fifty rounds, over TLS through both workers of a running gate.

What the core promises (tests/issuer/grants/test_refresh_races.py) holds on the wire: the gate
neither repeats a request nor makes one of two.
"""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
import time

import httpx
import pytest
from kit.company import REDIRECT, Company

from yett.cli.account_place import opened
from yett.issuer.grants.issue import new_grant
from yett.issuer.grants.refresh_tokens import first_token
from yett.issuer.server import digest, fresh
from yett.state.accounts.clients import find_client
from yett.state.accounts.grants import find_grant
from yett.state.accounts.sessions import add_session
from yett.state.accounts.users import find_login
from yett.wire.tasks import spawn

ROUNDS, GRACEFUL_ROUNDS, AT_ONCE = 50, 5, 20


@pytest.fixture
def company(request, tmp_path, upstream):
    """A gate, its issuer, and an application that ana let in fifty times."""
    more = getattr(request, "param", "")
    limits = f'limits = ["1000000/min per ip"]\n{more}'
    started = Company(tmp_path, upstream[0], builtin=limits)
    started.invite("ana")
    words = ("--redirect", REDIRECT, "--scope", "items:read", "--auth", "client_secret_post")
    started.client_id, started.secret = started.client(*words)
    with opened(tmp_path) as server:
        server.store.write(_activate)
        started.tokens = server.store.write(
            lambda tx: [_family(server, tx, started.client_id) for _ in range(ROUNDS)]
        )
    yield started
    started.stop()


def _activate(tx):
    tx.exec_driver_sql("UPDATE users SET status = 'active'")


def _family(server, tx, client_id):
    now = time.time()
    client, user = find_client(tx, client_id), find_login(tx, "ana")
    session = add_session(
        tx,
        digest=digest(fresh()),
        user=user.id,
        acr="urn:yett:phishing-resistant",
        amr=("hwk",),
        now=now,
        expires=now + 3600,
    )
    scopes = ("items:read",)
    grant = new_grant(server, tx, client=client, session=session, scopes=scopes, now=now)
    return first_token(server, tx, grant, now)


class Storm:
    """Twenty connections, opened before the race, to both workers."""

    def __init__(self, company):
        self.company = company
        context = ssl.create_default_context(cafile=company.ca)
        self.clients = [httpx.AsyncClient(verify=context, timeout=30) for _ in range(AT_ONCE)]

    async def close(self):
        for client in self.clients:
            await client.aclose()

    async def refresh(self, at, token):
        form = {
            "grant_type": "refresh_token",
            "refresh_token": token,
            "client_id": self.company.client_id,
            "client_secret": self.company.secret,
        }
        answer = await self.clients[at].post(f"{self.company.url}/token", data=form)
        return answer.status_code, answer.json()

    async def call(self, token):
        headers = {"authorization": f"Bearer {token}"}
        url = f"{self.company.origin}/items"
        answers = [await client.get(url, headers=headers) for client in self.clients[:8]]
        return {answer.status_code for answer in answers}

    async def race(self, token):
        """Refresh twenty times at once; answers what each came to."""
        asked = [spawn(self.refresh(at, token), name=f"refresh {at}") for at in range(AT_ONCE)]
        return await asyncio.gather(*asked)

    async def round(self, token):
        """Race, then come again with what was used; answers the winner's access token."""
        answers = await self.race(token)
        odd = [body for status, body in answers if status not in (200, 400)]
        assert not odd
        good = [body for status, body in answers if status == 200]
        bad = [(status, body["error"]) for status, body in answers if status != 200]
        assert len(good) == 1
        assert bad == [(400, "invalid_grant")] * (AT_ONCE - 1)
        assert (await self.refresh(0, token))[1]["error"] == "invalid_grant"
        assert (await self.refresh(1, good[0]["refresh_token"]))[1]["error"] == "invalid_grant"
        return good[0]["access_token"]


def test_one_branch_of_twenty_and_a_replay_ends_it(company):
    """One success of twenty in each round; the same token at once again, and the family is dead."""

    async def play():
        storm = Storm(company)
        try:
            given = [await storm.round(token) for token in company.tokens]
            end = time.monotonic() + 20
            while await storm.call(given[-1]) != {401}:
                assert time.monotonic() < end, "its tokens are still taken"
            assert await storm.call(given[0]) == {401}
        finally:
            await storm.close()
        return given

    given = asyncio.run(play())
    assert len({_claims(token)["jti"] for token in given}) == ROUNDS
    with opened(company.path) as server, server.store.read() as tx:
        for token in given:
            family = find_grant(tx, _claims(token)["grant"])
            assert family.generation == 1
            assert family.ended > 0


@pytest.mark.parametrize("company", ["refresh_grace = 30"], indirect=True)
def test_within_the_grace_all_get_the_same_successor(company):
    """Twenty places of one client are one family still: one generation on, and it lives."""

    async def play():
        storm = Storm(company)
        try:
            token = company.tokens[0]
            for _ in range(GRACEFUL_ROUNDS):
                answers = await storm.race(token)
                assert {status for status, _ in answers} == {200}
                (token,) = {body["refresh_token"] for _, body in answers}
            return answers[0][1]["access_token"], await storm.call(answers[-1][1]["access_token"])
        finally:
            await storm.close()

    given, statuses = asyncio.run(play())
    assert statuses == {200}
    with opened(company.path) as server, server.store.read() as tx:
        family = find_grant(tx, _claims(given)["grant"])
        assert (family.generation, family.ended) == (GRACEFUL_ROUNDS, 0)


def _claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
