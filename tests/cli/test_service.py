"""The life of a service account by the command line, with the token endpoint answering along."""

from __future__ import annotations

import json
import time

import pytest
from kit.account_folder import accounts, yett
from kit.hostile import ec_jwk
from kit.oauth import KEY, assertion

from yett.cli.account_place import opened
from yett.issuer.errors import OAuthError
from yett.issuer.http import Ask
from yett.issuer.token import token
from yett.state.accounts.notices import untold
from yett.state.accounts.revocations import in_force
from yett.state.accounts.users import change_user, find_login

__all__ = ["accounts", "yett"]


def acts(folder, identifier, secret):
    """The code of a refusal, or the scopes of a token."""
    form = {
        "grant_type": "client_credentials",
        "client_id": identifier,
        "client_secret": secret,
    }
    ask = Ask(method="POST", path="/token", now=time.time(), form=form)
    with opened(folder) as server:
        try:
            return json.loads(token(server, ask).body)["scope"]
        except OAuthError as error:
            return error.code


def made(yett, *more):
    words = ("service", "add", "billing", "--owner", "ana", "--auth", "client_secret_post", *more)
    shown = json.loads(yett(*words, "--format", "json").stdout)
    return shown["client_id"], shown["client_secret"]


def test_the_life_of_a_service(yett, accounts):
    """Added, used, rotated with overlap, rotated without, disabled, enabled."""
    identifier, first = made(yett, "--role", "clerk")
    assert acts(accounts, identifier, first) == "orders:read"
    second = yett("service", "rotate", identifier).stdout.strip()
    assert acts(accounts, identifier, first) == acts(accounts, identifier, second) == "orders:read"
    third = yett("service", "rotate", identifier, "--overlap", "0").stdout.strip()
    assert acts(accounts, identifier, second) == "invalid_client"
    assert acts(accounts, identifier, third) == "orders:read"
    yett("service", "disable", identifier)
    assert acts(accounts, identifier, third) == "invalid_client"
    with opened(accounts) as server, server.store.read() as tx:
        ended = {(r.kind, r.value) for r in in_force(tx, time.time())}
        assert ended == {("client", identifier), ("sub", identifier)}
    yett("service", "enable", identifier)
    assert acts(accounts, identifier, third) == "orders:read"


def test_a_secret_is_printed_once_and_alone(yett, accounts):
    """Standard output has the secret and nothing else; afterwards nobody has it."""
    done = yett("service", "add", "billing", "--owner", "ana", "--scope", "orders:read")
    secret = done.stdout.strip()
    assert secret.startswith("ycs_")
    assert done.stdout == secret + "\n"
    assert "shown once" in done.stderr
    assert secret not in done.stderr
    listed = yett("service", "list", "--format", "json").stdout
    assert secret not in listed
    assert "digest" not in listed
    assert secret.encode() not in (accounts / "var/yett.db").read_bytes()


def test_what_it_may_do_is_listed(yett):
    """Who answers for it, what it has, and nothing secret."""
    made(yett, "--role", "clerk", "--scope", "orders:write")
    line = yett("service", "list").stdout
    assert line.startswith("s_")
    assert "active" in line
    assert line.rstrip().endswith("billing  ana  clerk orders:write")
    assert yett("client", "list").stdout == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--owner", "nobody"), "there is no user `nobody`"),
        (("--owner", "ana", "--role", "boss"), "the vocabulary has no role `boss`"),
        (("--owner", "ana", "--scope", "orders"), "the vocabulary has no scope `orders`"),
        (("--owner", "ana", "--scope", "openid"), "the vocabulary has no scope `openid`"),
        (("--owner", "ana", "--auth", "private_key_jwt"), "its keys cannot be used"),
        (("--owner", "ana", "--auth", "tls_client_auth"), "needs the certificate's name"),
        (("--owner", "ana", "--auth", "none"), "none"),
        ((), "missing option `--owner`"),
    ],
)
def test_mistakes_are_told_with_a_next_step(yett, words, said):
    """Exit code 2, one line, a hint, and nothing made."""
    done = yett("service", "add", "billing", *words, code=2)
    assert said in done.stderr
    assert "hint: " in done.stderr
    assert yett("service", "list").stdout == ""


def test_an_owner_is_not_disabled(yett, accounts):
    """A disabled person cannot answer for anything, from the start or later."""
    identifier, secret = made(yett, "--role", "clerk")
    with opened(accounts) as server:
        server.store.write(
            lambda tx: change_user(tx, find_login(tx, "ana"), status="disabled", now=time.time())
        )
    yett("service", "add", "more", "--owner", "ana", code=2)
    assert acts(accounts, identifier, secret) == "unauthorized_client"
    assert "there is no user" in yett("service", "owner", identifier, "ben", code=2).stderr


def test_keys_instead_of_a_secret(yett, accounts, tmp_path):
    """With `--jwks` the service proves itself by its own key, and nothing secret is printed."""
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"keys": [ec_jwk(KEY, "k1", alg="ES256")]}))
    words = ("--owner", "ana", "--role", "clerk", "--auth", "private_key_jwt", "--jwks", str(path))
    identifier = yett("service", "add", "billing", *words).stdout.strip()
    assert identifier.startswith("s_")
    with opened(accounts) as server:
        now = time.time()
        form = {"grant_type": "client_credentials", **assertion(server, identifier, now=now)}
        answer = token(server, Ask(method="POST", path="/token", now=now, form=form))
        assert json.loads(answer.body)["scope"] == "orders:read"
    assert "no secret" in yett("service", "rotate", identifier, code=2).stderr
    path.write_text("{")
    assert "no JWK set" in yett("service", "rotate", identifier, "--jwks", str(path), code=2).stderr


def test_an_application_is_not_a_service(yett):
    """Each command takes its own kind, and says where the other is."""
    identifier, _ = made(yett)
    for command in ("rotate", "disable", "enable"):
        said = yett("client", command, identifier, code=2).stderr
        assert f"`{identifier}` is not an application" in said
        assert "yett service list" in said
    assert "there is no client" in yett("service", "disable", "s_nobody", code=2).stderr


def test_what_was_done_is_recorded_with_who_did_it(yett, accounts):
    """Each change leaves a notice with the operator's name."""
    identifier, _ = made(yett)
    yett("service", "rotate", identifier)
    yett("service", "owner", identifier, "ana")
    yett("service", "disable", identifier)
    with opened(accounts) as server, server.store.read() as tx:
        events = [event for _, event in untold(tx) if event.client == identifier]
    assert [event.kind for event in events] == [
        "client-added",
        "client-secret-rotated",
        "client-owner-changed",
        "client-disabled",
    ]
    assert all(event.principal.startswith("cli:") for event in events)


def test_names_from_elsewhere_cannot_write_to_the_terminal(yett):
    """A name with control characters is refused."""
    done = yett("service", "add", "a\x1b[2Jb", "--owner", "ana", code=2)
    assert "printable name" in done.stderr
