"""The pace at which what can be guessed may be tried: passwords, codes, user codes of devices.

A person's secret is tried by somebody from somewhere, so three things are counted: the account from
this network, the network, and the account from everywhere. The last has short pauses, and does not
hold where the account has signed in from before: whoever guesses from a thousand addresses cannot
keep its owner out at home. A passkey cannot be guessed and never waits.
See NIST SP 800-63B s5.2.2; OWASP ASVS 2.2.1; CWE-307, CWE-645.
"""

from __future__ import annotations

import ipaddress

from msgspec import Struct
from sqlalchemy import Connection, select

from yett.issuer.errors import OAuthError
from yett.state.accounts import attempts, tables
from yett.state.accounts.attempts import Pace

V6_PREFIX_BITS = 64  # what one household or machine is given (RFC 6177)
REMEMBERED_SESSIONS = 50
_NOBODY = "name:"

# One network may host an office: its pauses are bounded, and its free tries many.
NETWORK = Pace(free=30, longest=60.0)
HERE = Pace(free=5, longest=300.0)
# Who tries codes has the password already. Elsewhere it is the pace below that counts; where the
# account has signed in from, an office or a carrier's address among them, only this one does.
CODES_HERE = Pace(free=5, longest=3600.0, memory=86_400.0)
EVERYWHERE: dict[str, Pace] = {
    "password": Pace(free=10, longest=30.0),
    # A million codes, three of them good: with one try an hour a year finds it with 2.6 %.
    "otp": Pace(free=10, longest=3600.0, memory=86_400.0),
    "recovery": Pace(free=10, longest=30.0),
}


class Try(Struct, frozen=True, kw_only=True):
    """Who tries what, from where.

    Args:
        kind: `password`, `otp` or `recovery`.
        who: the account's id, or `nobody(NAME)` where there is no such account: what is counted
            must not tell which exist (CWE-204).
        source: the client's address.
    """

    kind: str
    who: str
    source: str


def check(tx: Connection, subject: str, now: float) -> float:
    """Return for how many seconds a subject must wait, such as `client:ID` or `user_code:SOURCE`.

    Decide and count in the same transaction that writes, or use `take`.
    """
    return attempts.waits(tx, subject, now)


def failed(tx: Connection, subject: str, now: float) -> None:
    """Count a failed try of a subject."""
    attempts.count(tx, subject, now)


def passed(tx: Connection, subject: str) -> None:
    """Forget the failed tries of a subject."""
    attempts.clear(tx, subject)


def take(tx: Connection, attempt: Try, now: float) -> float:
    """Count a try of a person's secret as failed before it is verified, unless it must wait.

    Returns:
        Seconds to wait; 0.0 when it may be verified. A good one is told with `cleared`.
    """
    paces = _paces(tx, attempt)
    wait = max(attempts.waits(tx, subject, now) for subject in paces)
    if not wait:
        for subject, pace in paces.items():
            attempts.count(tx, subject, now, pace)
    return wait


def cleared(tx: Connection, attempt: Try) -> None:
    """Forget the failed tries of an account, once one was good; a network's are kept.

    Else somebody with one account of their own clears the way for guessing all others.
    """
    place = network(attempt.source)
    attempts.clear(tx, _here(attempt, place))
    attempts.clear(tx, _everywhere(attempt))
    attempts.forgive(tx, _network(attempt, place))


def too_many(wait: float) -> OAuthError:
    """Refuse a try that must wait (RFC 6585 s4)."""
    seconds = str(max(1, round(wait + 0.5)))
    return OAuthError(
        "slow_down",
        "too many tries; wait a little",
        status=429,
        headers=(("retry-after", seconds),),
    )


def network(source: str) -> str:
    """Return what counts as one place: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        address = ipaddress.ip_address(source)
    except ValueError:
        return source
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address), V6_PREFIX_BITS), strict=False))
    return str(address)


def _paces(tx: Connection, attempt: Try) -> dict[str, Pace]:
    place = network(attempt.source)
    here = CODES_HERE if attempt.kind == "otp" else HERE
    paces = {_here(attempt, place): here, _network(attempt, place): NETWORK}
    if not _familiar(tx, attempt.who, place):
        paces[_everywhere(attempt)] = EVERYWHERE[attempt.kind]
    return paces


def _here(attempt: Try, place: str) -> str:
    return f"{attempt.kind}-from:{attempt.who}:{place}"


def _network(attempt: Try, place: str) -> str:
    return f"{attempt.kind}-network:{place}"


def _everywhere(attempt: Try) -> str:
    return f"{attempt.kind}:{attempt.who}"


def nobody(name: str) -> str:
    """Return what stands for a name that no account has."""
    return _NOBODY + name.strip().casefold()


def _familiar(tx: Connection, who: str, place: str) -> bool:
    """Whether the account has signed in from this network before."""
    if who.startswith(_NOBODY):
        return False  # and what was typed stays out of queries: PostgreSQL refuses NUL
    table = tables.sessions
    sources = tx.scalars(
        select(table.c.source)
        .where(table.c.user == who)
        .order_by(table.c.created.desc())
        .limit(REMEMBERED_SESSIONS)
    )
    return any(network(source) == place for source in sources)
