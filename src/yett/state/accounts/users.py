"""People who may sign in: added, found by id or login name, changed under their `etag`.

A login name is folded once, here, so that two spellings of it are one person (RFC 8265 s3.3, in
spirit: NFKC, case folded, no spaces, controls or unassigned characters). Ids are never reused.
"""

from __future__ import annotations

import base64
import secrets
import unicodedata
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Row, select, update

from yett.state.accounts.tables import users
from yett.state.errors import StateError

ID_BYTES = 10  # 80 bits, 16 characters of base32: not a secret, but never twice
MAX_LOGIN_CHARACTERS = 190
MAX_USERS_AT_ONCE = 500

INVITED, ACTIVE, DISABLED = "invited", "active", "disabled"
LISTS = frozenset(("roles", "grouped"))  # tuples here, lists in JSON


class User(Struct, frozen=True, kw_only=True):
    """A row of `users`; see `tables.py` for what the fields mean."""

    id: str
    login: str
    email: str = ""
    name: str = ""
    status: str = ACTIVE
    roles: tuple[str, ...] = ()
    grouped: tuple[str, ...] = ()
    tenant: str = ""
    external: str = ""
    password: str = ""
    profile: dict[str, Any] = {}
    created: float = 0.0
    changed: float = 0.0
    active: float = 0.0
    warned: float = 0.0
    disabled: float = 0.0
    disabled_by: str = ""
    deleted: float = 0.0
    etag: int = 1

    def __repr__(self) -> str:
        return f"User(id={self.id!r})"  # neither the password's hash nor the profile


def new_user_id() -> str:
    """Make the id of a user, which becomes the `sub` of tokens: `u_` and 16 characters."""
    return "u_" + base64.b32encode(secrets.token_bytes(ID_BYTES)).decode().lower()


def fold_login(login: str) -> str:
    """Return the one spelling of a login name.

    Raises:
        StateError: it is empty, too long, or has characters that nobody sees.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", login.strip()).casefold())
    hint = f"1 to {MAX_LOGIN_CHARACTERS} letters, digits and signs, no spaces"
    if not folded or len(folded) > MAX_LOGIN_CHARACTERS:
        raise StateError("a login name is empty or too long", hint=hint)
    if any(unicodedata.category(character)[0] in "CZ" for character in folded):
        raise StateError("a login name has spaces or invisible characters", hint=hint)
    return folded


def add_user(
    tx: Connection,
    *,
    login: str,
    now: float,
    email: str = "",
    name: str = "",
    status: str = ACTIVE,
    roles: tuple[str, ...] = (),
    tenant: str = "",
    external: str = "",
    password: str = "",
    profile: dict[str, Any] | None = None,
) -> User:
    """Add a person; `login` as it was typed, `password` an Argon2id string.

    Raises:
        StateError: the login name cannot be used, or is somebody's.
    """
    user = User(
        id=new_user_id(),
        login=fold_login(login),
        email=email,
        name=name,
        status=status,
        roles=roles,
        tenant=tenant,
        external=external,
        password=password,
        profile=profile or {},
        created=now,
        changed=now,
    )
    if find_login(tx, user.login) is not None:
        hint = f"choose another; a new link for the same person: `yett user invite {user.login}`"
        raise StateError(f"the login name `{user.login}` is taken", hint=hint)
    tx.execute(users.insert().values(**_columns(user)))
    return user


def find_user(tx: Connection, id: str) -> User | None:  # noqa: A002 - the fixed signature
    """Return a user by its id."""
    return _user(tx.execute(select(users).where(users.c.id == id)).first())


def find_login(tx: Connection, login: str) -> User | None:
    """Return a user by its login name, however it is spelled."""
    try:
        folded = fold_login(login)
    except StateError:
        return None
    return _user(tx.execute(select(users).where(users.c.login == folded)).first())


def find_external(tx: Connection, external: str) -> User | None:
    """Return a user by the id that a directory gave it."""
    if not external:
        return None
    return _user(tx.execute(select(users).where(users.c.external == external)).first())


def list_users(tx: Connection, *, after: str = "", limit: int = MAX_USERS_AT_ONCE) -> list[User]:
    """Return users in the order of their login names, those after one name."""
    rows = tx.execute(
        select(users)
        .where(users.c.login > after)
        .order_by(users.c.login)
        .limit(min(limit, MAX_USERS_AT_ONCE))
    )
    return [user for row in rows if (user := _user(row)) is not None]


def count_active(tx: Connection, role: str, *, without: str = "") -> int:
    """Return how many active users have a role; `without` leaves one of them out.

    Roles are a list in JSON, which the two engines search differently, so they are looked at here.
    """
    rows = tx.execute(select(users.c.id, users.c.roles).where(users.c.status == ACTIVE))
    return sum(1 for id_, roles in rows if role in roles and id_ != without)


def change_user(tx: Connection, user: User, *, now: float, **fields: Any) -> User | None:
    """Change fields of the user as it was read; None when somebody changed it meanwhile.

    Raises:
        StateError: the new login name cannot be used, or is somebody's.
    """
    if "login" in fields:
        fields["login"] = fold_login(fields["login"])
        other = find_login(tx, fields["login"])
        if other is not None and other.id != user.id:
            raise StateError(f"the login name `{other.login}` is taken", hint="choose another")
    for name in LISTS & fields.keys():
        fields[name] = list(fields[name])
    done = tx.execute(
        update(users)
        .where(users.c.id == user.id, users.c.etag == user.etag)
        .values(**fields, changed=now, etag=user.etag + 1)
    )
    return find_user(tx, user.id) if done.rowcount == 1 else None


def saw_user(tx: Connection, id: str, now: float) -> None:  # noqa: A002 - as in find_user
    """Put down that somebody signed in or called; no change of the account itself."""
    tx.execute(
        update(users).where(users.c.id == id, users.c.active < now).values(active=now, warned=0.0)
    )


def warned_user(tx: Connection, id: str, now: float) -> None:  # noqa: A002 - as in find_user
    """Put down that somebody was warned of being idle; use takes it away."""
    tx.execute(update(users).where(users.c.id == id).values(warned=now))


def _columns(user: User) -> dict[str, Any]:
    fields = {name: getattr(user, name) for name in User.__struct_fields__}
    return {**fields, **{name: list(fields[name]) for name in LISTS}}


def _user(row: Row[Any] | None) -> User | None:
    if row is None:
        return None
    fields = dict(row._mapping)  # noqa: SLF001 - the documented way to a row's names
    return User(**{**fields, **{name: tuple(fields[name]) for name in LISTS}})
