"""The portal with the gate inside: the demo's attacks on records are stopped there, too."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from yett.cli.demo.attacks_records import MOMENTS, RECORDS
from yett.cli.demo.house import bearer
from yett.cli.demo.people import CUSTOMER, Issuer, credentials
from yett.cli.demo.stage import find_portal, free_port, run_yett
from yett.cli.demo.traffic import Ask, send

ATTACKS = [*RECORDS.attacks, *MOMENTS.attacks]


@pytest.fixture(scope="module")
def service():
    """The guarded portal in uvicorn; answers its port, everybody's credentials and the contract."""
    with tempfile.TemporaryDirectory(prefix="y") as name:
        folder = Path(name)
        contract = folder / "contract"
        shutil.copytree(find_portal() / "contract", contract)
        issuer = Issuer()
        (contract / "jwks.json").write_text(json.dumps(issuer.jwks()))
        told = ("key", "issue", "--owner", "accounting", "--scope", "reports:read")
        key = json.loads(run_yett(contract, *told, "--format", "json").stdout)["key"]
        people = credentials(issuer, accounting=key, kiosk=key) | {
            # A service serves no issuer; it takes the login of before, and the portal says who.
            name: bearer(issuer.token(subject, "customer", CUSTOMER))
            for name, subject in (("ada", "1"), ("ben", "2"))
        }
        port = free_port()
        command = [sys.executable, "-m", "uvicorn", "--app-dir", str(find_portal()), "guarded:app"]
        environment = {
            **os.environ,
            "PORTAL_DATA": str(folder / "data"),
            "CONTRACT": str(contract),
            "RUNTIME_DIRECTORY": name,
        }
        with subprocess.Popen(
            [*command, "--port", str(port), "--log-level", "warning"], env=environment
        ) as process:
            try:
                _await(port)
                yield port, people, contract
            finally:
                process.terminate()
                process.wait(20)


def _await(port):
    for _ in range(400):
        with contextlib.suppress(OSError):
            if send(Ask(target="/health"), port, None).status:
                return
        time.sleep(0.05)
    raise AssertionError("the service did not start")


@pytest.mark.parametrize("attack", ATTACKS, ids=[attack.says for attack in ATTACKS])
def test_an_attack_is_stopped_in_the_service(service, attack):
    """With the code that the gateway would give, and without the harm."""
    port, people, _contract = service
    answer = send(attack.ask, port, people[attack.ask.who])
    assert answer.status > 0
    assert answer.code == attack.code, answer
    assert not any(answer.holds(text) for text in attack.keeps)


def test_honest_customers_are_served(service):
    """Their own bookings, all of them, and what the portal boasts of itself is dropped."""
    port, people, _contract = service
    answer = send(Ask(target="/bookings"), port, people["ada"])
    assert answer.status == 200
    assert answer.holds(b"Harbour tour")
    assert not answer.field("x-powered-by")


def test_everything_is_recorded(service):
    """By a recorder of the service's own, in the contract's ledger."""
    port, people, contract = service
    send(Ask(target="/invoices/2"), port, people["ada"])
    for _ in range(100):
        text = run_yett(contract, "audit", "search", "--format", "json").stdout
        if "/invoices/2" in text:
            break
        time.sleep(0.05)
    assert '"/invoices/2"' in text
    assert "no-such-record" in text
