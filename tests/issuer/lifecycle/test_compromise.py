"""One command ends a compromised account's access; its workers never see half of it."""

from __future__ import annotations

import pytest
from kit.accounts import NOW
from kit.lives import Lives

from yett.issuer.lifecycle.compromise import end_compromised
from yett.issuer.lifecycle.keys import read_keys
from yett.state.accounts.notices import untold
from yett.state.accounts.passkeys import list_passkeys
from yett.state.accounts.revocations import in_force
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
    assert len(lives.read(lambda tx: in_force(tx, NOW))) == 5


def test_an_unknown_account_is_a_named_error(lives):
    """Nothing happens to anybody."""
    with pytest.raises(StateError, match="no account `nobody`"):
        end_compromised(lives.server, "nobody", by="")
