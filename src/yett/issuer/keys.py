"""The issuer's signing keys: made, published, used, retired and removed.

published -> active -> retired -> removed. A key is published for longer than a verifier may keep
the old set before it signs anything, and stays published until the last token it signed has ended.
Private parts are sealed in the store and gone once they sign no more. RFC 7517, RFC 7638.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from joserfc.jwk import ECKey, JWKRegistry, Key, OKPKey, RSAKey
from sqlalchemy import Connection

from yett.contract.identity_settings import MAX_ACCESS_SECONDS
from yett.credentials.rules import MAX_SKEW_SECONDS
from yett.issuer.key_file import public_keys, write_keys
from yett.issuer.server import Server
from yett.state.accounts.notices import note
from yett.state.accounts.revocations import revoke
from yett.state.accounts.signing_keys import (
    SigningKey,
    add_key,
    forget_keys,
    list_keys,
    move_key,
)
from yett.state.errors import StateError
from yett.terms import Event

JWKS_MAX_AGE_SECONDS = 600
# Six times what /jwks allows a cache: verifiers that keep a set somewhat longer have it, too.
PUBLISHED_SECONDS = 3600.0
DAY_SECONDS = 86_400.0
# Part of the RFC 7638 thumbprint: short in every token, and never an option on a command line.
KID_PREFIX, KID_CHARACTERS = "k_", 22
RSA_BITS = 3072  # NIST SP 800-57: good beyond 2030
FORGOTTEN_SECONDS = 366 * DAY_SECONDS  # for how long the store says which keys there were

_MAKE: dict[str, Callable[[], Key]] = {
    "ES256": lambda: ECKey.generate_key("P-256"),
    "EdDSA": lambda: OKPKey.generate_key("Ed25519"),
    "PS256": lambda: RSAKey.generate_key(RSA_BITS),
    "RS256": lambda: RSAKey.generate_key(RSA_BITS),
}


def public_set(tx: Connection) -> dict[str, Any]:
    """Return the JWK set: keys that sign, will sign soon, or signed what may still be good."""
    return public_keys(list_keys(tx))


def signing_key(server: Server, tx: Connection, now: float) -> tuple[SigningKey, Key]:
    """Return the active key, ready to sign; states that are due move on first.

    Raises:
        StateError: its private part does not open.
    """
    keys = list_keys(tx)
    if _is_due(server, keys, now):
        advance(server, tx, now)
        keys = list_keys(tx)
    key = next(one for one in keys if one.state == "active")
    plain = server.box.open(key.private, _name(key.kid))
    return key, JWKRegistry.import_key(json.loads(plain))


def advance(server: Server, tx: Connection, now: float) -> None:
    """Move every key that is due into its next state, and make the successor in time."""
    keys = list_keys(tx)
    active, waiting = _active(keys), _waiting(server, keys)
    if active is None:
        # The first start, or the active key was removed: there is nothing to wait for.
        _activate(tx, waiting or _publish_new(server, tx, now), now)
    elif waiting is None and now >= _follows(server, active):
        _publish_new(server, tx, now)
    elif waiting is not None and now >= waiting.created + PUBLISHED_SECONDS:
        move_key(tx, active.kid, "retired", now)
        _note(tx, "signing-key-retired", active.kid, now)
        _activate(tx, waiting, now)
    for key in keys:
        if _is_over(server, key, now):
            move_key(tx, key.kid, "removed", now)
            _note(tx, "signing-key-removed", key.kid, now)
    forget_keys(tx, now - FORGOTTEN_SECONDS)


def tick(server: Server, now: float) -> None:
    """Do what is due, and publish what changed; a chore of the control process."""
    with server.store.read() as tx:
        due = _is_due(server, list_keys(tx), now)
    if due:
        server.store.write(lambda tx: advance(server, tx, now))
    publish(server)


def publish(server: Server) -> bool:
    """Write `var/issuer-jwks.json` where it differs; answer whether it did.

    Raises:
        StateError: it cannot be written.
    """
    return write_keys(server)


def follow(server: Server, *, now: float, by: str) -> str:
    """Publish the next key before its time; it signs once it has been published long enough.

    Returns:
        Its `kid`; that of the one that waits already where there is one.
    """

    def work(tx: Connection) -> str:
        advance(server, tx, now)
        key = _waiting(server, list_keys(tx)) or _publish_new(server, tx, now, by)
        return key.kid

    kid = server.store.write(work)
    publish(server)
    return kid


def remove_key(server: Server, kid: str, *, now: float, reason: str, by: str) -> None:
    """Remove a key that somebody else may have: at once, and whatever it signed is refused.

    The next key signs from now on, however long it was published: verifiers ask again for an
    unknown `kid`. In the gate's file it stands before it signs anything.

    Raises:
        StateError: there is no such key.
    """

    def prepare(tx: Connection) -> None:
        keys = list_keys(tx)
        active = _active(keys)
        if active is not None and active.kid == kid and _waiting(server, keys) is None:
            _publish_new(server, tx, now, by)

    def work(tx: Connection) -> None:
        if not move_key(tx, kid, "removed", now):
            raise StateError(f"there is no signing key `{kid}`", hint="see `yett signing-key list`")
        revoke(tx, "kid", kid, now=now, reason=reason, by=by, issuer=server.url)
        _note(tx, "signing-key-removed", kid, now, by)
        advance(server, tx, now)

    server.store.write(prepare)
    publish(server)
    server.store.write(work)
    publish(server)


def _active(keys: list[SigningKey]) -> SigningKey | None:
    return next((key for key in keys if key.state == "active"), None)


def _waiting(server: Server, keys: list[SigningKey]) -> SigningKey | None:
    """Return the successor that is published already."""
    wanted = server.settings.algorithm
    return next((k for k in keys if k.state == "published" and k.algorithm == wanted), None)


def _publish_new(server: Server, tx: Connection, now: float, by: str = "yett") -> SigningKey:
    algorithm = server.settings.algorithm
    made = _MAKE[algorithm]()
    kid = KID_PREFIX + made.thumbprint()[:KID_CHARACTERS]
    private = json.dumps(made.as_dict(private=True)).encode()
    key = SigningKey(
        kid=kid,
        algorithm=algorithm,
        public=made.as_dict(private=False),
        private=server.box.seal(private, _name(kid)),
        created=now,
    )
    add_key(tx, key)
    _note(tx, "signing-key-published", kid, now, by)
    return key


def _activate(tx: Connection, key: SigningKey, now: float) -> None:
    move_key(tx, key.kid, "active", now)
    _note(tx, "signing-key-active", key.kid, now)


def _is_due(server: Server, keys: list[SigningKey], now: float) -> bool:
    active, waiting = _active(keys), _waiting(server, keys)
    if active is None or any(_is_over(server, key, now) for key in keys):
        return True
    if waiting is not None:
        return now >= waiting.created + PUBLISHED_SECONDS
    return now >= _follows(server, active)


def _follows(server: Server, active: SigningKey) -> float:
    """Return when a successor is to be published: at once where another algorithm is wanted."""
    if active.algorithm != server.settings.algorithm:
        return 0.0
    return active.active + server.settings.key_days * DAY_SECONDS - PUBLISHED_SECONDS


def _is_over(server: Server, key: SigningKey, now: float) -> bool:
    """Whether nothing it signed can be good, or it was made for what is no longer wanted."""
    if key.state == "published":
        return key.algorithm != server.settings.algorithm
    longest = max(MAX_ACCESS_SECONDS, server.settings.session_lifetime)
    return key.state == "retired" and now >= key.retired + longest + MAX_SKEW_SECONDS


def _name(kid: str) -> str:
    return f"signing-key:{kid}"


def _note(tx: Connection, kind: str, kid: str, now: float, by: str = "yett") -> None:
    note(tx, Event(time=now, request="", kind=kind, principal=by, credential=kid))
