"""The life of an account by the command line."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner

from yett.cli.__main__ import main
from yett.cli.account_place import opened
from yett.issuer.http import Ask
from yett.issuer.server import digest
from yett.issuer.sessions import begin
from yett.state.accounts.notices import untold
from yett.state.accounts.revocations import in_force
from yett.state.accounts.sessions import list_sessions
from yett.state.accounts.tickets import find_ticket
from yett.state.accounts.users import change_user, find_login

TOML = """
[identity]
keys = "keys.json"
[identity.builtin]
url = "http://localhost:8090/auth"
audience = "https://api.example.com"
[[identity.builtin.provider]]
name = "corp"
url = "https://login.example.com"
client_id = "yett"
secret = "corp.secret"
[vocabulary.scopes]
"orders:read" = "read orders"
[vocabulary.roles]
clerk = ["orders:read"]
manager = ["orders:read"]
admin = ["orders:read"]
"""


@pytest.fixture
def folder(tmp_path):
    """A contract folder of which only what is needed is right."""
    (tmp_path / "yett.toml").write_text(TOML + "[nonsense]\nx = 1\n")
    (tmp_path / "keys.json").write_text('{"version":1,"keys":[]}')
    return tmp_path


@pytest.fixture
def run(folder):
    """Run `yett user ...`."""

    def go(*words, code=0):
        done = CliRunner().invoke(main, ["-C", str(folder), "user", *words], standalone_mode=True)
        assert done.exit_code == code, done.output
        return done

    return go


def sign_in(folder, login):
    """Make somebody active, and signed in."""
    with opened(folder) as server:
        now = server.clock()

        def work(tx):
            user = change_user(tx, find_login(tx, login), now=now, status="active")
            ask = Ask(method="POST", path="/", now=now, source="192.0.2.7")
            amr = ("hwk",)
            begin(server, tx, ask, user, acr="urn:yett:phishing-resistant", amr=amr)

        server.store.write(work)


def test_somebody_is_invited_by_a_link(run, folder):
    """The link alone stands on standard output, good once; the account waits for its passkey."""
    done = run("add", "Ana@Example.com", "--name", "Ana Lima", "--role", "clerk")
    link = done.stdout.strip()
    assert re.fullmatch(r"http://localhost:8090/auth/enrol#[\w-]{43}", link)
    assert "good once and for 24 hours" in done.stderr
    with opened(folder) as server, server.store.read() as tx:
        user = find_login(tx, "ana@example.com")
        ticket = find_ticket(tx, digest(link.partition("#")[2]), "enrol", server.clock())
        kinds = [event.kind for _, event in untold(tx)]
        notes = [event.note for _, event in untold(tx)]
    assert (user.status, user.roles, user.name) == ("invited", ("clerk",), "Ana Lima")
    assert ticket.user == user.id
    assert kinds == ["account-made", "user-invited"]
    assert all("by cli:" in note for note in notes)
    assert link.partition("#")[2] not in repr(notes)


def test_a_new_link_ends_the_old(run, folder):
    """Whoever found the first link has nothing."""
    old = run("add", "ana").stdout.strip().partition("#")[2]
    new = json.loads(run("invite", "ana", "--format", "json").stdout)["link"].partition("#")[2]
    with opened(folder) as server, server.store.read() as tx:
        assert find_ticket(tx, digest(old), "enrol", server.clock()) is None
        assert find_ticket(tx, digest(new), "enrol", server.clock()) is not None


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (("add", "ana"), "the login name `ana` is taken", "`yett user invite ana`"),
        (("add", "a b"), "a login name has spaces", ""),
        (("add", "new", "--role", "clark"), "no role `clark`", "did you mean `clerk`?"),
        (("show", "nobody"), "there is no account `nobody`", "`yett user list` shows them"),
        (("roles", "ana", "--add", "mangaer"), "no role `mangaer`", "did you mean `manager`?"),
        (("roles", "ana", "--remove", "admin"), "does not have the role `admin`", "has: clerk"),
        (("roles", "ana", "--set", "clerk", "--add", "admin"), "`--set` says all", "one of them"),
        (("link", "ana", "--provider", "cor", "--subject", "1"), "no provider `cor`", "corp"),
        (("link", "ana", "--provider", "corp", "--subject", ""), "this is no subject", "`sub`"),
        (("disabel", "ana"), "no such command `disabel`", "did you mean"),
    ],
)
def test_mistakes_are_explained(run, words, message, hint):
    """A message, a next step, exit code 2, and nothing is changed."""
    run("add", "ana", "--role", "clerk")
    before = run("list", "--format", "json").stdout
    done = run(*words, code=2)
    assert message in done.stderr
    assert hint in done.stderr
    assert run("list", "--format", "json").stdout == before


def test_people_are_listed(run):
    """By login name, by role, by status; JSON has neither hash nor profile."""
    run("add", "ben", "--role", "clerk")
    run("add", "ana", "--role", "admin")
    lines = run("list").stdout.splitlines()
    assert [line.split()[4] for line in lines] == ["ana", "ben"]
    assert len(run("list", "--role", "clerk").stdout.splitlines()) == 1
    assert run("list", "--status", "disabled").stdout == ""
    shown = json.loads(run("list", "--format", "json").stdout)
    assert [one["login"] for one in shown] == ["ana", "ben"]
    assert not {"password", "profile"} & shown[0].keys()


def test_disabling_ends_everything_at_once(run, folder):
    """Session and tokens end in the same transaction; enabling brings nothing back."""
    run("add", "ana", "--role", "clerk")
    sign_in(folder, "ana")
    done = run("disable", "ana", "--reason", "left")
    assert "ana is disabled; ended: 1 sessions" in done.stderr
    with opened(folder) as server, server.store.read() as tx:
        user = find_login(tx, "ana")
        revoked = {row.kind for row in in_force(tx, server.clock())}
        assert list_sessions(tx, user.id, server.clock()) == []
    assert user.status == "disabled"
    assert revoked == {"sid", "sub"}
    assert "is disabled" in run("invite", "ana", code=2).stderr
    assert "ana is invited" in run("enable", "ana").stderr  # it never had a passkey
    assert run("sessions", "ana").stdout == ""


def test_the_last_administrator_stays(run, folder):
    """Neither disabled nor robbed of the role, until there is another who can sign in."""
    run("add", "ana", "--role", "admin")
    sign_in(folder, "ana")
    run("add", "ben", "--role", "admin")  # invited: cannot administer yet
    for words in (("disable", "ana"), ("roles", "ana", "--remove", "admin")):
        assert "`ana` is the last administrator" in run(*words, code=2).stderr
    sign_in(folder, "ben")
    run("roles", "ana", "--remove", "admin")
    assert "`ben` is the last administrator" in run("disable", "ben", code=2).stderr


def test_roles_are_changed(run, folder):
    """Given, taken and set; tokens with a taken role are refused, others are not."""
    run("add", "ana", "--role", "clerk")
    assert run("roles", "ana", "--add", "manager").stdout.split() == ["clerk", "manager"]
    with opened(folder) as server, server.store.read() as tx:
        assert in_force(tx, server.clock()) == []
    assert run("roles", "ana", "--remove", "clerk").stdout.split() == ["manager"]
    with opened(folder) as server, server.store.read() as tx:
        (row,) = in_force(tx, server.clock())
        assert (row.kind, row.value) == ("sub", find_login(tx, "ana").id)
        assert row.before is not None
    assert run("roles", "ana", "--set", "clerk").stdout.split() == ["clerk"]
    assert run("roles", "ana").stdout.split() == ["clerk"]


def test_an_account_is_found_by_its_id(run):
    """Login names change, ids do not."""
    made = json.loads(run("add", "ana", "--format", "json").stdout)
    assert json.loads(run("show", made["id"], "--format", "json").stdout)["login"] == "ana"


def test_without_an_issuer_there_are_no_people(run, folder):
    """It is said, with where to read on."""
    (folder / "yett.toml").write_text("[identity]\n")
    done = run("list", code=2)
    assert "there is no [identity.builtin]" in done.stderr


def test_help_works_anywhere(tmp_path):
    """No folder is needed to read what there is; each command has an example."""
    for name in ("", *main.get_command(None, "user").commands):
        words = ["user", *([name] if name else []), "--help"]
        done = CliRunner().invoke(main, ["-C", str(tmp_path), *words])
        assert done.exit_code == 0
        assert "Example: yett user" in " ".join(done.output.split())
