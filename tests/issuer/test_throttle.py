"""The pace of guessing: by account and by source, growing, and never a lock for the owner."""

from __future__ import annotations

import pytest
from kit.accounts import NOW

from yett.issuer import throttle
from yett.issuer.throttle import EVERYWHERE, HERE, NETWORK, Try, network
from yett.state.accounts.sessions import add_session

HOME, AWAY = "192.0.2.1", "198.51.100.7"


def attempt(source=AWAY, who="u_ada", kind="password"):
    return Try(kind=kind, who=who, source=source)


def take(server, one, now=NOW):
    return server.store.write(lambda tx: throttle.take(tx, one, now))


def guess(server, one, times, now=NOW):
    """Try as fast as it goes; returns how many tries were let through."""
    return sum(1 for _ in range(times) if not take(server, one, now))


def signed_in(server, source, who="u_ada"):
    """Let somebody have signed in from there before."""
    server.store.write(
        lambda tx: add_session(
            tx,
            digest=f"{who}{source}",
            user=who,
            acr="",
            amr=(),
            now=NOW - 9,
            expires=NOW,
            source=source,
        )
    )


def test_one_source_guessing_one_account_is_slowed(server):
    """After the free tries a guesser waits, longer each time."""
    assert guess(server, attempt(), 50) == HERE.free + 1
    assert take(server, attempt()) == 1.0
    assert take(server, attempt(), NOW + 1) == 0.0
    assert take(server, attempt(), NOW + 1) == 2.0


def test_one_source_guessing_many_accounts_is_slowed(server):
    """A password tried on every account (spraying) stops at the network's pace (CWE-307)."""
    done = sum(guess(server, attempt(who=f"u_{number}"), 1) for number in range(200))
    assert done == NETWORK.free + 1


def test_many_sources_guessing_one_account_are_slowed(server):
    """A thousand addresses have together no more tries than a few."""
    done = sum(guess(server, attempt(source=f"10.0.{n // 250}.{n % 250}"), 1) for n in range(300))
    assert done == EVERYWHERE["password"].free + 1


def test_the_owner_is_not_kept_out_at_home(server):
    """Where the account has signed in from before, others' failures do not count (CWE-645)."""
    signed_in(server, HOME)
    for n in range(100):
        take(server, attempt(source=f"10.0.0.{n}"))
    assert take(server, attempt(source="203.0.113.9")) > 0.0
    assert take(server, attempt(source=HOME)) == 0.0


def test_no_pause_is_long(server):
    """A day of guessing leaves a password's account waiting for half a minute, not for ever."""
    now = NOW
    for _ in range(200):
        now += take(server, attempt(source="10.0.0.1"), now)
    assert take(server, attempt(source="203.0.113.9"), now) <= 30.0


def test_codes_by_time_are_guessed_24_times_a_day(server):
    """Six digits and three good steps: whoever has the password gets about one try an hour."""
    now, done = NOW, 0
    while now < NOW + 7 * 86_400:
        wait = take(server, attempt(source=f"10.{done % 250}.0.1", kind="otp"), now)
        now += wait
        done += not wait
    assert done < 7 * 24 + EVERYWHERE["otp"].free + 20


def test_a_success_clears_the_account_and_not_the_network(server):
    """Somebody with one account of their own does not clear the way for guessing others."""
    for number in range(NETWORK.free):
        take(server, attempt(who=f"u_{number}"))
    mine = attempt(who="u_mallory")
    assert take(server, mine) == 0.0
    server.store.write(lambda tx: throttle.cleared(tx, mine))
    assert guess(server, attempt(who="u_ada"), 5) == 1


def test_an_office_signs_in(server):
    """Good sign-ins from one address never slow it."""
    for number in range(200):
        one = attempt(who=f"u_{number}")
        assert take(server, one) == 0.0
        server.store.write(lambda tx, one=one: throttle.cleared(tx, one))


def test_unknown_names_wait_like_known_ones(server):
    """The pause tells nobody which accounts exist (CWE-204)."""
    known = [take(server, attempt(who="u_ada", source="10.0.0.1")) for _ in range(9)]
    unknown = [take(server, attempt(who="nobody", source="10.0.0.2")) for _ in range(9)]
    assert known == unknown


def test_a_plain_subject_is_checked_and_counted(server):
    """What the other endpoints count has the same pauses."""

    def fail(tx):
        throttle.failed(tx, "client:shop", NOW)

    for _ in range(7):
        server.store.write(fail)
    with server.store.read() as tx:
        assert throttle.check(tx, "client:shop", NOW) == 2.0
    server.store.write(lambda tx: throttle.passed(tx, "client:shop"))
    with server.store.read() as tx:
        assert throttle.check(tx, "client:shop", NOW) == 0.0


def test_a_refusal_says_when_to_come_again():
    """429 has `Retry-After` in whole seconds, rounded up."""
    answer = throttle.too_many(1.2).answer()
    assert answer.status == 429
    assert ("retry-after", "2") in answer.headers


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_a_household_is_one_place(source, place):
    """The 2^64 addresses that one household has are one source."""
    assert network(source) == place


def test_codes_are_not_guessed_from_the_owners_network_either(server):
    """Who has the password and shares the office's address has one try an hour as well."""
    signed_in(server, HOME)
    one, done, now = attempt(source=HOME, kind="otp"), 0, NOW
    while now < NOW + 7 * 86_400:
        wait = take(server, one, now)
        done += not wait
        now += wait or 1.0
    assert done < 7 * 24 + EVERYWHERE["otp"].free + 20
