"""Twenty refreshes at once, fifty rounds, over HTTP on two processes of one store: one branch each.

Behind this are keycloak #46054 (a check and its act apart) and #50999 (reuse in the same second).
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time

import httpx
import kit.oauth
import pytest
from kit.accounts import make_server
from kit.issuer_process import issuer_processes
from kit.oauth import Party, claims_of

from yett.state.accounts.grants import find_grant
from yett.state.accounts.revocations import in_force
from yett.wire.tasks import spawn

ROUNDS, AT_ONCE = 50, 20


@pytest.fixture
def party(account_store, tmp_path, monkeypatch):
    """A public client of now, whose grants are made here and used in other processes."""
    monkeypatch.setattr(kit.oauth, "NOW", time.time())
    server = make_server(tmp_path)
    server.store.close()
    server.store = account_store
    made = Party(server, "none", name="spa")
    made.now = time.time()
    return made


def ask(client, url, party, text):
    form = {"grant_type": "refresh_token", "refresh_token": text, "client_id": party.name}
    return client.post(f"{url}/auth/token", data=form)


async def play(party, urls, rounds):
    """Race in each round; answers, for each, the successors that were handed out, and the errors."""
    played = []
    limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    async with httpx.AsyncClient(limits=limits, timeout=30) as client:
        for _ in range(rounds):
            party.now = time.time()
            first = party.exchange()
            asked = [
                ask(client, urls[number % len(urls)], party, first["refresh_token"])
                for number in range(AT_ONCE)
            ]
            answers = [
                (answer.status_code, answer.json()) for answer in await asyncio.gather(*asked)
            ]
            good = [body for status, body in answers if status == 200]
            bad = [(status, body["error"]) for status, body in answers if status != 200]
            again = await ask(client, urls[0], party, first["refresh_token"])
            bad.append((again.status_code, again.json()["error"]))
            late = await ask(client, urls[-1], party, good[0]["refresh_token"])
            played.append((first, good, bad, late.status_code))
    return played


def test_one_branch_each_and_a_replay_in_the_same_second_ends_it(party, account_store, tmp_path):
    """One success, nineteen refusals; the same token again, at once, and the family is dead."""
    with issuer_processes(tmp_path, account_store.url) as urls:
        played = asyncio.run(play(party, urls, ROUNDS))
    with account_store.read() as tx:
        gone = {row.value for row in in_force(tx, time.time()) if row.kind == "grant"}
        for first, good, bad, late in played:
            assert len(good) == 1
            assert bad == [(400, "invalid_grant")] * AT_ONCE
            family = find_grant(tx, claims_of(first["access_token"])["grant"])
            assert (family.generation, late) == (1, 400)
            assert family.ended > 0
            assert family.id in gone


def test_a_killed_process_leaves_the_family_whole(party, account_store, tmp_path):
    """Killed while it rotates: the token is used or it is not, and with grace its client goes on."""
    with issuer_processes(tmp_path, account_store.url, 3, refresh_grace=60.0) as (*doomed, last):
        for url in doomed:
            party.now = time.time()
            first = party.exchange()
            asyncio.run(cut_off(party, url, first["refresh_token"]))
            form = {
                "grant_type": "refresh_token",
                "refresh_token": first["refresh_token"],
                "client_id": party.name,
            }
            answer = httpx.post(f"{last}/auth/token", data=form, timeout=30)
            assert answer.status_code == 200
            with account_store.read() as tx:
                family = find_grant(tx, claims_of(first["access_token"])["grant"])
            assert (family.generation, family.ended) == (1, 0.0)


async def cut_off(party, url, text):
    """Ask many times at once, and kill the process somewhere in the midst of it."""
    async with httpx.AsyncClient(timeout=30) as client:
        pid = int((await client.get(f"{url}/auth/pid")).text)
        asked = [spawn(ask(client, url, party, text), "ask") for _ in range(AT_ONCE)]
        await asyncio.sleep(random.uniform(0.0, 0.03))
        os.kill(pid, signal.SIGKILL)
        await asyncio.gather(*asked, return_exceptions=True)


def test_with_grace_all_hold_the_same_successor(party, account_store, tmp_path):
    """`refresh_grace`: twenty answers, one refresh token in them, and the family lives."""
    with issuer_processes(tmp_path, account_store.url, refresh_grace=10.0) as urls:
        played = asyncio.run(play_gracefully(party, urls))
    for good, generation in played:
        assert len(good) == AT_ONCE
        assert (len({body["refresh_token"] for body in good}), generation) == (1, 1)


async def play_gracefully(party, urls, rounds=5):
    played = []
    async with httpx.AsyncClient(timeout=30) as client:
        for _ in range(rounds):
            party.now = time.time()
            first = party.exchange()
            asked = [
                ask(client, urls[number % 2], party, first["refresh_token"])
                for number in range(AT_ONCE)
            ]
            answers = await asyncio.gather(*asked)
            good = [answer.json() for answer in answers if answer.status_code == 200]
            with party.server.store.read() as tx:
                family = find_grant(tx, claims_of(first["access_token"])["grant"])
            played.append((good, family.generation))
    return played
