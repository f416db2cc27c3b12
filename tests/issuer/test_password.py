"""Passwords: sealed Argon2id, the same work for everybody, in a bounded number of places."""

from __future__ import annotations

import base64
import contextlib
import threading

import msgspec
import pytest
from argon2 import PasswordHasher, extract_parameters

from yett.cli.control import THREADS
from yett.issuer import password
from yett.issuer.errors import OAuthError
from yett.state.errors import StateError

GOOD = "kitchen fish lamp"


class Counting:
    """The real hasher, counted: time is not a thing to assert, work is."""

    def __init__(self) -> None:
        self.real, self.hashed = password.HASHER, 0

    def verify(self, *arguments):
        """Verify, and count it."""
        self.hashed += 1
        return self.real.verify(*arguments)

    def hash(self, *arguments):
        """Hash, and count it."""
        self.hashed += 1
        return self.real.hash(*arguments)


@pytest.fixture
def counting(monkeypatch):
    """Count the hashes."""
    password._nobody()
    found = Counting()
    monkeypatch.setattr(password, "HASHER", found)
    return found


@pytest.fixture
def keeper(server, person):
    """Somebody with a password."""
    return msgspec.structs.replace(person, password=password.keep(server, person.id, GOOD))


def test_the_right_password_is_right(server, keeper):
    """It is verified, however its letters are composed; another is not."""
    assert password.verify(server, keeper, GOOD)
    assert not password.verify(server, keeper, GOOD + " ")
    assert not password.verify(server, keeper, "")


@pytest.mark.parametrize("text", ["x" * 100_000, "\ud800" * 12, "\x00"])
def test_nonsense_is_refused(server, keeper, text):
    """What cannot be a password is no error."""
    assert not password.verify(server, keeper, text)


def test_all_of_a_long_password_counts(server, person):
    """Nothing is cut off after 72 bytes, as bcrypt does."""
    long = "kitchen fish lamp " * 8
    keeper = msgspec.structs.replace(person, password=password.keep(server, person.id, long))
    assert not password.verify(server, keeper, long[:72] + "else" * 5)


def test_an_unknown_name_costs_one_hash_too(server, person, keeper, counting):
    """Known, unknown, without a password, too long: each costs exactly one hash (CWE-208)."""
    for user, text in ((keeper, GOOD), (keeper, "wrong"), (None, GOOD), (person, GOOD)):
        before = counting.hashed
        assert password.verify(server, user, text) is (user is keeper and text == GOOD)
        assert counting.hashed == before + 1
    before = counting.hashed
    password.verify(server, None, "x" * 1000)
    assert counting.hashed == before + 1


def test_the_hash_of_nobody_costs_what_others_cost():
    """Same algorithm, memory, passes and lanes."""
    parameters = extract_parameters(password._nobody())
    assert (parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (19_456, 2, 1)
    assert not password.HASHER.check_needs_rehash(password._nobody())


def test_what_is_kept_is_sealed(server, keeper):
    """A copy of the store alone has nothing to try passwords on, and rows cannot be swapped."""
    assert b"argon2" not in base64.b64decode(keeper.password)
    other = msgspec.structs.replace(keeper, id="u_other")
    with pytest.raises(StateError):
        password.verify(server, other, GOOD)


def test_a_damaged_row_signs_nobody_in(server, keeper):
    """Damage is said, never taken for a password."""
    broken = msgspec.structs.replace(keeper, password="ä")
    with pytest.raises(StateError):
        password.verify(server, broken, GOOD)


def test_another_cost_is_outdated(server, person, keeper, monkeypatch):
    """A hash of older parameters is found, so that the next sign-in makes it again."""
    assert not password.outdated(server, keeper)
    assert not password.outdated(server, person)
    monkeypatch.setattr(password, "HASHER", PasswordHasher(time_cost=3, memory_cost=19_456))
    assert password.outdated(server, keeper)


def test_no_more_hash_at_once_than_there_are_places(server, keeper, monkeypatch):
    """A flood of sign-ins takes two cores and 38 MiB, not all of them."""
    inside, most = [], []

    class Watching(Counting):
        def verify(self, *arguments):
            inside.append(1)
            most.append(len(inside))
            try:
                return super().verify(*arguments)
            finally:
                inside.pop()

    monkeypatch.setattr(password, "HASHER", Watching())
    threads = [
        threading.Thread(target=password.verify, args=(server, keeper, GOOD)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) <= password.MAX_AT_ONCE


def test_who_would_wait_too_long_is_told(server, keeper, monkeypatch):
    """A full house answers 503 with `Retry-After`, and goes on with those inside."""
    monkeypatch.setattr(password, "MAX_WAIT_SECONDS", 0.01)
    for _ in range(password.MAX_AT_ONCE):
        password._places.acquire()
    try:
        with pytest.raises(OAuthError) as refused:
            password.verify(server, keeper, GOOD)
    finally:
        for _ in range(password.MAX_AT_ONCE):
            password._places.release()
    assert refused.value.status == 503
    assert password.verify(server, keeper, GOOD)


def test_the_queue_leaves_threads_for_tokens(server, keeper):
    """Whoever comes while enough wait is told at once, and holds no thread of the issuer."""
    assert password.MAX_WAITING <= THREADS - 6
    with contextlib.ExitStack() as full:
        for _ in range(password.MAX_WAITING):
            password._queue.acquire()
            full.callback(password._queue.release)
        with pytest.raises(OAuthError) as refused:
            password.verify(server, keeper, GOOD)
    assert refused.value.status == 503
    assert password.verify(server, keeper, GOOD)
