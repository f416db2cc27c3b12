"""Approvals against a running `yett serve` with two workers: the whole flow, races, deaths."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import sqlite3
import threading
import time

import pytest
from click.testing import CliRunner
from kit.approvals import APPROVALS, Caller, make_approvals

from yett.cli.__main__ import main
from yett.records.query import Filter, Search

GOOD = {"amount": 7, "to": "Bo", "pin": "1234"}


@pytest.fixture
def office(folder, serve, upstream):
    """A running gate, an issuer and people: anna asks, boss and chief may approve."""

    class Office:
        def __init__(self, sensitive=None, **more):
            self.issuer = make_approvals(folder, sensitive, **more)
            self.folder, self.seen = folder, upstream[1]
            self.start()

        def start(self):
            self.gate = serve()
            self.anna = self.person("anna", "pay")
            self.boss = self.person("boss", "approve:pay")
            self.chief = self.person("chief", roles=["boss"])
            self.eve = self.person("eve", "pay")

        def person(self, who, *scopes, **claims):
            return Caller(self.gate.port, self.issuer.token(who, *scopes, **claims))

        def asked(self, body=None):
            status, asked = self.anna.pay(body or GOOD)
            assert (status, asked["code"]) == (403, "approval-needed"), asked
            return asked

        def approved(self, body=None):
            asked = self.asked(body)
            status, shown = self.boss.vote(asked)
            assert (status, shown["state"]) == (200, "approved"), shown
            return asked

        def ran(self):
            """How often a payment reached the service."""
            return sum(head.startswith(b"POST /pay") for head in self.seen)

        def events(self, *kinds):
            """What the ledger says of these kinds, oldest first."""
            found = [r.e for r in Search(folder.path / "var/ledger", Filter()).oldest()]
            return [event for event in found if event.kind in kinds]

        def database(self):
            return folder.path / "var/approvals.db"

        def state(self, asked):
            """What the store says, asked behind the gate's back."""
            with contextlib.closing(sqlite3.connect(self.database())) as store:
                query = "SELECT state FROM approvals WHERE id = ?"
                return store.execute(query, (asked["approval"],)).fetchone()[0]

    upstream[1].clear()
    return Office


