"""Codes by time: the vectors of RFC 6238, one use each, and secrets that only open in place."""

from __future__ import annotations

import base64
import subprocess
import sys
import threading
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.accounts import NOW
from sqlalchemy import select

from yett.issuer import totp
from yett.state.accounts import tables
from yett.state.accounts.notices import untold
from yett.state.accounts.totps import find_totp

SECRET = b"12345678901234567890"  # RFC 6238 appendix B
VECTORS = [
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
]


def enrol(server, person, now=NOW, holder="s1"):
    """Enrol with the code of `now`; returns the secret."""
    draft = totp.draft(server, person.id, person.login, holder, now)
    secret = base64.b32decode(draft.secret)
    assert confirm(server, person, draft, now, holder)
    return secret


def confirm(server, person, draft, now=NOW, holder="s1", code=""):
    code = code or code_of(base64.b32decode(draft.secret), now)
    return server.store.write(
        lambda tx: totp.confirm(
            server, tx, person.id, holder=holder, sealed=draft.sealed, code=code, now=now
        )
    )


def code_of(secret, now):
    return totp.code_at(secret, int(now // totp.STEP_SECONDS))


def verify(server, person, code, now):
    return server.store.write(lambda tx: totp.verify(server, tx, person.id, code, now))


@pytest.mark.parametrize(("when", "code"), VECTORS)
def test_the_vectors_of_the_rfc(when, code):
    """RFC 6238 appendix B, SHA-1, eight digits; ours are their last six."""
    step = when // totp.STEP_SECONDS
    assert totp.code_at(SECRET, step, digits=8) == code
    assert totp.code_at(SECRET, step) == code[-6:]


def test_a_code_signs_in_once(server, person):
    """A code that was used is refused, in the same second and later in its window."""
    secret = enrol(server, person)
    later = NOW + 60
    code = code_of(secret, later)
    assert verify(server, person, code, later)
    assert not verify(server, person, code, later)
    assert not verify(server, person, code, later + 20)


def test_the_code_of_enrolment_is_used(server, person):
    """Whoever looked over the shoulder at enrolment does not sign in with that code."""
    secret = enrol(server, person)
    assert not verify(server, person, code_of(secret, NOW), NOW)


def test_an_older_code_than_the_used_one_is_refused(server, person):
    """The step only goes forward."""
    secret = enrol(server, person)
    later = NOW + 90
    assert verify(server, person, code_of(secret, later), later)
    assert not verify(server, person, code_of(secret, later - 30), later)


@pytest.mark.parametrize(
    ("steps", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_one_step_of_drift_is_allowed(server, person, steps, good):
    """A clock may be wrong by one step either way, not by two."""
    secret = enrol(server, person)
    later = NOW + 300
    assert verify(server, person, code_of(secret, later + 30 * steps), later) is good


@pytest.mark.parametrize(
    "code",
    [
        "",
        "0",
        "12345",
        "1234567",
        "abcdef",
        "\uff11\uff12\uff13\uff14\uff15\uff16",
        "\x00" * 6,
        "1" * 9999,
        "\ud800",
    ],
)
def test_nonsense_is_refused(server, person, code):
    """What is no code is no error either."""
    enrol(server, person)
    assert not verify(server, person, code, NOW + 90)


def test_spaces_do_not_matter(server, person):
    """Apps show a code in two groups, and people type what they see."""
    secret = enrol(server, person)
    code = code_of(secret, NOW + 90)
    assert verify(server, person, f"{code[:3]} {code[3:]}", NOW + 90)


def test_without_a_factor_no_code_is_good(server, person):
    """An account that never enrolled has no codes."""
    assert not verify(server, person, "000000", NOW)


def test_of_ten_connections_one_passes(server, person):
    """The same code at the same moment is good for one."""
    code = code_of(enrol(server, person), NOW + 90)
    passed = []
    barrier = threading.Barrier(10)

    def one():
        barrier.wait()
        passed.append(verify(server, person, code, NOW + 90))

    threads = [threading.Thread(target=one) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(passed) == [False] * 9 + [True]


PROCESS = """
import sys
from pathlib import Path
from kit.accounts import make_server
from yett.issuer import totp
server = make_server(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
good = lambda tx: totp.verify(server, tx, sys.argv[2], sys.argv[3], float(sys.argv[4]))
print(server.store.write(good), flush=True)
"""


def test_of_two_processes_one_passes(server, person):
    """The used step is in the store: two processes do not both take the same code."""
    code = code_of(enrol(server, person), NOW + 90)
    arguments = [str(server.folder), person.id, code, str(NOW + 90)]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": ":".join(sys.path)},
        )
        for _ in range(2)
    ]
    assert [process.stdout.readline() for process in running] == ["ready\n"] * 2
    for process in running:
        process.stdin.write("go\n")
        process.stdin.flush()
    said = sorted(process.communicate(timeout=30)[0] for process in running)
    assert said == ["False\n", "True\n"]


def test_a_draft_is_confirmed_by_its_code_only(server, person):
    """Without a code from the app nothing is enrolled: the factor would lock its owner out."""
    draft = totp.draft(server, person.id, person.login, "s1", NOW)
    assert not confirm(server, person, draft, code="000000")
    with server.store.read() as tx:
        assert find_totp(tx, person.id) is None


@pytest.mark.parametrize("change", ["holder", "user", "late", "text", "empty"])
def test_a_draft_opens_in_its_place_only(server, person, change):
    """A secret drafted for another session or account, too old or changed enrols nothing."""
    user = "u_other" if change == "user" else person.id
    draft = totp.draft(server, user, person.login, "s1", NOW)
    sealed = {"text": draft.sealed[:-8] + "AAAAAAA=", "empty": ""}.get(change, draft.sealed)
    now = NOW + 901 if change == "late" else NOW
    code = code_of(base64.b32decode(draft.secret), now)
    assert not server.store.write(
        lambda tx: totp.confirm(
            server,
            tx,
            person.id,
            holder="s2" if change == "holder" else "s1",
            sealed=sealed,
            code=code,
            now=now,
        )
    )


def test_a_new_factor_replaces_the_old_once_confirmed(server, person):
    """An enrolment that was begun and left takes nothing away."""
    old = enrol(server, person)
    draft = totp.draft(server, person.id, person.login, "s1", NOW)
    assert verify(server, person, code_of(old, NOW + 60), NOW + 60)
    assert confirm(server, person, draft, NOW + 120)
    assert not verify(server, person, code_of(old, NOW + 180), NOW + 180)


def test_the_secret_is_sealed(server, person):
    """A copy of the store opens no second factor."""
    secret = enrol(server, person)
    with server.store.read() as tx:
        row = tx.execute(select(tables.totps)).one()
    assert secret not in row.secret
    assert server.box.open(row.secret, f"totp:{person.id}") == secret


def test_the_link_says_what_apps_need(server, person):
    """`otpauth:` names issuer, account, secret and the fixed settings."""
    draft = totp.draft(server, person.id, "ana b@x", "s1", NOW)
    parts = urlsplit(draft.uri)
    found = {name: value for name, (value,) in parse_qs(parts.query).items()}
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert parts.path == "/api.example.com:ana%20b%40x"
    assert found == {
        "secret": draft.secret,
        "issuer": "api.example.com",
        "algorithm": "SHA1",
        "digits": "6",
        "period": "30",
    }
    assert len(base64.b32decode(draft.secret)) == totp.SECRET_BYTES


def test_enrolling_and_removing_are_noted(server, person):
    """The ledger is told; no secret is in what it is told."""
    secret = enrol(server, person)
    assert server.store.write(lambda tx: totp.remove(tx, person.id, NOW, "cli:root"))
    assert not server.store.write(lambda tx: totp.remove(tx, person.id, NOW, "cli:root"))
    with server.store.read() as tx:
        events = [event for _, event in untold(tx)]
    assert [event.kind for event in events] == ["second-factor-added", "second-factor-removed"]
    assert base64.b32encode(secret).decode() not in repr(events)


@given(secret=st.binary(min_size=20, max_size=20), now=st.floats(1e9, 4e9))
def test_a_code_is_good_now_and_for_no_longer_than_its_window(secret, now):
    """For every secret and time: the step found is the code's own, and old codes are none."""
    step = int(now // 30)
    code = totp.code_at(secret, step)
    found = totp.find_step(secret, code, now)
    assert found is not None
    assert totp.code_at(secret, found) == code
    assert len(code) == totp.DIGITS
