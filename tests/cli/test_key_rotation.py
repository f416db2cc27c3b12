"""The issuer's keys follow one another, and are removed, while clients get and use tokens.

Nobody is refused whose token was signed by a key that is good; nobody gets in once a removed key is
known to be out. Over TLS through both workers.
"""

from __future__ import annotations

import base64
import json
import ssl
import threading
import time
from collections import defaultdict

import httpx
import pytest
from kit.company import Company

from yett.cli.account_place import opened
from yett.issuer.keys import PUBLISHED_SECONDS

ROTATIONS, REMOVALS, CLIENTS = 2, 4, 3
CONNECTIONS = 12  # so many new ones reach both workers


class Traffic:
    """Clients which get a token each time, call with it at once, and with an older one of each key.

    Attributes:
        calls: key -> when a call began and ended, and its status.
        refused: what the token endpoint answered that was no token.
    """

    def __init__(self, company, client):
        self.company, self.client = company, client
        self.context = ssl.create_default_context(cafile=company.ca)
        self.calls, self.refused, self.tokens = defaultdict(list), [], {}
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self._run) for _ in range(CLIENTS)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join(30)

    def _run(self):
        while not self.over.is_set():
            # A new connection each time, to either worker.
            with httpx.Client(verify=self.context, timeout=30) as web:
                form = {"grant_type": "client_credentials"}
                answer = web.post(f"{self.company.url}/token", data=form, auth=self.client)
                if answer.status_code != 200:
                    self.refused.append(answer.text)
                    continue
                token = answer.json()["access_token"]
                self.tokens.setdefault(kid_of(token), token)
                for one in (token, *list(self.tokens.values())):
                    self._call(web, one)

    def _call(self, web, token):
        began, kid = time.monotonic(), kid_of(token)
        headers = {"authorization": f"Bearer {token}"}
        status = web.get(f"{self.company.origin}/items", headers=headers).status_code
        self.calls[kid].append((began, time.monotonic(), status))

    def statuses(self, token):
        """What a token gets on new connections."""
        found = set()
        for _ in range(CONNECTIONS):
            with httpx.Client(verify=self.context, timeout=30) as web:
                headers = {"authorization": f"Bearer {token}"}
                found.add(web.get(f"{self.company.origin}/items", headers=headers).status_code)
        return found

    def signs(self, kid):
        """Wait until tokens are signed by a key."""
        until(lambda: kid in self.tokens)


def kid_of(token):
    part = token.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["kid"]


def until(done):
    end = time.monotonic() + 30
    while not done():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)


@pytest.fixture
def company(tmp_path, upstream):
    """A gate, its issuer, and a service that asks often."""
    started = Company(tmp_path, upstream[0], builtin='limits = ["1000000/min per ip"]')
    started.invite("ana")
    with opened(tmp_path) as server:
        server.store.write(lambda tx: tx.exec_driver_sql("UPDATE users SET status = 'active'"))
    yield started
    started.stop()


def keys(company, state):
    listed = json.loads(company.run("signing-key", "list", "--format", "json"))
    return [key["kid"] for key in listed if key["state"] == state]


def an_hour_later(company):
    """Let the key that waits have been published long enough."""
    back = f"UPDATE signing_keys SET created = created - {PUBLISHED_SECONDS}"
    with opened(company.path) as server:
        server.store.write(lambda tx: tx.exec_driver_sql(f"{back} WHERE state = 'published'"))


def test_no_token_is_refused_wrongly_and_none_of_a_removed_key_is_taken(company):
    """Two rotations in order, then four keys that were stolen, one after the other."""
    service = company.service("--role", "clerk")
    out = {}
    with Traffic(company, service) as traffic:
        traffic.signs(keys(company, "active")[0])
        for _ in range(ROTATIONS):
            company.run("signing-key", "rotate")
            (waiting,) = keys(company, "published")
            an_hour_later(company)
            traffic.signs(waiting)
        before = list(traffic.tokens)
        for _ in range(REMOVALS):
            (active,) = keys(company, "active")
            traffic.signs(active)
            begun = time.monotonic()
            company.run("signing-key", "remove", active, "--reason", "stolen")
            stolen = traffic.tokens[active]
            until(lambda stolen=stolen: traffic.statuses(stolen) == {401})
            out[active] = (begun, time.monotonic())
        (last,) = keys(company, "active")
        traffic.signs(last)
    assert traffic.refused == []
    assert len(before) == ROTATIONS + 1
    assert set(before) & set(out) == {before[-1]}
    for kid, calls in traffic.calls.items():
        removing, gone = out.get(kid, (float("inf"), float("inf")))
        early = {status for _, ended, status in calls if ended < removing}
        late = {status for began, _, status in calls if began > gone}
        assert (kid, early | {200}) == (kid, {200})
        assert (kid, late | {401}) == (kid, {401})
        if kid not in out:
            assert {status for _, _, status in calls} == {200}
