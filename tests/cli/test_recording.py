"""The recorder as a child: private, reachable, and heard when it cannot start."""

from __future__ import annotations

import json
import logging
import socket
import threading

import pytest

from yett.cli.children import Channel
from yett.cli.journal import Journal
from yett.cli.recording import reachable, run_recorder, runtime_folder, speak_through


def test_the_runtime_folder_is_private(tmp_path, monkeypatch):
    """The folder of the recorder's socket is ours alone, below systemd's when it gives one."""
    monkeypatch.setenv("RUNTIME_DIRECTORY", f"{tmp_path}:/elsewhere")
    folder = runtime_folder()
    assert folder.parent == tmp_path
    assert folder.stat().st_mode & 0o077 == 0


def test_reachable_is_asked_of_the_socket(tmp_path):
    """A path without a listener is not reachable, one with a listener is."""
    door = tmp_path / "door"
    assert not reachable(door)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(door))
        listener.listen()
        assert reachable(door)
    assert not reachable(door)


def test_why_it_cannot_record_is_told(tmp_path, capfd):
    """An unusable ledger is said to the supervisor with a hint, and to the log."""
    (tmp_path / "ledger").write_text("a file, no folder")
    tmp_path.chmod(0o700)
    parent, child = (
        Channel(end) for end in socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    )
    before = logging.getLogger().handlers[:]
    try:
        code = run_recorder(tmp_path / "ledger", tmp_path / "door", Journal("json"), child)
    finally:
        logging.getLogger().handlers[:] = before
    said = parent.receive()
    parent.close()
    child.close()
    assert code == said["code"] == 3
    assert "ledger" in said["failed"]
    assert said["hint"]
    row = json.loads(capfd.readouterr().err)
    assert (row["event"], row["role"]) == ("recorder-failed", "recorder")


@pytest.fixture
def quiet_logging():
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    root.handlers[:] = before
    root.setLevel(level)


def test_library_warnings_become_lines(quiet_logging, capfd):
    """A warning of a library is a lifecycle line without its traceback."""
    speak_through(Journal("json"))
    try:
        raise ValueError("token=abc")  # noqa: TRY301 — a traceback to be left out
    except ValueError:
        logging.getLogger("some.library").exception(
            "it failed in %s", threading.current_thread().name
        )
    logging.getLogger("some.library").info("chatter")
    (line,) = capfd.readouterr().err.splitlines()
    row = json.loads(line)
    assert (row["level"], row["message"]) == ("error", "it failed in MainThread")
    assert "abc" not in line
