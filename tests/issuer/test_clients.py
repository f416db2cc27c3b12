"""Clients are made by operators, rotated with overlap, and disabled with all that they hold."""

from __future__ import annotations

import msgspec
import pytest
from kit.accounts import NOW
from kit.oauth import GRANTS, REDIRECT, Party, claims_of, error_of

from yett.issuer import clients
from yett.issuer.client_auth import MAX_SECRETS, identify
from yett.issuer.http import Ask
from yett.state.accounts.clients import Client, find_client
from yett.state.accounts.grants import list_grants
from yett.state.accounts.notices import untold
from yett.state.accounts.revocations import in_force, is_covered
from yett.state.accounts.users import add_user, change_user
from yett.state.errors import StateError

DRAFT = Client(
    id="",
    kind="confidential",
    name="Web shop",
    auth="client_secret_post",
    grants=GRANTS,
    redirects=(REDIRECT,),
    scopes=("orders:read",),
)


def register(server, draft=DRAFT, **fields):
    draft = msgspec.structs.replace(draft, **fields)
    return server.store.write(lambda tx: clients.register(server, tx, draft, now=NOW, by="cli:ops"))


def rotate(server, client, overlap, now):
    def work(tx):
        fresh = find_client(tx, client.id)
        return clients.rotate(tx, fresh, overlap=overlap, now=now, by="cli:ops")

    return server.store.write(work)


def works(server, client, secret, now=NOW):
    sent = {"client_id": client.id, "client_secret": secret}
    try:
        return identify(server, Ask(method="POST", path="/token", now=now, form=sent)) is not None
    except Exception as error:  # noqa: BLE001 - whatever it is, it does not work
        assert error.code == "invalid_client"  # noqa: PT017
        return False


def test_a_client_gets_an_id_of_its_own_and_a_secret_once(server):
    """Ids are made here, so that no client takes a person's; the store has the digest alone."""
    client, secret = register(server)
    assert client.id.startswith("c_")
    assert len(client.id) == 18
    assert secret.startswith("ycs_")
    assert len(secret) == 47
    with server.store.read() as tx:
        kept = find_client(tx, client.id)
    assert kept == client
    assert secret not in str(msgspec.to_builtins(kept))
    assert works(server, client, secret)


def test_a_service_needs_an_owner_who_is_not_disabled(server, person):
    """An existing user, by id or by login name; who is only invited will do."""
    service = msgspec.structs.replace(DRAFT, kind="service", grants=("client_credentials",))
    for owner in ("", "nobody"):
        with pytest.raises(StateError):
            register(server, service, owner=owner)
    made, _ = register(server, service, owner=person.id)
    assert made.id.startswith("s_")
    server.store.write(lambda tx: add_user(tx, login="ben", status="invited", now=NOW))
    assert register(server, service, owner="ben")[0].owner
    server.store.write(lambda tx: change_user(tx, person, status="disabled", now=NOW))
    with pytest.raises(StateError) as caught:
        register(server, service, owner=person.id)
    assert str(caught.value) == f"the user `{person.id}` is disabled"


def test_secrets_overlap_for_as_long_as_was_said(server):
    """Both are good until the end of the overlap; nought ends the old one now."""
    client, old = register(server)
    new = rotate(server, client, 100, NOW)
    assert works(server, client, old, NOW + 99)
    assert works(server, client, new, NOW + 99)
    assert not works(server, client, old, NOW + 100)
    newest = rotate(server, client, 0, NOW + 150)
    assert not works(server, client, new, NOW + 150)
    assert works(server, client, newest, NOW + 150)


def test_a_second_rotation_never_lengthens_the_first(server):
    """An old secret that was to end ends then, however often one is rotated after it."""
    client, old = register(server)
    rotate(server, client, 100, NOW)
    rotate(server, client, 10_000, NOW + 1)
    assert not works(server, client, old, NOW + 100)


