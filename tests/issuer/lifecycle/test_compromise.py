"""One command ends a compromised account's access; its workers never see half of it."""

from __future__ import annotations

import pytest
from kit.accounts import NOW
from kit.lives import Lives

from yett.issuer.enrol import invite
from yett.issuer.lifecycle.compromise import end_compromised
from yett.issuer.lifecycle.keys import read_keys
from yett.issuer.recovery import redeem, renew
from yett.issuer.server import digest
from yett.state.accounts.links import Link, add_link, links_of
from yett.state.accounts.notices import untold
from yett.state.accounts.passkeys import list_passkeys
from yett.state.accounts.revocations import in_force
from yett.state.accounts.tickets import find_ticket
from yett.state.accounts.totps import find_totp, put_totp
from yett.state.accounts.users import ACTIVE, find_user
from yett.state.errors import StateError


@pytest.fixture
def lives(tmp_path):
    made = Lives(tmp_path)
    yield made
    made.server.store.close()


def test_all_that_it_holds_ends_and_the_account_stays(lives):
    """Its owner can sign in with the passkey again; whoever took a token cannot use it."""
    user = lives.person()
    lives.equip(user)
    found, ended = end_compromised(lives.server, "ada", by="cli:root")
    assert found.id == user.id
    assert all((ended.sessions, ended.grants, ended.keys, ended.services))
    assert [one.revoked for one in read_keys(lives.server)] == [NOW]
    with lives.server.store.read() as tx:
        assert find_user(tx, user.id).status == ACTIVE
        assert len(list_passkeys(tx, user.id)) == 1
        assert "account-compromised" in [event.kind for _, event in untold(tx)]


def test_with_passkeys_nobody_gets_in(lives):
    """Passkeys and password end; the account is found by its id as well."""
    user = lives.person(password="$argon2id$x")
    lives.equip(user)
    end_compromised(lives.server, user.id, by="cli:root", passkeys=True)
    with lives.server.store.read() as tx:
        assert list_passkeys(tx, user.id) == []
        assert find_user(tx, user.id).password == ""


def test_with_passkeys_every_other_way_in_ends(lives):
    """Recovery codes, app, links and open invitations that a thief may have made are worthless."""
    user = lives.person()
    server = lives.server

    def equip(tx):
        put_totp(tx, user.id, b"sealed", 1, NOW)
        add_link(tx, Link(issuer="https://i", subject="1", user=user.id, created=NOW))
        secret = invite(server, tx, user, now=NOW, by="cli:root").partition("#")[2]
        return renew(tx, user.id, NOW, user.id)[0], secret

    code, secret = server.store.write(equip)
    end_compromised(server, user.id, by="cli:root", passkeys=True)
    assert not server.store.write(lambda tx: redeem(tx, user.id, code, NOW))
    with server.store.read() as tx:
        assert find_totp(tx, user.id) is None
        assert links_of(tx, user.id) == ()
        assert find_ticket(tx, digest(secret), "enrol", NOW) is None


def test_an_administrator_can_be_compromised(lives):
    """The last one, too: what was stolen ends, the account is not disabled."""
    lives.person("root", roles=("admin",))
    end_compromised(lives.server, "root", by="cli:root")


def test_it_is_one_transaction(lives):
    """A reader sees nothing of it, then all of it."""
    user = lives.person()
    lives.equip(user)
    seen = set()
    write = lives.server.store.write

    def watched(work):
        def looking(tx):
            answer = work(tx)
            with lives.server.store.read() as other:
                seen.add(len(in_force(other, NOW)))
            return answer

        return write(looking)

    lives.server.store.write = watched
    end_compromised(lives.server, "ada", by="")
    assert seen == {0}
    assert len(lives.read(lambda tx: in_force(tx, NOW))) == 6


def test_an_unknown_account_is_a_named_error(lives):
    """Nothing happens to anybody."""
    with pytest.raises(StateError, match="no account `nobody`"):
        end_compromised(lives.server, "nobody", by="")
