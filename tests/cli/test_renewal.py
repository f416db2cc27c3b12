"""Files of the listeners while the gate runs: who is told what, and when it is said."""

from __future__ import annotations

import json
import time
from types import SimpleNamespace

import pytest
from kit.authority import DAY, SERVER, Authority

from yett.cli.journal import Journal
from yett.cli.renewal import Renewal
from yett.contract.config import TlsConfig
from yett.wire.tls import Tls

CA = Authority()
CONFIG = TlsConfig(cert="cert.pem", key="key.pem", client_ca="ca.pem", crl="crl.pem")


class Scene:
    """A renewal with one worker that keeps what it is told."""

    def __init__(self, folder, tls):
        self.folder, self.tls = folder, tls
        self.told, self.recorded = [], []
        child = SimpleNamespace(channel=SimpleNamespace(send=self.told.append))
        self.renewal = Renewal(
            SimpleNamespace(workers=lambda: (child,)),
            SimpleNamespace(tls=tls),
            Journal("json"),
            lambda kind, note: self.recorded.append((kind, note)),
        )

    def look(self):
        """Look as if the time for it had come, twice: a change must be the same for two looks."""
        for _ in range(2):
            self.renewal._next_look = 0.0
            self.renewal.tick()


@pytest.fixture
def scene(tmp_path):
    CA.server().put(tmp_path)
    (tmp_path / "ca.pem").write_bytes(CA.pem)
    (tmp_path / "crl.pem").write_bytes(CA.revoke())
    return Scene(tmp_path, Tls(CONFIG, tmp_path, time.time()))


def said(capfd):
    return [json.loads(line) for line in capfd.readouterr().err.splitlines()]


def test_nothing_new_is_nothing_said(scene, capfd):
    """Looking costs nobody anything."""
    scene.look()
    assert (scene.told, scene.recorded, said(capfd)) == ([], [], [])


def test_a_new_list_reaches_the_workers(scene, capfd):
    """It is taken here, for workers yet to come, and there."""
    leaf = CA.issue()
    (scene.folder / "crl.pem").write_bytes(CA.revoke(leaf))
    scene.look()
    assert scene.told == [{"do": "certificate"}]
    assert len(scene.tls.trust.revoked.serials) == 1
    assert scene.recorded == [("certificate", "localhost")]
    assert said(capfd)[0]["event"] == "certificate"


def test_looks_are_spaced(scene):
    """Two in a row are one: a file is not read while it is written."""
    (scene.folder / "crl.pem").write_bytes(CA.revoke(CA.issue()))
    scene.renewal.tick()
    scene.renewal.tick()
    assert scene.told == []


def test_what_is_broken_is_said_and_not_taken(scene, capfd):
    """The workers are not troubled; what was there stays in force."""
    (scene.folder / "crl.pem").write_bytes(b"junk")
    before = scene.tls.trust
    scene.look()
    assert (scene.told, scene.tls.trust) == ([], before)
    (kind, note), *_ = scene.recorded
    assert kind == "certificate-refused"
    assert "crl.pem: the file holds no revocation list" in note
    assert said(capfd)[0]["hint"]


def test_what_is_good_of_it_is_taken(scene):
    """A revocation beside a pair that does not fit reaches the workers."""
    (scene.folder / "key.pem").write_bytes(CA.issue(usage=SERVER).key_pem)
    (scene.folder / "crl.pem").write_bytes(CA.revoke(CA.issue()))
    scene.look()
    assert scene.told == [{"do": "certificate"}]
    assert scene.recorded[0][0] == "certificate-refused"


def test_a_hangup_reads_again(scene):
    """Whatever the files look like."""
    scene.renewal.hang_up()
    assert scene.told == [{"do": "certificate"}]
    scene.look()
    assert len(scene.told) == 1


def test_a_list_that_is_due_and_one_that_is_over_are_said_once(scene, capfd, monkeypatch):
    """Before clients are refused, and when they are."""
    ends = scene.tls.trust.revoked.ends
    for now in (ends - 90_000, ends - 10, ends - 9, ends + 1, ends + 2):
        monkeypatch.setattr("yett.cli.renewal.time.time", lambda now=now: now)
        scene.look()
    assert [kind for kind, _ in scene.recorded] == ["crl-due", "crl-over"]
    rows = said(capfd)
    assert [row["event"] for row in rows] == ["crl-due", "crl-over"]
    assert rows[0]["authority"] == "CN=Test CA"
    monkeypatch.undo()
    (scene.folder / "crl.pem").write_bytes(CA.revoke(begins=-DAY, ends=DAY / 24))
    scene.look()
    assert [kind for kind, _ in scene.recorded[2:]] == ["certificate", "crl-due"]


def test_a_plain_gate_has_nothing_to_renew(tmp_path):
    """Without TLS no file is looked at."""
    scene = Scene(tmp_path, None)
    scene.look()
    scene.renewal.hang_up()
    assert (scene.told, scene.recorded) == ([], [])
