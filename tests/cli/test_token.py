"""Revoking by the command line, with a follower of the store reading along."""

from __future__ import annotations

import json
import re
import time

import pytest
from click.testing import CliRunner
from kit import hostile
from kit.accounts import AUDIENCE, ISSUER

from yett.cli.__main__ import main
from yett.contract.config import Config
from yett.contract.identity_settings import IdentityConfig
from yett.state.accounts import AccountStore
from yett.state.accounts.notices import untold
from yett.state.accounts.revocations import in_force
from yett.state.accounts.users import add_user
from yett.state.revocation_feed import RevocationFeed
from yett.terms import Principal

PLAIN = f"""
[[identity.issuer]]
url = "{hostile.ISSUER}"
audience = "{hostile.AUDIENCE}"
algorithms = {json.dumps(list(hostile.ALGORITHMS))}
jwks = "jwks.json"
"""
BUILTIN = f"""
[identity.builtin]
url = "{ISSUER}"
audience = "{AUDIENCE}"
"""
ANA = Principal(id="ana", kind="user", issuer="i", credential="t-1", claims={"iat": 1000})


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "yett.toml").write_text(PLAIN)
    (tmp_path / "jwks.json").write_text(json.dumps(hostile.JWKS))
    return tmp_path


@pytest.fixture
def run(folder):
    def go(*words, code=0, **more):
        done = CliRunner().invoke(main, ["-C", str(folder), "token", *words], **more)
        assert done.exit_code == code, done.output
        return done

    return go


@pytest.fixture
def store(folder):
    made = AccountStore("sqlite:///var/yett.db", folder)
    yield made
    made.close()


def feed(folder):
    return RevocationFeed.from_config(Config(api={}, identity=IdentityConfig()), folder)


def test_the_first_revocation_makes_the_store(run, folder):
    """Without an issuer of our own there is no store until somebody is revoked."""
    gate = feed(folder)
    assert not gate.covers(ANA)
    run("revoke", "--sub", "ana", "--reason", "left")
    gate.poll()
    assert gate.covers(ANA)
    assert (folder / "var" / "yett.db").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("kind", ["sub", "client", "sid", "jti", "key", "kid", "grant"])
def test_each_kind_is_listed(run, kind):
    """What was revoked is shown with all that was said of it."""
    run("revoke", f"--{kind}", "v-1", "--issuer", "https://i", "--reason", "why")
    (row,) = json.loads(run("list", "--format", "json").output)
    assert (row["kind"], row["value"], row["issuer"], row["reason"]) == (
        kind,
        "v-1",
        "https://i",
        "why",
    )
    assert row["by"].startswith("cli:")
    assert "v-1 of https://i" in run("list").output


def test_a_cut_off_spares_what_comes_later(run, folder):
    """`--before now` is for a theft, not for a ban."""
    run("revoke", "--sub", "ana", "--before", "now")
    gate = feed(folder)
    later = Principal(id="ana", kind="user", issuer="i", claims={"iat": time.time() + 1})
    assert gate.covers(ANA)
    assert not gate.covers(later)


def test_a_mistake_is_taken_back(run, folder):
    """By its number, once; it is in the record twice."""
    run("revoke", "--sub", "ana")
    run("restore", "1", "--reason", "the wrong ana")
    assert not feed(folder).covers(ANA)
    run("restore", "1", code=2)
    run("restore", "99", code=2)
    assert "nothing is revoked" in run("list").stderr


def test_what_is_done_is_recorded(run, store):
    """The ledger hears who revoked what, in the same transaction."""
    run("revoke", "--jti", "t-9", "--reason", "leaked")
    run("restore", "1")
    with store.read() as tx:
        told = [(event.kind, event.note) for _, event in untold(tx)]
    assert told == [("token-revoked", "1: jti t-9, leaked"), ("token-restored", "1: jti t-9, ")]


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--sub", "a", "--jti", "b"],
        ["--sub", ""],
        ["--sub", "a", "--before", "yesterday-ish"],
        ["--compromised"],
        ["--user", "ana"],
        ["--user", "ana", "--compromised", "--sub", "x"],
        ["--user", "ana", "--passkeys"],
        ["--jti", "e" * 2000],
    ],
)
def test_what_is_not_meant_revokes_nothing(run, store, words):
    """A command that is not clear ends with 2 and changes nothing."""
    run("revoke", *words, code=2)
    store.prepare()
    with store.read() as tx:
        assert in_force(tx, 0.0) == []


