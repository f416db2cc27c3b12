from __future__ import annotations

import os
import socket

import pytest

from yett.records import door
from yett.records.errors import LedgerError


def test_socket_and_folder_are_private(home):
    """The socket has mode 0600 in a folder of mode 0700, made when absent."""
    path = home / "run" / "r.sock"
    with door.listen(path):
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o755, 0o777, 0o710])
def test_folder_that_others_enter_is_refused(home, mode):
    """A socket in a folder that others may enter is refused before it exists."""
    folder = home / "run"
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(LedgerError, match="not private"):
        door.listen(folder / "r.sock")
    assert not (folder / "r.sock").exists()


def test_dead_recorders_socket_is_taken_over(home):
    """A socket left by a recorder that was killed is no obstacle."""
    path = home / "r.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(os.fspath(path))
    with door.listen(path), socket.socket(socket.AF_UNIX) as client:
        client.connect(os.fspath(path))


def test_living_recorders_socket_is_not(home):
    """A second recorder does not push a first one aside."""
    path = home / "r.sock"
    with door.listen(path), pytest.raises(LedgerError, match="another recorder listens here"):
        door.listen(path)


def test_other_file_is_not_removed(home):
    """What is no socket is never unlinked."""
    path = home / "r.sock"
    path.write_text("precious")
    with pytest.raises(LedgerError, match="no socket"):
        door.listen(path)
    assert path.read_text() == "precious"


def test_long_path_is_named(home):
    """A path longer than the system's limit is a named error with a next step."""
    with pytest.raises(LedgerError, match="longer than 107 bytes") as caught:
        door.listen(home / ("x" * 110))
    assert caught.value.hint


def test_peer_uid_is_the_kernels_word(home):
    """The peer's uid comes from the kernel."""
    path = home / "r.sock"
    with door.listen(path) as listener, socket.socket(socket.AF_UNIX) as client:
        client.connect(os.fspath(path))
        connection, _ = listener.accept()
        with connection:
            assert door.peer_uid(connection) == os.geteuid()
            assert door.peer_uid(client) == os.geteuid()
