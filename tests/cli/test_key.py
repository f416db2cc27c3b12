"""The life of an API key by the command line, with the gate's view reading along."""

from __future__ import annotations

import hashlib
import json
import re
import ssl
import stat
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor

import pytest
import trustme
from click.testing import CliRunner

from yett.cli import key as key_module
from yett.cli.__main__ import main
from yett.contract.config import ApiConfig, Config, IdentityConfig
from yett.credentials.verifier import Verified
from yett.problems import CREDENTIAL_EXPIRED, CREDENTIAL_REVOKED
from yett.state.accounts import AccountStore
from yett.state.accounts.activity import note_uses
from yett.state.memory import MemoryView

TOML = """
[identity]
keys = "keys.json"
[vocabulary.scopes]
"bookings:read" = "see own bookings"
[vocabulary.roles]
customer = ["bookings:read"]
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "yett.toml").write_text(TOML)
    return tmp_path


@pytest.fixture
def run(folder):
    def go(*words, code=0):
        done = CliRunner().invoke(main, ["-C", str(folder), "key", *words], standalone_mode=True)
        assert done.exit_code == code, done.output
        return done

    return go


@pytest.fixture
def view(folder, run):
    run("issue", "--owner", "first")
    config = Config(
        api={"a": ApiConfig(upstream="http://127.0.0.1:1")},
        identity=IdentityConfig(keys="keys.json"),
    )
    return MemoryView.from_config(config, folder)


def test_the_life_of_a_key(run, view, folder):
    """Issued, accepted, rotated with overlap, revoked: a running gate follows each step."""
    key = run("issue", "--owner", "ana", "--scope", "bookings:read").stdout.strip()
    now = time.time()
    view.reload_files()
    first = view.verify("api_key", key.encode(), now)
    assert isinstance(first, Verified)
    assert (first.principal.id, first.principal.scopes) == ("ana", {"bookings:read"})
    id_ = first.principal.credential
    successor = run("rotate", id_, "--overlap", "2").stdout.strip()
    view.reload_files()
    second = view.verify("api_key", successor.encode(), now)
    assert second.principal.scopes == {"bookings:read"}
    assert isinstance(view.verify("api_key", key.encode(), now), Verified)
    assert view.verify("api_key", key.encode(), now + 3 * 86_400).kind is CREDENTIAL_EXPIRED
    run("revoke", second.principal.credential)
    view.reload_files()
    assert view.verify("api_key", successor.encode(), now).kind is CREDENTIAL_REVOKED
    states = {one["id"]: one["state"] for one in json.loads(run("list", "--format", "json").stdout)}
    assert states[second.principal.credential] == "revoked"
    assert states[id_] == "good"


def test_a_key_may_be_bound_to_a_certificate(run, view, folder):
    """The thumbprint of exactly one certificate is kept, and a successor has it, too."""
    chain = trustme.CA().issue_cert("svc.example").cert_chain_pems
    pem = chain[0].bytes()
    (folder / "svc.pem").write_bytes(pem)
    key = run("issue", "--owner", "ana", "--certificate", str(folder / "svc.pem")).stdout.strip()
    view.reload_files()
    principal = view.verify("api_key", key.encode(), time.time()).principal
    der = ssl.PEM_cert_to_DER_cert(pem.decode())
    digest = urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()
    assert principal.binding == f"x5t:{digest}"
    successor = run("rotate", principal.credential).stdout.strip()
    view.reload_files()
    assert view.verify("api_key", successor.encode(), time.time()).principal.binding
    for wrong in (b"", b"no certificate", pem * 2):
        (folder / "svc.pem").write_bytes(wrong)
        done = run("issue", "--owner", "ana", "--certificate", str(folder / "svc.pem"), code=2)
        assert "not one certificate in PEM" in done.output


def test_a_key_that_is_revoked_meanwhile_is_not_rotated(run, folder, monkeypatch):
    """A rotation that has read the file before the revocation makes no successor."""
    key = json.loads(run("issue", "--owner", "ana", "--format", "json").stdout)
    whole = key_module.load_records

    def revoking(path):
        found = whole(path)
        run("revoke", key["id"])
        return found

    monkeypatch.setattr(key_module, "load_records", revoking)
    assert "is revoked" in run("rotate", key["id"], code=2).output
    monkeypatch.undo()
    assert len(json.loads(run("list", "--format", "json").stdout)) == 1


def test_the_key_is_shown_once_and_kept_nowhere(run, folder):
    """Standard output has the key alone; file and lists have neither key nor, in lists, digest."""
    done = run("issue", "--owner", "ana")
    key = done.stdout.strip()
    assert re.fullmatch(r"yett_live_key_[0-9A-Za-z]{8}_[0-9A-Za-z]{38}", key)
    secret = key[-38:]
    path = folder / "keys.json"
    assert secret not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    listed = run("list").stdout + run("list", "--format", "json").stdout
    assert secret not in listed
    assert json.loads(path.read_text())["keys"][0]["digest"] not in listed


def test_json_carries_the_key_and_its_record(run):
    """Programs get everything in one object."""
    words = ("--network", "10.0.0.0/8", "--role", "customer", "--env", "test", "--kind", "svc")
    made = json.loads(run("issue", "--owner", "ana", *words, "--format", "json").stdout)
    assert made["key"].startswith("yett_test_svc_" + made["id"])
    assert (made["networks"], made["roles"], made["state"]) == (
        ["10.0.0.0/8"],
        ["customer"],
        "good",
    )
    assert made["expires"] - made["created"] == 90 * 86_400


def test_a_key_may_start_later(run, view):
    """Until then it is waiting, and refused."""
    made = json.loads(run("issue", "--owner", "ana", "--start-in", "2", "--format", "json").stdout)
    assert made["state"] == "waiting"
    view.reload_files()
    assert not isinstance(view.verify("api_key", made["key"].encode(), time.time()), Verified)
    later = time.time() + 3 * 86_400
    assert isinstance(view.verify("api_key", made["key"].encode(), later), Verified)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("issue", "--owner", "a", "--scope", "bokings:read"), "did you mean `bookings:read`?"),
        (("issue", "--owner", "a", "--role", "admin"), "known: customer"),
        (("issue", "--owner", "a\nb"), "needs an owner, in printable characters"),
        (("issue", "--owner", "a", "--network", "10.0.0.1/8"), "a network that is not a CIDR"),
        (("issue", "--owner", "a", "--env", "Live"), "use a short lower-case word"),
        (("issue", "--owner", "a", "--days", "0"), "0 is not in the range"),
        (("issue",), "missing option `--owner`"),
        (("rotate", "nobody"), "there is no key `nobody`"),
        (("revoke", "nobody"), "there is no key `nobody`"),
    ],
)
def test_mistakes_are_explained_and_change_nothing(words, message, run, folder):
    """Exit code 2, a message with a next step, and the file is as before."""
    assert message in run(*words, code=2).output
    assert not (folder / "keys.json").exists()


def test_a_revoked_key_is_not_rotated(run):
    """Its successor would inherit what was taken away."""
    id_ = json.loads(run("issue", "--owner", "a", "--format", "json").stdout)["id"]
    run("revoke", id_)
    assert "is revoked" in run("rotate", id_, code=2).output


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        (None, "no such file"),
        ("", "no file of API keys is named"),
        ("[identity]\nkeys = 5", "no file of API keys is named"),
        ("identity = 5", "`identity` is no table"),
        ('[identity]\nkeys = "k"\n[vocabulary]\nroles = 5', "lists no scopes or no roles"),
        ("[", "`yett check` says more"),
    ],
)
def test_without_a_place_for_keys_it_says_so(toml, message, run, folder):
    """The hint says what to write where."""
    if toml is None:
        (folder / "yett.toml").unlink()
    else:
        (folder / "yett.toml").write_text(toml)
    assert message in run("list", code=2).output


def test_a_broken_file_of_keys_is_not_overwritten(run, folder):
    """A change needs a file that can be read."""
    (folder / "keys.json").write_text("{")
    assert "is not a file of API keys" in run("issue", "--owner", "a", code=2).output
    assert (folder / "keys.json").read_text() == "{"


def test_commands_at_once_lose_nothing(folder):
    """Eight processes that issue at the same time leave eight keys."""
    command = [sys.executable, "-m", "yett.cli", "-C", str(folder), "key", "issue", "--owner"]
    command[2] = "yett.cli.__main__"
    with ThreadPoolExecutor(4) as pool:
        done = list(
            pool.map(
                lambda n: subprocess.run([*command, f"o{n}"], check=True, capture_output=True),
                range(8),
            )
        )
    assert len({one.stdout for one in done}) == 8
    assert len(json.loads((folder / "keys.json").read_text())["keys"]) == 8


@pytest.mark.parametrize("command", ["issue", "rotate", "revoke", "list"])
def test_every_command_has_an_example(command, run):
    """`--help` shows how it is used."""
    assert "Example: yett key " + command in run(command, "--help").output


def test_a_key_s_last_use_is_listed(folder, run):
    """Where the gate wrote it down; a store that is broken costs the list nothing else."""
    run("issue", "--owner", "ana")
    (key,) = json.loads(run("list", "--format", "json").stdout)
    assert key["used"] is None
    assert "not used" in run("list").stdout
    assert not (folder / "var").exists()
    store = AccountStore("sqlite:///var/yett.db", folder)
    store.prepare()
    store.write(lambda tx: note_uses(tx, {("key", key["id"]): 1_800_000_000.0}))
    store.close()
    assert "used 2027-01-15" in run("list").stdout
    for path in (folder / "var").iterdir():
        path.unlink()
    (folder / "var" / "yett.db").write_bytes(b"broken" * 1000)
    broken = run("list")
    assert "not known" in broken.stderr
    assert key["id"] in broken.stdout