def at_once(number, do):
    gate, found = threading.Barrier(number), []

    def one():
        gate.wait()
        found.append(do())

    threads = [threading.Thread(target=one) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == number
    return found


def test_from_request_to_execution(office):
    """Asked, seen, approved, run once; each act in the ledger with the same digest."""
    at = office()
    asked = at.asked()
    assert asked["approve"] == f"{APPROVALS}/{asked['approval']}"
    status, shown = at.boss.show(asked["approval"])
    assert (status, shown["body"]) == (200, '{"amount": 7, "to": "Bo", "pin": "***"}')
    assert at.ran() == 0
    assert at.boss.vote(asked)[1]["state"] == "approved"
    status, headers, _ = at.anna.send("POST", "/pay", GOOD, Yett_Approval=asked["approval"])
    assert (status, at.ran()) == (200, 1)
    assert not any(b"yett-approval" in head.lower() for head in at.seen)
    assert headers["cache-control"] == "no-store"
    assert at.anna.pay(GOOD, Yett_Approval=asked["approval"])[1]["code"] == "approval-invalid"
    assert at.ran() == 1
    assert at.gate.stop() == 0
    told = at.events("approval-requested", "approval-given", "approval-used", "intent", "outcome")
    assert [(event.kind, event.principal) for event in told] == [
        ("approval-requested", "anna"),
        ("approval-given", "boss"),
        ("approval-used", "anna"),
        ("intent", "anna"),
        ("outcome", "anna"),
    ]
    note = f"approval {asked['approval']} of sha256:{asked['digest']}"
    assert {event.note for event in told[:3]} == {note}


def test_nothing_else_runs_on_an_approval(office):
    """Another body, secret, query, field, person, approval: refused, and the right one still runs."""
    at = office()
    asked = at.approved()
    named = {"Yett_Approval": asked["approval"]}
    wrong = [
        at.anna.pay({**GOOD, "amount": 8}, **named),
        at.anna.pay({**GOOD, "pin": "1235"}, **named),
        at.anna.pay(GOOD, target="/pay?note=a", **named),
        at.anna.pay(GOOD, X_Ledger="side", **named),
        at.anna.pay(GOOD, Idempotency_Key="1", **named),
        at.anna.pay(json.dumps(GOOD, indent=1).encode(), **named),
        at.eve.pay(GOOD, **named),
        at.person("anna", "pay", client_id="other").pay(GOOD, **named),
        at.anna.pay(GOOD, Yett_Approval="0" * 32),
        at.anna.pay(GOOD, Yett_Approval="x"),
    ]
    assert {(status, answer["code"]) for status, answer in wrong} == {(403, "approval-invalid")}
    assert at.ran() == 0
    again = at.person("anna", "pay")
    assert again.pay(GOOD, User_Agent="other", **named)[0] == 200
    assert at.ran() == 1


def test_the_same_request_is_one_approval(office):
    """Twenty times at once, on both workers: one id."""
    at = office()
    assert len({asked["approval"] for asked in at_once(20, at.asked)}) == 1


def test_one_execution_of_twenty(office):
    """Of twenty executions at the same time exactly one runs."""
    at = office()
    asked = at.approved()
    found = at_once(20, lambda: at.anna.pay(GOOD, Yett_Approval=asked["approval"])[0])
    assert sorted(found) == [200] + [403] * 19
    assert at.ran() == 1


def test_nobody_is_their_own_second_person(office, folder):
    """Neither the requester, nor their API key, nor the application they use."""
    folder.write("keys.json", '{"version": 1, "keys": []}')
    at = office(config='\n[identity]\nkeys = "keys.json"\n')
    key = _issue(folder, "anna", "approve:pay")
    other = _issue(folder, "ops", "approve:pay")
    time.sleep(1.2)  # a running gate reads the file of keys within a second
    asked = at.asked()
    mine = Caller(at.gate.port, key=key)
    assert at.anna.vote(asked)[0] == 403
    assert at.person("anna", "approve:pay", client_id="z").vote(asked)[0] == 403
    assert at.person("u7", "approve:pay", email="Anna").vote(asked)[0] == 403
    assert mine.vote(asked)[1]["detail"] == "nobody approves what they asked for themselves"
    app = at.person("app", "approve:pay", client_id="app")
    assert app.vote(asked)[0] == 404
    assert Caller(at.gate.port, key=other).vote(asked)[1]["state"] == "approved"


def _issue(folder, owner, *scopes):
    arguments = ["-C", str(folder.path), "key", "issue", "--owner", owner]
    for scope in scopes:
        arguments += ["--scope", scope]
    done = CliRunner().invoke(main, arguments, standalone_mode=False)
    return done.stdout.strip()


def test_two_people_are_two_people(office):
    """Ten votes of one person at once are one; the second person completes it."""
    at = office({"approvals": 2})
    asked = at.asked()
    found = at_once(10, lambda: at.boss.vote(asked)[0])
    assert sorted(found) == [200] + [403] * 9
    assert at.anna.pay(GOOD, Yett_Approval=asked["approval"])[0] == 403
    assert at.chief.vote(asked)[1]["state"] == "approved"
    assert at.anna.pay(GOOD, Yett_Approval=asked["approval"])[0] == 200


def test_people_who_vote_at_the_same_time_all_count(office):
    """Five people at once, five votes."""
    at = office({"approvals": 5})
    asked = at.asked()
    people = [at.person(f"p{number}", "approve:pay") for number in range(5)]
    waiting = list(people)
    found = at_once(5, lambda: waiting.pop().vote(asked)[0])
    assert found == [200] * 5
    assert at.anna.show(asked["approval"])[1]["state"] == "approved"


def test_a_refusal_ends_it(office):
    """One no, and nothing runs."""
    at = office()
    asked = at.approved()
    assert at.chief.vote(asked, "refuse")[1]["state"] == "refused"
    assert at.anna.pay(GOOD, Yett_Approval=asked["approval"])[0] == 403
    assert at.ran() == 0


def test_it_ends_with_its_time(office):
    """After `within` seconds it is over, and the ledger says so without anybody asking."""
    at = office({"approvals": 1, "within": 1})
    asked = at.approved()
    time.sleep(1.1)
    assert at.anna.pay(GOOD, Yett_Approval=asked["approval"])[0] == 403
    assert at.ran() == 0
    wait_for(lambda: at.events("approval-expired"))
    (event,) = at.events("approval-expired")
    assert (event.principal, event.operation) == ("anna", "shop.pay")
    assert asked["digest"] in event.note


def test_it_ends_with_its_contract(office, folder):
    """A reload in between: what was approved under the old contract is void."""
    at = office()
    asked = at.approved()
    at.folder.write("yett.toml", (folder.path / "yett.toml").read_text() + "# changed\n")
    os.kill(at.gate.process.pid, signal.SIGHUP)
    at.gate.wait("swapped", count=2)
    for _ in range(4):
        status, answer = at.anna.pay(GOOD, Yett_Approval=asked["approval"])
        assert (status, answer["code"]) == (403, "approval-invalid")
    assert at.boss.vote(asked)[0] == 404
    assert at.ran() == 0


def test_a_death_between_use_and_forward_runs_nothing_twice(office):
    """Kill -9 after the approval is used up and before anything is sent on: it never runs."""
    at = office()
    asked = at.approved()
    recorder, *workers = at.gate.children()
    os.kill(recorder, signal.SIGSTOP)  # the use is in the store and waits for the ledger
    broken = []

    def pay():
        try:
            at.anna.pay(GOOD, Yett_Approval=asked["approval"])
        except (OSError, http.client.HTTPException) as error:
            broken.append(error)

    caller = threading.Thread(target=pay)
    caller.start()
    wait_for(lambda: at.state(asked) == "used")
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
    caller.join(20)
    os.kill(recorder, signal.SIGCONT)
    assert broken
    assert at.ran() == 0
    wait_for(lambda: _answers(at))
    status, answer = at.anna.pay(GOOD, Yett_Approval=asked["approval"])
    assert (status, answer["code"]) == (403, "approval-invalid")
    assert at.ran() == 0


def wait_for(condition, seconds=20):
    """Wait until something holds that a test has caused."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _answers(at):
    try:
        return at.boss.send("GET", APPROVALS)[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def test_a_tampered_store_opens_nothing(office):
    """Who changes what is shown, what was asked or who voted gets a refusal."""
    at = office()
    for statement in (
        "UPDATE approvals SET shown = '{\"amount\": 1}'",
        "UPDATE approvals SET text = replace(text, '/pay', '/got')",
        "DELETE FROM votes",
    ):
        asked = at.approved({**GOOD, "amount": hash(statement) % 1000})
        with sqlite3.connect(at.database()) as store:
            store.execute(statement)
        store.close()
        body = {**GOOD, "amount": hash(statement) % 1000}
        assert at.anna.pay(body, Yett_Approval=asked["approval"])[0] == 403
    assert at.ran() == 0


def test_bodies_and_secrets_do_not_stay(office):
    """The file is private, never holds a PIN or a token, and no body once it is over."""
    at = office()
    asked = at.approved({**GOOD, "to": "Wanda"})
    assert at.database().stat().st_mode & 0o777 == 0o600
    token = at.anna.fields["Authorization"].split()[1]
    kept = _raw(at)
    assert b"Wanda" in kept
    assert b"1234" not in kept.replace(asked["approval"].encode(), b"")
    assert token.encode() not in kept
    body = {**GOOD, "to": "Wanda"}
    assert at.anna.pay(body, Yett_Approval=asked["approval"])[0] == 200
    assert b"Wanda" not in _raw(at)


def _raw(at):
    with sqlite3.connect(at.database()) as store:
        rows = store.execute("SELECT text, shown, requester, entity FROM approvals").fetchall()
    store.close()
    files = sorted(at.database().parent.glob("approvals.db*"))
    return repr(rows).encode() + b"".join(file.read_bytes() for file in files)


def test_without_a_store_nothing_runs_and_nothing_waits(office):
    """A file that others can read is not used: 503, whoever asks for what."""
    at = office()
    asked = at.approved()
    at.database().chmod(0o644)
    found = [
        at.anna.pay(GOOD)[0],
        at.anna.pay(GOOD, Yett_Approval=asked["approval"])[0],
        at.boss.vote(asked)[0],
        at.boss.show(asked["approval"])[0],
    ]
    assert found == [503] * 4
    assert at.ran() == 0
    at.database().chmod(0o600)
    assert at.anna.pay(GOOD, Yett_Approval=asked["approval"])[0] == 200


def test_approvals_outlive_the_gate(office):
    """Stopped and started again, what was approved may run, once."""
    at = office()
    asked = at.approved()
    assert at.gate.stop() == 0
    at.start()
    assert at.anna.pay(GOOD, Yett_Approval=asked["approval"])[0] == 200
    assert at.anna.pay(GOOD, Yett_Approval=asked["approval"])[0] == 403
    assert at.ran() == 1


def test_there_is_nothing_to_approve_where_nothing_asks(office):
    """A contract without approvals has no such operations and no such file."""
    at = office(True)
    assert at.boss.send("GET", APPROVALS)[0] == 404
    assert not at.database().exists()
    assert at.anna.pay(GOOD)[0] == 200


def test_a_store_that_cannot_be_made_refuses_to_start(folder, command):
    """Told before a socket is bound, with the path and what to do."""
    make_approvals(folder)
    (folder.path / "var").mkdir()
    (folder.path / "var/approvals.db").mkdir()
    done = command()
    assert done.returncode == 2
    assert "approvals.db" in done.stderr


def test_step_up_comes_before_approval(office):
    """Who is not signed in well enough asks nobody; the approver sees nothing."""
    at = office({"approvals": 1, "acr": "urn:strong", "max_age": 60})
    status, headers, answer = at.anna.send("POST", "/pay", GOOD)
    assert (status, answer["code"]) == (401, "step-up-needed")
    assert 'acr_values="urn:strong"' in headers["www-authenticate"]
    assert 'max_age="60"' in headers["www-authenticate"]
    assert at.boss.list() == {"approvals": []}
    strong = at.person("anna", "pay", acr="urn:strong", auth_time=int(time.time()))
    status, asked = strong.pay(GOOD)
    assert asked["code"] == "approval-needed"
    assert at.boss.vote(asked)[0] == 200
    assert at.anna.pay(GOOD, Yett_Approval=asked["approval"])[0] == 401
    assert strong.pay(GOOD, Yett_Approval=asked["approval"])[0] == 200
