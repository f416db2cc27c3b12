"""Recovery codes: shown once, good once, read as they are typed, and never guessed."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.accounts import NOW
from sqlalchemy import select

from yett.issuer import recovery
from yett.state.accounts import tables
from yett.state.accounts.notices import untold


def renew(server, person):
    return server.store.write(lambda tx: recovery.renew(tx, person.id, NOW, person.id))


def redeem(server, person, typed):
    return server.store.write(lambda tx: recovery.redeem(tx, person.id, typed, NOW))


def test_there_are_ten_of_eighty_bits(server, person):
    """Ten different codes, each of 16 characters of an alphabet of 32."""
    codes = renew(server, person)
    assert len(set(codes)) == recovery.CODES
    assert len(recovery.ALPHABET) ** recovery.CODE_CHARACTERS >= 2**80
    for code in codes:
        assert len(code) == 19
        assert set(code.replace("-", "")) <= set(recovery.ALPHABET)


def test_each_is_good_once(server, person):
    """A used code is refused; the others stay good."""
    first, second, *_ = renew(server, person)
    assert redeem(server, person, first)
    assert not redeem(server, person, first)
    assert redeem(server, person, second)


@pytest.mark.parametrize(
    "how",
    [
        str.upper,
        lambda code: code.replace("-", ""),
        lambda code: code.replace("-", " "),
        lambda code: f"  {code}\t",
        lambda code: code.replace("0", "O").replace("1", "l"),
        lambda code: code.replace("-", "\u2013").replace("1", "I"),
    ],
)
def test_it_is_read_as_people_type(server, person, how):
    """Case, groups and letters that look like digits do not matter."""
    assert redeem(server, person, how(renew(server, person)[0]))


@pytest.mark.parametrize("typed", ["", "-", "0000-0000-0000-0000", "x" * 10_000, "\ud800", "\x00"])
def test_what_is_no_code_is_refused(server, person, typed):
    """Nonsense is no error."""
    renew(server, person)
    assert not redeem(server, person, typed)


def test_fresh_codes_end_the_old_ones(server, person):
    """Whoever found the old sheet has nothing."""
    old = renew(server, person)
    renew(server, person)
    assert not redeem(server, person, old[0])


def test_of_ten_connections_one_passes(server, person):
    """A code sent ten times at the same moment is used once."""
    code = renew(server, person)[0]
    passed = []
    barrier = threading.Barrier(10)

    def one():
        barrier.wait()
        passed.append(redeem(server, person, code))

    threads = [threading.Thread(target=one) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(passed) == [False] * 9 + [True]


def test_use_is_noted_and_nothing_is_told(server, person):
    """The ledger learns of each use and how many are left; neither it nor the store has a code."""
    code, *_ = renew(server, person)
    redeem(server, person, code)
    with server.store.read() as tx:
        events = [event for _, event in untold(tx)]
        rows = tx.execute(select(tables.recovery_codes)).all()
    assert [(event.kind, event.note) for event in events] == [
        ("recovery-codes-made", f"by {person.id}"),
        ("recovery-code-used", "9 left"),
    ]
    assert code.replace("-", "") not in repr(events) + repr(rows)


@given(st.text(recovery.ALPHABET, min_size=16, max_size=16))
def test_a_written_code_is_read_as_it_was_made(code):
    """Writing in groups and reading lose nothing."""
    assert recovery.read(recovery.written(code)) == code
