"""Passwords: Argon2id over what the box seals, in as many threads as the machine can spare.

A password alone signs nobody in: `passwords = true` means a password and a code by time, checked
together and refused in one wording. A name that nobody has costs the same hash (CWE-208, CWE-204).
The hash is sealed, so that a copy of the store alone cannot be tried offline. Argon2 is
argon2-cffi's; cost as in OWASP's Password Storage Cheat Sheet: 25 ms of one core on 2.x GHz.
"""

from __future__ import annotations

import base64
import secrets
import threading
from functools import cache

from argon2 import PasswordHasher, Type
from argon2.exceptions import Argon2Error, InvalidHashError

from yett.issuer.errors import OAuthError
from yett.issuer.password_rules import MAX_CHARACTERS, normal
from yett.issuer.server import Server
from yett.state.accounts.users import User
from yett.state.errors import StateError

MEMORY_KIB = 19_456
PASSES = 2
LANES = 1
MAX_AT_ONCE = 2  # 19 MiB and one core each; the rest waits its turn
MAX_WAITING = 10  # of 16 threads, those who hash among them: six are left for tokens
MAX_WAIT_SECONDS = 5.0

HASHER = PasswordHasher(
    time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES, type=Type.ID, encoding="utf-8"
)
_places = threading.BoundedSemaphore(MAX_AT_ONCE)
_queue = threading.BoundedSemaphore(MAX_WAITING)


def keep(server: Server, user: str, password: str) -> str:
    """Return what is kept of a password, for `users.password`; blocks for a hash.

    Args:
        server: seals it.
        user: the account's id: what is kept opens in no other row.
        password: as typed; `password_rules.flaw` has nothing against it.
    """
    with _Place():
        hashed = HASHER.hash(normal(password))
    return _seal(server, user, hashed)


def verify(server: Server, user: User | None, password: str) -> bool:
    """Whether it is the account's password; costs the same where there is none. Blocks.

    Never called inside a transaction: a hash takes as long as hundreds of writes.
    """
    kept = _open(server, user) if user is not None and user.password else ""
    fits = len(password) <= MAX_CHARACTERS
    with _Place():
        try:
            HASHER.verify(kept or _nobody(), normal(password) if fits else "")
        except (Argon2Error, InvalidHashError, UnicodeEncodeError):
            return False
    return bool(kept) and fits


def outdated(server: Server, user: User) -> bool:
    """Whether the hash was made at another cost, and should be made again at the next sign-in."""
    return bool(user.password) and HASHER.check_needs_rehash(_open(server, user))


class _Place:
    """A place among those who hash; refuses when the wait, or the queue, is too long."""

    def __enter__(self) -> None:
        if not _queue.acquire(blocking=False):
            raise _too_many()
        if not _places.acquire(timeout=MAX_WAIT_SECONDS):
            _queue.release()
            raise _too_many()

    def __exit__(self, *_: object) -> None:
        _places.release()
        _queue.release()


def _too_many() -> OAuthError:
    return OAuthError(
        "temporarily_unavailable",
        "too many sign-ins at once; try again",
        status=503,
        headers=(("retry-after", "5"),),
    )


@cache
def _nobody() -> str:
    """Return a hash that no password has, of the same cost."""
    return HASHER.hash(secrets.token_urlsafe(32))


def _seal(server: Server, user: str, hashed: str) -> str:
    return base64.b64encode(server.box.seal(hashed.encode(), f"password:{user}")).decode()


def _open(server: Server, user: User) -> str:
    try:
        raw = base64.b64decode(user.password, validate=True)
    except ValueError:
        raise StateError("what is kept of a password is damaged") from None
    return server.box.open(raw, f"password:{user.id}").decode()
