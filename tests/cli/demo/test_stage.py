from __future__ import annotations

import socket
import sys

import pytest

from yett.cli.demo import stage
from yett.cli.demo.stage import StageError


def test_the_portal_is_found_in_the_checkout():
    """The sample lies beside the sources."""
    assert (stage.find_portal() / "portal/app.py").is_file()


def test_outside_a_checkout_it_says_where_to_get_it(monkeypatch, tmp_path):
    """An installed yett has no portal, and says so."""
    monkeypatch.setattr(stage.yett, "__file__", str(tmp_path / "lib/yett/__init__.py"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StageError) as error:
        stage.find_portal()
    assert error.value.hint == "clone the repository and run `python3 dev.py demo` in it"


def test_the_copied_contract_differs_in_its_ports(tmp_path):
    """Only addresses are rewritten, and the original is not touched."""
    portal = stage.find_portal()
    before = (portal / "contract/yett.toml").read_text()
    copy = stage._write_contract(portal, tmp_path, 4711, 4712)
    changed = [
        line
        for line, was in zip(
            (copy / "yett.toml").read_text().splitlines(), before.splitlines(), strict=True
        )
        if line != was
    ]
    *same, listen = changed
    assert same == [
        'upstream = "http://127.0.0.1:4711"',
        'url      = "http://localhost:4712/auth"',
        'audience = "http://localhost:4712"',
    ]
    assert listen.startswith('listen   = "127.0.0.1:')
    assert (portal / "contract/yett.toml").read_text() == before


def test_a_changed_sample_is_named(tmp_path):
    """A yett.toml without the two addresses cannot be rewritten, which is said."""
    portal = tmp_path / "portal"
    (portal / "contract").mkdir(parents=True)
    (portal / "contract/yett.toml").write_text('[api.portal]\nupstream = "http://elsewhere"\n')
    with pytest.raises(StageError, match="was changed"):
        stage._write_contract(portal, tmp_path / "out", 1, 2)


def test_a_process_that_ends_at_once_is_reported_with_its_last_words(tmp_path):
    """What the process said last is the message."""
    (tmp_path / "dying.py").write_text("import sys; print('no module named x'); sys.exit(1)\n")
    running = stage._start("portal", ["dying"], 1, tmp_path, {"PYTHONPATH": str(tmp_path)})
    with pytest.raises(StageError, match="the portal did not start: no module named x"):
        stage._await(running)
    stage._stop([running])


def test_what_was_started_is_ended(tmp_path):
    """Nothing is left behind, not even what ignores SIGTERM."""
    (tmp_path / "stubborn.py").write_text(
        "import signal, socket, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "s = socket.create_server(('127.0.0.1', int(sys.argv[1])))\n"
        "time.sleep(60)\n"
    )
    port = stage.free_port()
    running = stage._start(
        "gate", ["stubborn", str(port)], port, tmp_path, {"PYTHONPATH": str(tmp_path)}
    )
    stage._await(running)
    stage.STOP_SECONDS, kept = 0.2, stage.STOP_SECONDS
    try:
        stage._stop([running])
    finally:
        stage.STOP_SECONDS = kept
    assert running.process.poll() is not None


def test_free_ports_are_free():
    """A port that was given can be listened on."""
    with socket.create_server(("127.0.0.1", stage.free_port())):
        pass


def test_yett_runs_with_this_interpreter(tmp_path, monkeypatch):
    """Commands run on the demo's contract, with the same Python."""
    seen = []
    monkeypatch.setattr(stage.subprocess, "run", lambda command, **_: seen.append(command))
    stage.run_yett(tmp_path, "audit", "verify")
    assert seen == [[sys.executable, "-m", "yett.cli", "-C", str(tmp_path), "audit", "verify"]]
