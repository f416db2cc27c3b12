"""The recorder's door: a unix socket that only this user's processes can use.

The socket lies in a private folder with mode 0600, and each peer's uid is asked of the kernel
(SO_PEERCRED): anybody who could write here could write history. Never reads what comes in.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import struct
from pathlib import Path

from yett.records.errors import LedgerError
from yett.records.segment import unusable

# sun_path of sockaddr_un holds 108 bytes with its final zero (unix(7)).
MAX_SOCKET_PATH_BYTES = 107
BACKLOG = 128

_CREDENTIALS = struct.Struct("iII")


def listen(path: Path) -> socket.socket:
    """Listen at `path`, taking the place of a dead recorder but never of a living one.

    Raises:
        LedgerError: when the place is taken, unsafe or not usable.
    """
    if len(os.fsencode(path)) > MAX_SOCKET_PATH_BYTES:
        raise LedgerError(
            "the path of the recorder's socket is longer than 107 bytes",
            path=str(path),
            hint="choose a shorter runtime folder",
        )
    _prepare(path.parent)
    try:
        _clear(path)
        return _bind(path)
    except OSError as error:
        raise unusable(error, path) from error


def _prepare(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
    except OSError as error:
        raise unusable(error, folder) from error
    if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise LedgerError(
            "the folder of the recorder's socket is not private",
            path=str(folder),
            hint=f"chown it to the user of yett, and chmod 700 {folder}",
        )


def _clear(path: Path) -> None:
    try:
        found = path.stat(follow_symlinks=False)
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise LedgerError("this is no socket", path=str(path), hint="choose another path")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(os.fspath(path))
        except (ConnectionRefusedError, FileNotFoundError):
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
            return
    raise LedgerError(
        "another recorder listens here", path=str(path), hint="stop it, or choose another path"
    )


def _bind(path: Path) -> socket.socket:
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # Between bind and chmod the private folder keeps others out.
        door.bind(os.fspath(path))
        path.chmod(0o600)
        door.listen(BACKLOG)
        door.setblocking(False)
    except OSError:
        door.close()
        raise
    return door


def peer_uid(connection: socket.socket) -> int:
    """Return the uid of the process that connected, as the kernel noted it then."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return int(_CREDENTIALS.unpack(raw)[1])
