"""The token of a service account that records are read with, `[authz] read_as`: a file of one line.

Read again when it changes, so that a token may be rotated; never printed or logged. RFC 6750 s2.1.
"""

from __future__ import annotations

import re
from pathlib import Path

from yett.contract.config import AuthzConfig
from yett.state.errors import StateError
from yett.state.files import WatchedFile
from yett.terms import Secret

MAX_TOKEN_BYTES = 16 * 1024
CALLER = "caller"
_TOKEN = re.compile(rb"[A-Za-z0-9._~+/-]+=*")


def read_bearer(data: bytes) -> Secret:
    """Read the file's one token.

    Raises:
        StateError: there is none, or something that no `Authorization` field can carry.
    """
    token = data.strip()
    if len(token) > MAX_TOKEN_BYTES or _TOKEN.fullmatch(token) is None:
        raise StateError(
            "this is no bearer token",
            hint="the file holds the token of a service account and nothing else, on one line",
        )
    return Secret(token)


def watch_bearer(config: AuthzConfig, folder: Path) -> WatchedFile[Secret] | None:
    """Open the file that `[authz] read_as` names; None where the caller's own credential is used.

    Raises:
        StateError: it is missing or broken.
    """
    if config.read_as == CALLER:
        return None
    return WatchedFile(folder / config.read_as, read_bearer)
