"""`/Users`: people are found, invited, changed, disabled and deleted (RFC 7644 s3).

Each change is one transaction, which ends what it must end. An administrator is not a directory's
to change, and who was disabled here by somebody else is not a directory's to enable. A deleted
account is disabled, loses every way in, and is found no more; its id names nobody else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from scim2_models import Context, PatchOp
from sqlalchemy import Connection

from yett.credentials.api_key import KeyRecord
from yett.issuer import people
from yett.issuer.http import NO_STORE, Answer, Ask
from yett.issuer.lifecycle.compromise import end_ways
from yett.issuer.lifecycle.ending import disable_user, note_user
from yett.issuer.lifecycle.keys import mark_keys, read_keys
from yett.issuer.scim.answers import answered, check_match, listed
from yett.issuer.scim.errors import ScimError
from yett.issuer.scim.filters import PEOPLE, condition_of, sort_field
from yett.issuer.scim.models import TOLERANT, Person
from yett.issuer.scim.oddities import plain_operations
from yett.issuer.scim.pages import page_of
from yett.issuer.scim.person import as_person, columns_of
from yett.issuer.scim.reading import (
    PATCH_OP,
    read_body,
    read_operations,
    read_search,
    read_showing,
)
from yett.issuer.server import Server
from yett.state.accounts.clients import find_client
from yett.state.accounts.groups import drop_memberships
from yett.state.accounts.search import search_people
from yett.state.accounts.users import (
    DISABLED,
    INVITED,
    User,
    add_user,
    change_user,
    find_login,
    find_user,
)

# Ids, and what a deleted account is called.
_RESERVED = re.compile(r"(?:[a-z]_[a-z2-7]{16}|deleted:.*)\Z", re.DOTALL)
MAX_SENT = 200
REASON = "disabled by its directory"
Keys = tuple[KeyRecord, ...]


def search(server: Server, ask: Ask, directory: str) -> Answer:
    """Answer `GET /Users` and `POST /Users/.search`."""
    del directory
    asked = read_search(ask, Person)
    condition = condition_of(asked.filter, PEOPLE)
    page = page_of(asked, sort_field(asked.sort_by, PEOPLE))
    with server.store.read() as tx:
        found, total = search_people(tx, condition, page)
        shown = [as_person(server, tx, one) for one in found]
    return listed(shown, asked, total=total, start=page.skip + 1)


def read(server: Server, ask: Ask, directory: str) -> Answer:
    """Answer `GET /Users/{id}`."""
    del directory
    showing = read_showing(ask, Person)
    with server.store.read() as tx:
        return answered(as_person(server, tx, _known(tx, ask)), showing, ask)


def create(server: Server, ask: Ask, directory: str) -> Answer:
    """Answer `POST /Users`: an invited account, without a way in until an operator makes one."""
    said, showing, keys = read_body(ask), read_showing(ask, Person), read_keys(server)
    policy, context = TOLERANT, Context.RESOURCE_CREATION_REQUEST
    person = Person.model_validate(said, scim_ctx=context, scim_policy=policy)
    fields = columns_of(person, {})

    def work(tx: Connection) -> Any:
        _free(tx, fields["login"], "", keys)
        now = server.clock()
        user = add_user(tx, status=INVITED, now=now, **fields)
        note_user(server, tx, "account-made", user, now=now, text=f"roles none, by {directory}")
        if person.active is False:
            disable_user(server, tx, user, (), reason=REASON, by=directory)
        return as_person(server, tx, _again(tx, user))

    return answered(server.store.write(work), showing, ask, status=201)


def replace(server: Server, ask: Ask, directory: str) -> Answer:
    """Answer `PUT /Users/{id}`; what is not said is taken away, but for `active`."""
    said = read_body(ask)

    def change(held: Any) -> Any:
        policy, context = TOLERANT, Context.RESOURCE_REPLACEMENT_REQUEST
        wanted = Person.model_validate(said, scim_ctx=context, scim_policy=policy)
        wanted.replace(held)
        return wanted

    return _changed(server, ask, directory, change)


def patch(server: Server, ask: Ask, directory: str) -> Answer:
    """Answer `PATCH /Users/{id}`."""
    operations = plain_operations(read_operations(ask))
    # The library looks through all values for each operation, while this holds the one writer.
    sent = sum(len(one["value"]) for one in operations if isinstance(one.get("value"), list))
    if sent > MAX_SENT:
        raise ScimError(400, f"a PATCH of a user has {MAX_SENT} values at most", "invalidValue")
    said = {"schemas": [PATCH_OP], "Operations": operations}

    def change(held: Any) -> Any:
        asked = PatchOp[Person].model_validate(
            said, scim_ctx=Context.RESOURCE_PATCH_REQUEST, scim_policy=TOLERANT
        )
        asked.patch(held, TOLERANT)
        return held

    return _changed(server, ask, directory, change)


def remove(server: Server, ask: Ask, directory: str) -> Answer:
    """Answer `DELETE /Users/{id}`."""
    keys = read_keys(server)

    def work(tx: Connection) -> tuple[str, ...]:
        user = _touchable(server, _known(tx, ask))
        check_match(ask, user.etag)
        ended = disable_user(
            server, tx, user, keys, reason="deleted by its directory", by=directory
        )
        now = server.clock()
        end_ways(tx, _again(tx, user), now)
        drop_memberships(tx, user.id)
        gone = {"login": f"deleted:{user.id}", "external": "", "roles": (), "grouped": ()}
        change_user(tx, _again(tx, user), now=now, deleted=now, **gone)
        note_user(server, tx, "account-deleted", user, now=now, text=f"by {directory}")
        return ended.keys

    mark_keys(server, server.store.write(work), server.clock())
    return Answer(status=204, headers=(NO_STORE,))


def _changed(server: Server, ask: Ask, directory: str, change: Callable[[Any], Any]) -> Answer:
    showing, keys = read_showing(ask, Person), read_keys(server)

    def work(tx: Connection) -> tuple[Any, tuple[str, ...]]:
        user = _known(tx, ask)
        check_match(ask, user.etag)
        wanted = change(as_person(server, tx, user))
        made, ended = _apply(server, tx, user, wanted, keys, by=directory)
        return as_person(server, tx, made), ended

    person, ended = server.store.write(work)
    mark_keys(server, ended, server.clock())
    return answered(person, showing, ask)


def _apply(
    server: Server, tx: Connection, user: User, wanted: Any, keys: Keys, *, by: str
) -> tuple[User, tuple[str, ...]]:
    """Make an account what a directory wants it to be; returns it and the keys that ended."""
    fields = columns_of(wanted, user.profile)
    changed = {name: value for name, value in fields.items() if value != getattr(user, name)}
    ended: tuple[str, ...] = ()
    active = user.status != DISABLED
    if not changed and wanted.active in (None, active):
        return user, ended
    _touchable(server, user)
    if active and wanted.active is False:
        # First, under the login name that its keys may be issued to.
        ended = disable_user(server, tx, user, keys, reason=REASON, by=by).keys
        user = _again(tx, user)
    if changed:
        alive = [key for key in keys if key.id not in ended]
        user = _write(server, tx, user, changed, alive, by=by)
    if not active and wanted.active:
        _may_enable(tx, user)
        user = people.enable_user(server, tx, user, by=by)
    return user, ended


def _write(
    server: Server,
    tx: Connection,
    user: User,
    changed: dict[str, Any],
    keys: list[KeyRecord],
    *,
    by: str,
) -> User:
    if "login" in changed:
        _free(tx, changed["login"], user.id, keys)
        if _holds_keys(user.login, keys):
            text = "API keys are issued to this login name: issue them to the id of the account"
            raise ScimError(400, text, "mutability")
    now = server.clock()
    change_user(tx, user, now=now, **changed)
    text = f"{' '.join(sorted(changed))}, by {by}"
    note_user(server, tx, "account-changed", user, now=now, text=text)
    return _again(tx, user)


def _known(tx: Connection, ask: Ask) -> User:
    user = find_user(tx, ask.arguments["id"])
    if user is None or user.deleted:
        raise ScimError(404, "there is no such user")
    return user


def _again(tx: Connection, user: User) -> User:
    found = find_user(tx, user.id)
    assert found is not None
    return found


def _touchable(server: Server, user: User) -> User:
    """Keep administrators out of a directory's reach: who can change one owns the system."""
    if server.settings.admin_role in user.roles:
        raise ScimError(403, "an administrator is not a directory's to change")
    return user


def _may_enable(tx: Connection, user: User) -> None:
    """Let a directory enable whom a directory disabled: not whom an operator or a policy did."""
    if find_client(tx, user.disabled_by) is None:
        raise ScimError(403, "the account was disabled here; an operator enables it")


def _free(tx: Connection, login: str, own: str, keys: Iterable[KeyRecord]) -> None:
    """Refuse a login name that is somebody's, looks like an id, or that API keys are issued to.

    Whoever got such a name would own the keys, and would take them along when disabled (CWE-694).
    """
    other = find_login(tx, login)
    if other is not None and other.id != own:
        raise ScimError(409, "the `userName` is taken", "uniqueness")
    if _RESERVED.match(login) or _holds_keys(login, keys):
        raise ScimError(409, "the `userName` stands for something else here", "uniqueness")


def _holds_keys(login: str, keys: Iterable[KeyRecord]) -> bool:
    return any(key.owner == login and not key.revoked for key in keys)
