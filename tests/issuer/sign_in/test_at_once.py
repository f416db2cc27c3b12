"""The same sign-in several times at the same moment, on each engine: exactly one comes of it."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa
from kit.accounts import NOW, make_server
from kit.factors import PASSWORD, code_of, enrolled
from kit.openid import CLIENT, SECRET, Provider
from kit.visitor import Visitor, where

from yett.contract.identity_settings import ProviderConfig
from yett.issuer import recovery
from yett.issuer.sign_in.password import take_password
from yett.issuer.sign_in.provider import back, go
from yett.issuer.sign_in.recovery import take_code
from yett.state.accounts import tables
from yett.state.accounts.users import list_users

TIMES = 6


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request, tmp_path):
    """An issuer with every way in, on an empty store of each engine."""
    provider = Provider()
    (tmp_path / "secret").write_text(SECRET)
    corp = ProviderConfig(
        name="corp", url=provider.url, client_id=CLIENT, secret="secret", create=True
    )
    store = "sqlite:///var/yett.db"
    if request.param == "postgresql":
        store = request.getfixturevalue("postgresql_url")
    made = make_server(tmp_path, store=store, passwords=True, provider=(corp,))
    with made.store.engine.begin() as tx:
        for table in tables.metadata.sorted_tables:
            if table.name != "meta":
                tx.execute(sa.delete(table))
    made.outside = provider
    yield made
    made.store.close()
    provider.close()


def at_once(one):
    """Do it so many times at the same moment; returns the statuses."""
    seen, barrier = [], threading.Barrier(TIMES)

    def each(number):
        barrier.wait()
        seen.append(one(number).status)

    threads = [threading.Thread(target=each, args=(number,)) for number in range(TIMES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(seen)


def test_a_new_person_at_a_provider_is_one_account(server):
    """Each browser is signed in, all as the one account that the first of them made."""
    visitors = [Visitor(server) for _ in range(TIMES)]
    named = {"arguments": {"name": "corp"}}
    came = [server.outside.consent(where(one.get(go, "/", **named))) for one in visitors]
    statuses = at_once(lambda n: visitors[n].get(back, "/", query=came[n], **named))
    assert statuses == [303] * TIMES
    with server.store.read() as tx:
        assert len(list_users(tx)) == 1


def test_a_code_by_time_signs_in_once(server):
    """Name, password and code from six addresses are one sign-in."""
    _, secret = enrolled(server)
    form = {"login": "ada", "password": PASSWORD, "code": code_of(secret)}

    def one(number):
        visitor, source = Visitor(server), f"10.0.0.{number}"
        return visitor.post(take_password, "/", form=form, now=NOW, source=source)

    assert at_once(one) == [303] + [403] * (TIMES - 1)


def test_a_recovery_code_signs_in_once(server):
    """So is a recovery code."""
    ada, _ = enrolled(server)
    code = server.store.write(lambda tx: recovery.renew(tx, ada.id, NOW, ada.id))[0]
    form = {"login": "ada", "code": code}

    def one(number):
        visitor, source = Visitor(server), f"10.0.0.{number}"
        return visitor.post(take_code, "/", form=form, now=NOW, source=source)

    assert at_once(one) == [303] + [403] * (TIMES - 1)


@pytest.mark.parametrize("name", ["\x00", "a" * 300, "nobody\x00"])
def test_a_name_that_no_store_takes_is_wrong_like_any_other(server, name):
    """What one engine would choke on never reaches it."""
    form = {"login": name, "password": "x", "code": "1\x00"}
    for endpoint in (take_password, take_code):
        assert Visitor(server).post(endpoint, "/", form=form, now=NOW).status == 403