def test_only_so_many_are_good_at_once(server):
    """The oldest goes when there are too many: each is one more to lose."""
    client, first = register(server)
    for number in range(MAX_SECRETS + 2):
        last = rotate(server, client, 10_000, NOW + number)
    with server.store.read() as tx:
        assert len(find_client(tx, client.id).secrets) == MAX_SECRETS
    assert not works(server, client, first, NOW + 9)
    assert works(server, client, last, NOW + 9)


def test_a_client_without_a_secret_has_none_to_rotate(server):
    """Public clients and those with keys are told what to do instead."""
    public, secret = register(server, kind="public", auth="none", grants=("authorization_code",))
    assert secret == ""
    with pytest.raises(StateError) as caught:
        rotate(server, public, 0, NOW)
    assert "--jwks" in caught.value.hint


def test_keys_are_replaced_only_by_good_ones(server):
    """What would not be registered does not take the place of what was."""
    client, _ = register(server)
    replace = lambda **fields: server.store.write(  # noqa: E731 - reads as a table
        lambda tx: clients.replace_keys(server, tx, client, now=NOW, by="x", **fields)
    )
    for fields in ({"jwks": {"keys": []}}, {"certificate": "dns:x"}):
        with pytest.raises(StateError):
            replace(**fields)


def test_disabling_ends_everything_it_holds(server):
    """Its families end, its tokens are cut off, it gets no more; enabling gives nothing back."""
    party = Party(server)
    held = party.exchange()
    ended = server.store.write(
        lambda tx: clients.disable(server, tx, party.client, now=NOW + 1, by="cli:ops")
    )
    assert ended == 1
    with server.store.read() as tx:
        rows = {row.kind: row for row in in_force(tx, NOW + 1)}
        assert list_grants(tx, NOW + 1, client="app") == []
        assert find_client(tx, "app").status == "disabled"
        assert {"client-disabled", "grant-ended"} <= {event.kind for _, event in untold(tx)}
    assert rows["client"].before == NOW + 1 + clients.COMMIT_SECONDS
    assert rows["grant"].value == claims_of(held["access_token"])["grant"]
    assert error_of(party.refresh, held["refresh_token"]) == "invalid_client"

    def enable(tx):
        clients.enable(tx, find_client(tx, "app"), now=NOW + 2, by="cli:ops")

    server.store.write(enable)
    party.now = NOW + 3
    assert error_of(party.refresh, held["refresh_token"]) == "invalid_grant"
    assert claims_of(party.exchange()["access_token"])["iat"] > rows["client"].before


def test_a_service_is_enabled_only_with_somebody_who_answers(server, person):
    """Its owner must not be disabled, or another one takes it over first."""
    service = msgspec.structs.replace(DRAFT, kind="service", grants=("client_credentials",))
    made, _ = register(server, service, owner=person.id)
    server.store.write(lambda tx: change_user(tx, person, status="disabled", now=NOW))
    with pytest.raises(StateError):
        server.store.write(lambda tx: clients.enable(tx, made, now=NOW, by="x"))
    other = server.store.write(lambda tx: add_user(tx, login="ben", roles=("clerk",), now=NOW))
    server.store.write(lambda tx: clients.hand_to(tx, made, other.login, now=NOW, by="x"))
    with server.store.read() as tx:
        kept = find_client(tx, made.id)
    assert kept.owner == other.id
    server.store.write(lambda tx: clients.enable(tx, kept, now=NOW, by="x"))


def test_who_is_unknown_is_said(server):
    """An id that names nobody is the user's mistake, with a next step."""
    with server.store.read() as tx, pytest.raises(StateError) as caught:
        clients.known_client(tx, "c_nobody")
    assert (str(caught.value), caught.value.hint) == (
        "there is no client `c_nobody`",
        "`list` shows them",
    )


def test_a_disabled_service_is_nobodys_subject(server):
    """What another service exchanged its token for names that one as client, and is refused, too."""
    party = Party(server, name="billing", kind="service")
    server.store.write(
        lambda tx: clients.disable(server, tx, party.client, now=NOW + 1, by="cli:ops")
    )
    names = (("sub", "billing"), ("client", "ledger"))
    with server.store.read() as tx:
        assert is_covered(tx, names, issuer=server.url, issued=NOW, now=NOW + 1)