def test_a_compromised_account_ends_at_once(run, folder, store):
    """One command, all that the account holds; its sub is cut off."""
    (folder / "yett.toml").write_text(BUILTIN)
    store.prepare()
    user = store.write(lambda tx: add_user(tx, login="ana", now=time.time()))
    done = run("revoke", "--user", "ana", "--compromised", "--passkeys")
    assert f"account {user.id} (ana): ended 0 sessions" in done.stderr
    with store.read() as tx:
        assert [(row.kind, row.value) for row in in_force(tx, time.time())] == [("sub", user.id)]
    run("revoke", "--user", "nobody", "--compromised", code=2)


def test_without_an_issuer_there_is_no_account(run):
    """Accounts are those of the builtin issuer; the words say so."""
    assert "identity.builtin" in run("revoke", "--user", "a", "--compromised", code=2).stderr


def inspected(run, text, code, form="json"):
    done = run("inspect", "--format", form, input=text, code=code)
    return json.loads(done.stdout) if form == "json" else done.stdout


def test_a_token_is_inspected(run, monkeypatch):
    """Header, claims, whose, until when; the gate's verdict; never the signature."""
    monkeypatch.setattr("yett.cli.token.time.time", lambda: hostile.NOW)
    found = inspected(run, hostile.GOOD, 0)
    assert found["accepted"]
    assert found["verified"]
    assert found["principal"]["id"] == "user-1"
    text = inspected(run, hostile.GOOD, 0, "text")
    assert "claims (verified)" in text
    for shown in (text, json.dumps(found)):
        assert hostile.GOOD.split(b".")[2].decode() not in shown


def test_a_forged_token_is_called_unverified(run, monkeypatch):
    """What nobody vouches for is shown as such, and refused with the gate's own reason."""
    monkeypatch.setattr("yett.cli.token.time.time", lambda: hostile.NOW)
    head, payload, signature = hostile.GOOD.split(b".")
    forged = b".".join((head, payload, signature[:-4] + b"AAAA"))
    found = inspected(run, forged, 1)
    assert not found["verified"]
    assert "signature" in found["why"]
    text = inspected(run, forged, 1, "text")
    assert "unverified" in text
    assert "whose" not in text


def test_a_revoked_token_says_by_what(run, monkeypatch):
    """The row that covers it is named."""
    run("revoke", "--sub", "user-1", "--reason", "stolen laptop")
    monkeypatch.setattr("yett.cli.token.time.time", lambda: hostile.NOW)
    found = inspected(run, hostile.GOOD, 1)
    assert found["why"] == "it is revoked"
    assert (found["revoked"]["kind"], found["revoked"]["reason"]) == ("sub", "stolen laptop")


def test_every_hostile_token_is_refused_in_words(run, monkeypatch):
    """Whatever is piped in, the answer is a refusal, and no secret or control character."""
    monkeypatch.setattr("yett.cli.token.time.time", lambda: hostile.NOW)
    for name, text in list(hostile.HOSTILE.items())[::4]:
        done = run("inspect", input=text, code=1 if len(text) <= 65536 and text.strip() else 2)
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", done.stdout), name


@pytest.mark.parametrize("text", [b"", b"   \n", b"a" * 70_000])
def test_nothing_to_inspect(run, text):
    """Nothing, or more than a token can be, is an input error."""
    run("inspect", input=text, code=2)


def test_an_api_key_is_inspected(run, folder):
    """By its id; the key itself is not printed."""
    with (folder / "yett.toml").open("a") as file:
        file.write('[identity]\nkeys = "keys.json"\n')
    made = CliRunner().invoke(main, ["-C", str(folder), "key", "issue", "--owner", "ana"])
    text = made.stdout.strip()
    found = inspected(run, text, 0)
    assert (found["kind"], found["principal"]["id"]) == ("api key", "ana")
    assert text not in json.dumps(found)
    run("revoke", "--key", found["id"])
    assert inspected(run, text, 1)["revoked"]["kind"] == "key"
