"""What a reload does at each turn: checked first, taken whole, everybody brought along."""

from __future__ import annotations

import time

import pytest
import trustme
from msgspec.structs import replace

from yett.cli.journal import Journal
from yett.cli.operate import Operator, check, needs_restart
from yett.cli.worker import Setup, load_view
from yett.contract.config import ApiConfig, Config, GatewayConfig, StoreConfig, TlsConfig
from yett.contract.identity_settings import BuiltinConfig, IdentityConfig
from yett.gate.reload import prepare
from yett.wire.tls import Tls


class Line:
    """A line that keeps what was sent."""

    def __init__(self):
        self.sent = []
        self.closed = False

    def send(self, message):
        self.sent.append(message)
        return not self.closed


class Process:
    def __init__(self, role):
        self.role = role
        self.channel = Line()


class Processes:
    """A supervisor whose children do nothing by themselves."""

    def __init__(self, count):
        self.living = [Process(f"worker-{at}") for at in range(count)]
        self.checkers = []

    def workers(self):
        return tuple(self.living)

    def spawn(self, role, run):
        self.checkers.append((Process(role), run))
        return self.checkers[-1][0]


class Scene:
    def __init__(self, folder):
        self.folder = folder
        program = prepare(folder.path)
        self.setup = Setup(
            folder=folder.path,
            program=program,
            view=None,
            workers=2,
            tls=None,
            https_port=0,
            recorder=folder.path / "door",
            locks=-1,
            pseudonym="yett-test",
            introduction=b"",
            journal=Journal("json"),
        )
        self.setup.view = load_view(self.setup, program, None)
        self.processes = Processes(2)
        self.operator = Operator(self.processes, self.setup, Journal("json"), float("inf"))

    @property
    def first(self):
        return self.processes.living[0]

    @property
    def second(self):
        return self.processes.living[1]

    def check(self):
        """Let the last checker run to its end."""
        checker, run = self.processes.checkers[-1]
        verdict = Line()
        run(verdict)
        for message in verdict.sent:
            self.operator.heard(checker, message)
        self.operator.ended(checker)

    def told(self, child, do):
        return [message for message in child.channel.sent if message["do"] == do]


@pytest.fixture
def scene(folder, capfd):
    return Scene(folder)


def test_a_good_contract_goes_to_one_worker_after_the_other(scene):
    """The second worker is told when the first has swapped; new workers get it from the start."""
    scene.folder.declare("/items", "/new")
    scene.operator.hang_up()
    scene.check()
    digest = scene.setup.program.policy.digest
    assert scene.told(scene.first, "reload") == [{"do": "reload", "digest": digest}]
    assert scene.told(scene.second, "reload") == []
    scene.operator.heard(scene.first, {"swapped": digest, "seconds": 1.0})
    assert len(scene.told(scene.second, "reload")) == 1
    assert [m["kind"] for m in scene.told(scene.first, "record")] == ["reload"]


def test_a_broken_contract_changes_nothing(scene):
    """The running program stays, the reason is recorded, no worker compiles anything."""
    before = scene.setup.program
    scene.folder.write("openapi.json", "{")
    scene.operator.hang_up()
    scene.check()
    assert scene.setup.program is before
    (record,) = scene.first.channel.sent
    assert (record["do"], record["kind"]) == ("record", "reload-refused")
    assert "openapi.json" in record["note"]


def test_a_mended_contract_is_told(scene, capfd):
    """Files that mean what already runs swap nothing, and who mended them hears so."""
    scene.operator.heard(scene.first, {"kept": "the files moved"})
    scene.operator.tick()
    scene.check()
    assert scene.told(scene.second, "reload") == []
    assert '"event":"reload-same"' in capfd.readouterr().err.replace(": ", ":")


def test_a_broken_state_file_refuses_too(scene):
    """A contract whose key file is missing is not taken."""
    scene.folder.configure(more='[identity]\nkeys = "no-such-file.json"')
    scene.operator.hang_up()
    scene.check()
    assert [m["kind"] for m in scene.told(scene.first, "record")] == ["reload-refused"]


def test_a_check_that_is_killed_refuses(scene):
    """A checker that ends without a word, as when memory runs out, is a refusal."""
    scene.operator.hang_up()
    scene.operator.ended(scene.processes.checkers[-1][0])
    assert [m["note"] for m in scene.told(scene.first, "record")] == ["the check itself was killed"]


def test_a_bug_in_the_compiler_refuses(scene, monkeypatch):
    """An unexpected exception is a refusal with its type and place, not its text."""
    monkeypatch.setattr("yett.cli.operate.prepare", lambda _: {}["secret"])
    line = Line()
    assert check(scene.setup, line) == 3
    assert line.sent[0]["refused"][0].startswith("KeyError at test_operate.py:")


def test_a_worker_that_keeps_the_old_one_is_replaced(scene):
    """A worker that could not take the new contract drains; its replacement has it."""
    scene.operator.hang_up()
    scene.check()
    scene.operator.heard(scene.first, {"kept": "the files changed again"})
    assert len(scene.told(scene.first, "drain")) == 1
    assert len(scene.told(scene.second, "reload")) == 1


def test_a_worker_that_dies_while_it_swaps_does_not_hold_up_the_rest(scene):
    """The next worker is told when the one before has died."""
    scene.operator.hang_up()
    scene.check()
    scene.operator.ended(scene.first)
    assert len(scene.told(scene.second, "reload")) == 1


def test_one_check_at_a_time(scene):
    """A signal during a check leads to one more check after it, not to two at once."""
    scene.operator.hang_up()
    scene.operator.hang_up()
    assert len(scene.processes.checkers) == 1
    scene.check()
    scene.operator.heard(scene.first, {"swapped": "", "seconds": 1.0})
    scene.operator.heard(scene.second, {"swapped": "", "seconds": 1.0})
    scene.operator.tick()
    assert len(scene.processes.checkers) == 2


def test_a_file_that_changed_while_it_started_is_looked_at_again(scene):
    """What changed between reading the contract and watching it is not missed."""
    late = Operator(scene.processes, scene.setup, Journal("json"), 0.0)
    late.tick()
    assert len(scene.processes.checkers) == 1


def test_a_certificate_that_changed_while_it_started_is_taken(scene, tmp_path):
    """A pair that was replaced between its reading and the first look reaches the workers."""
    authority = trustme.CA()

    def install():
        leaf = authority.issue_cert("localhost")
        leaf.private_key_pem.write_to_path(tmp_path / "key.pem")
        leaf.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")

    install()
    config = TlsConfig(cert="cert.pem", key="key.pem")
    for replaced in (False, True):
        scene.setup.tls = Tls(config, tmp_path, time.time())
        if replaced:
            install()
        late = Operator(scene.processes, scene.setup, Journal("json"), float("inf"))
        late.tick()
        assert bool(scene.told(scene.first, "certificate")) is replaced
    late.tick()
    assert len(scene.told(scene.second, "certificate")) == 1


def test_what_needs_a_restart_is_named():
    """Settings that a reload cannot apply are told by name, others are not."""
    old = Config(api={"a": ApiConfig(upstream="http://127.0.0.1:1")})
    assert needs_restart(old, replace(old, rules={})) == ()
    new = replace(old, gateway=GatewayConfig(listen="127.0.0.1:1"), store=StoreConfig(ledger="x"))
    assert needs_restart(old, new) == ("gateway.listen", "store")
    issuer = BuiltinConfig(url="https://a.example/auth", audience="https://a.example")
    new = replace(old, identity=IdentityConfig(builtin=issuer))
    assert needs_restart(old, new) == ("identity.builtin.listen",), "its socket is bound at start"
